"""How every form renders: plain ``{{ form }}`` and ``{{ field.as_field_group }}`` give the design system."""

from typing import Any

from django.forms import BoundField, CheckboxInput, Widget
from django.forms.renderers import TemplatesSetting


class Field(BoundField):
    """A field on a page; knows where its error link leads and that its error is read before its support text."""

    @property
    def aria_describedby(self) -> str | None:
        if self.field.widget.attrs.get("aria-describedby") or not self.auto_id or self.is_hidden:
            return None
        parts = [f"{self.auto_id}_error"] if self.errors else []
        if self.help_text:
            parts.append(f"{self.auto_id}_helptext")
        return " ".join(parts) or None

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        """No placeholder, whoever wrote one: it is gone as soon as one types. Labels and support texts stay."""
        return super().build_widget_attrs({"placeholder": False, **attrs}, widget)

    @property
    def is_tick(self) -> bool:
        """One box to tick, whose label stands beside it."""
        return isinstance(self.field.widget, CheckboxInput)

    @property
    def first_id(self) -> str:
        """The id of the first control, for links to the field: a group's own label has no control to point to."""
        return self.id_for_label or f"{self.auto_id}_0"


class Renderer(TemplatesSetting):
    form_template_name = "components/form.html"
    formset_template_name = "components/formset.html"
    field_template_name = "components/field.html"
    bound_field_class = Field
