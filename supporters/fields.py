"""Form fields of their own: what one can teach, at which level; a phone number."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.utils.translation import gettext_lazy as _

from notifications.phones import e164
from programme.geo import to_metres
from programme.map import Site, draw
from programme.models import Topic
from programme.widgets import topic_tile

# The level, its name, and what it means whatever the topic.
LEVELS = (
    (1, _("基本"), _("はじめの使いかたを一から")),
    (2, _("活用"), _("いろいろな機能やアプリまで")),
    (3, _("高度"), _("引き継ぎや役所の手続きまで")),
)


class TopicLevels(forms.Widget):
    """A tile for each topic: one tap takes it, at the first level; a tile that was taken shows the three.

    Value: {topic's code: level}. ``topics`` are the tiles; the form sets them.
    """

    template_name = "supporters/widgets/topic_levels.html"
    use_fieldset = True
    topics: list[Topic]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        known = {code: str(level) for code, level in (value or {}).items()}
        context["widget"]["tiles"] = [
            {
                "topic": topic,
                "label": topic_tile(topic),
                "taken": topic.pk in known,
                "levels": [(level, *words, str(level) == known.get(topic.pk, "1")) for level, *words in LEVELS],
            }
            for topic in self.topics
        ]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        taken = set(data.getlist(name))
        return {topic.pk: data.get(f"{name}-{topic.pk}", "1") for topic in self.topics if topic.pk in taken}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class DistrictMap(forms.CheckboxSelectMultiple):
    """Districts as tiles to tick and, with a script, as a sketch to tap; the tiles say and do all that the map does."""

    template_name = "supporters/widgets/district_map.html"

    @property
    def media(self) -> forms.Media:
        return forms.Media(
            css={"all": ["programme/map.css", "supporters/district_map.css"]},
            js=[Script("supporters/district_map.js", type="module")],  # type: ignore[list-item]  # the stubs know no Script
        )

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, {"class": "columns short", **(attrs or {})})
        options = [option for _group, group, _index in context["widget"]["optgroups"] for option in group]
        districts = [option["value"].instance for option in options]
        if districts:
            sites = (Site(str(it), *to_metres(it.latitude, it.longitude)) for it in districts)
            context["map"] = drawn = draw(tuple(sites))
            context["marks"] = list(zip(options, drawn.districts, strict=True))
        return context


class SkillsField(forms.Field):
    """Gives {topic: level 1 to 3} for what somebody can teach. Not required: topics left alone are not taught."""

    widget = TopicLevels
    default_error_messages = {"invalid": _("一覧から選び直してください。")}

    def offer(self, topics: list[Topic]) -> None:
        """Let people choose among ``topics``."""
        self.topics = topics
        widget: Any = self.widget
        widget.topics = topics

    def to_python(self, value: Any) -> dict[Topic, int]:
        levels = {str(level): level for level, *_words in LEVELS}
        chosen = {topic: levels.get(value[topic.pk]) for topic in self.topics if topic.pk in value}
        if None in chosen.values():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return {topic: level for topic, level in chosen.items() if level}

    def say(self, value: dict[Topic, int]) -> str:
        """A line for each topic."""
        names = {level: name for level, name, _meaning in LEVELS}
        return "\n".join(f"{topic}: {names[level]}" for topic, level in value.items())


class PhoneField(forms.CharField):
    """A Japanese phone number in any typed form, kept as typed."""

    def __init__(self, *, autocomplete: str = "tel", **options: Any) -> None:
        widget = forms.TextInput(attrs={"type": "tel", "autocomplete": autocomplete})
        super().__init__(max_length=40, widget=widget, **options)

    def clean(self, value: Any) -> str:
        typed: str = super().clean(value)
        e164(typed)
        return typed
