"""The public's form: which slot, who, and how to reach them."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consult.reserving import Slot, Wish
from programme.models import Topic
from programme.models.kept import kept_rows
from programme.widgets import MailField
from programme.wording import say_day, say_time


class ReservationForm(forms.Form):
    """``slots``: those of the desk to come; a full one is left out. ``homepage`` is a trap: only robots see it."""

    form_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    slot = forms.ChoiceField(
        label=_("いつ来ますか"),
        widget=forms.RadioSelect(attrs={"class": "columns"}),
        error_messages={
            "required": _("日と時間を選んでください。"),
            "invalid_choice": _("その時間は、もう予約できません。ほかの時間を選んでください。"),
        },
    )
    name = forms.CharField(label=_("お名前"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = MailField(
        label=_("メールアドレス"),
        required=False,
        help_text=_("メールアドレスか電話番号の、どちらか1つを入力してください。日時が変わるときにお知らせします。"),
    )
    phone = forms.CharField(
        label=_("電話番号"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    topic = forms.ChoiceField(
        label=_("何の相談ですか"), required=False, widget=forms.RadioSelect(attrs={"class": "columns"})
    )
    homepage = forms.CharField(
        label=_("この欄には何も書かないでください"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, slots: Sequence[Slot], **options: Any) -> None:
        super().__init__(*args, **options)
        self.slots = {slot.key: slot for slot in slots if slot.free}
        days: dict[str, list[tuple[str, str]]] = {}
        for slot in self.slots.values():
            days.setdefault(say_day(slot.opening.date), []).append((slot.key, say_time(slot.starts_at)))
        self.fields["slot"].choices = list(days.items())  # type: ignore[attr-defined]
        self.topics = {topic.pk: topic for topic in kept_rows(Topic.objects.filter(active=True, in_scope=True))}
        choices = [(topic.pk, str(topic)) for topic in self.topics.values()]
        self.fields["topic"].choices = choices  # type: ignore[attr-defined]

    def clean_homepage(self) -> str:
        if self.cleaned_data["homepage"]:
            raise ValidationError(_("この欄は空のままにして、もう一度送ってください。"))
        return ""

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if phone and not any(sign.isdigit() for sign in phone):
            raise ValidationError(_("電話番号を数字で入力してください(例 027-000-0000)。"))
        return phone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (data.get("email") or data.get("phone") or "email" in self.errors or "phone" in self.errors):
            self.add_error("email", _("メールアドレスか電話番号の、どちらか1つを入力してください。"))
        return data

    def wish(self) -> Wish:
        """After ``is_valid``."""
        data = self.cleaned_data
        slot = self.slots[data["slot"]]
        return Wish(
            form_id=data["form_id"],
            opening=slot.opening,
            offset=slot.offset,
            name=data["name"],
            email=data["email"],
            phone=data["phone"],
            topic=self.topics.get(data["topic"]),
        )
