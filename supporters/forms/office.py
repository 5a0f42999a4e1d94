"""What coordinators type about supporters."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.models import Course
from programme.widgets import DateField
from supporters.fields import PhoneField
from supporters.models import Supporter
from supporters.services import Guardian


class FilterForm(forms.Form):
    q = forms.CharField(label=_("名前・ふりがな"), required=False, max_length=100)
    status = forms.ChoiceField(label=_("状態"), choices=[("", _("すべて")), *Supporter.Status.choices], required=False)


class FlagsForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no argument when it runs
    class Meta:
        model = Supporter
        fields = ["is_lead", "may_be_paid", "is_promoter", "is_community"]


class TrainingForm(forms.Form):
    course = forms.ModelChoiceField(label=_("研修"), queryset=Course.objects.all(), empty_label=None)
    on = DateField(label=_("修了日"))

    def clean_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError(_("今日までの日付を入力してください。"), code="future")
        return day


class GuardianForm(forms.Form):
    """Whom to ask for a minor, or whose signed sheet has come."""

    name = forms.CharField(label=_("保護者のお名前"), max_length=100)
    email = forms.EmailField(label=_("保護者のメールアドレス"), max_length=254, required=False)
    phone = PhoneField(label=_("保護者の電話番号"), required=False, autocomplete="off")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("email") and not cleaned.get("phone"):
            self.add_error("email", _("メールアドレスか電話番号を入力してください。"))
        return cleaned

    def guardian(self) -> Guardian:
        return Guardian(**self.cleaned_data)
