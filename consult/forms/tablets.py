"""A hall's tablet: at which desk it stands and what people call it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from consult.models import Desk
from consult.models.devices import NAME_LENGTH


class TabletName(forms.Form):
    name = forms.CharField(
        label=_("端末の名前"),
        max_length=NAME_LENGTH,
        help_text=_("例 受付のタブレット"),
        error_messages={"required": _("端末の名前を入力してください。")},
    )


class NewTablet(TabletName):
    desk = forms.ModelChoiceField(
        label=_("相談所"),
        queryset=Desk.objects.filter(active=True).select_related("venue__district"),
        empty_label=_("選んでください"),
        error_messages={"required": _("相談所を選んでください。")},
    )
    field_order = ("desk", "name")
