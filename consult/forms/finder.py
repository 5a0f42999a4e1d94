"""The forms of the front page and the finder: where somebody lives, and when it suits."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.models import District
from programme.widgets import DateField


class DistrictForm(forms.Form):
    district = forms.ChoiceField(
        label=_("お住まいの地区"),
        required=False,
        error_messages={"invalid_choice": _("その地区はありません。一覧から選んでください。")},
    )

    def __init__(self, *args: Any, districts: Sequence[District], **options: Any) -> None:
        super().__init__(*args, **options)
        self.districts = {district.pk: district for district in districts}
        choices = [("", _("すべての地区")), *((code, str(district)) for code, district in self.districts.items())]
        self.fields["district"].choices = choices  # type: ignore[attr-defined]

    @property
    def chosen_district(self) -> District | None:
        """The chosen one; after ``is_valid``."""
        return self.districts.get(self.cleaned_data.get("district", ""))


class FinderForm(DistrictForm):
    TODAY, WEEK, NEXT_WEEK, MONTH = "today", "week", "next-week", "month"

    when = forms.ChoiceField(
        label=_("いつ"),
        required=False,
        choices=[
            ("", _("これから")),
            (TODAY, _("今日")),
            (WEEK, _("今週")),
            (NEXT_WEEK, _("来週")),
            (MONTH, _("今月")),
        ],
        error_messages={"invalid_choice": _("いつにするかを、一覧から選んでください。")},
    )
    date = DateField(
        label=_("日にち"), required=False, help_text=_("この日だけをさがします。「いつ」より、こちらを先に見ます。")
    )

    def clean_date(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["date"]
        if day and day < timezone.localdate():
            raise ValidationError(_("今日からの日付を入力してください。"))
        return day

    @property
    def names_a_day(self) -> bool:
        """Whether a date was typed, rightly or wrongly."""
        return "date" in self.errors or bool(self.cleaned_data.get("date"))

    def period(self) -> tuple[dt.date, dt.date] | None:
        """The first and the last day that are asked for; None when any will do. After ``is_valid``."""
        today, day = timezone.localdate(), self.cleaned_data.get("date")
        if day:
            return day, day
        sunday = today + dt.timedelta(days=6 - today.weekday())
        return {
            self.TODAY: (today, today),
            self.WEEK: (today, sunday),
            self.NEXT_WEEK: (sunday + dt.timedelta(days=1), sunday + dt.timedelta(days=7)),
            self.MONTH: (today, today + relativedelta(day=31)),
        }.get(self.cleaned_data.get("when", ""))
