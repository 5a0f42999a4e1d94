"""The coordinator's forms of the rota: move a date, choose dates, standing teams, look for people."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.opening_days import WEEKS, OpeningDays
from programme.models import Closure, ClosureCalendar, Venue
from programme.widgets import WEEKDAYS, DateField, TimeField

ALTHOUGH_CLOSED = _("休館日でも開く(会場の了解をもらいました)")


class MoveForm(forms.Form):
    """Where an opening goes, and why."""

    date = DateField(label=_("新しい日"))
    opens = TimeField(label=_("開始"), first=dt.time(8), last=dt.time(21), step=15)
    closes = TimeField(label=_("終了"), first=dt.time(8), last=dt.time(22), step=15)
    reason = forms.CharField(
        label=_("変更の理由"),
        max_length=200,
        help_text=_("担当のサポーターと、予約した方へのお知らせに書かれます。"),
        error_messages={"required": _("変更の理由を入力してください。")},
    )
    although_closed = forms.BooleanField(label=ALTHOUGH_CLOSED, required=False)
    although_booked = forms.BooleanField(label=_("入らなくなる予約を取り消して、日時を変える"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        opens, closes = data.get("opens"), data.get("closes")
        if opens and closes and closes <= opens:
            self.add_error("closes", _("終了は、開始より後の時刻にしてください。"))
        return data


class ReopenForm(forms.Form):
    """Whether a date that was called off is opened again on a day on which its venue is closed."""

    although_closed = forms.BooleanField(label=ALTHOUGH_CLOSED, required=False)


class TeamForm(forms.Form):
    """Which of a desk's days are a team's."""

    EVERY, WEEKLY, MONTHLY = "every", "weekly", "monthly"

    repeat = forms.ChoiceField(
        label=_("担当する日"),
        choices=[(EVERY, _("相談所が開く日すべて")), (WEEKLY, _("毎週")), (MONTHLY, _("毎月 第何週か"))],
        initial=MONTHLY,
        widget=forms.RadioSelect,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("曜日"),
        required=False,
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "taps"}),
    )
    weeks = forms.TypedMultipleChoiceField(
        label=_("第何週"),
        required=False,
        coerce=int,
        choices=list(WEEKS),
        help_text=_("「毎月 第何週か」を選んだときに選びます。"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "taps"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("repeat") in (self.WEEKLY, self.MONTHLY) and not data.get("weekdays"):
            self.add_error("weekdays", _("曜日を1つ以上選んでください。"))
        if data.get("repeat") == self.MONTHLY and not data.get("weeks"):
            self.add_error("weeks", _("第何週かを1つ以上選んでください。"))
        return data

    def rule(self) -> str:
        """The RRULE, "" for all of the desk's days; after ``is_valid``."""
        if self.cleaned_data["repeat"] == self.EVERY:
            return ""
        weeks = self.cleaned_data["weeks"] if self.cleaned_data["repeat"] == self.MONTHLY else []
        return OpeningDays(
            tuple(sorted(self.cleaned_data["weekdays"])), tuple(week for week, _name in WEEKS if week in weeks)
        ).rrule


class PeopleFilter(forms.Form):
    q = forms.CharField(label=_("名前・ふりがな"), required=False, max_length=50)


class ClosureForm(TeamForm):
    """Which halls are closed, on which days, and why."""

    where = forms.ChoiceField(label=_("休む会場"))
    first = DateField(label=_("最初の日"))
    last = DateField(
        label=_("最後の日"), required=False, help_text=_("くり返して休むときは、空けておくと、ずっと続きます。")
    )
    reason = forms.CharField(
        label=_("休む理由"),
        max_length=100,
        help_text=_("例 工事、臨時休館。市民のページと、お知らせに書かれます。"),
        error_messages={"required": _("休む理由を入力してください。")},
    )

    field_order = ["where", "first", "last", "repeat", "weekdays", "weeks", "reason"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        halls = Venue.objects.filter(active=True, kind=Venue.Kind.HALL, closures__isnull=False)
        self.calendars = {f"all-{one.pk}": one for one in ClosureCalendar.objects.order_by("pk")}
        self.halls = {f"hall-{one.pk}": one for one in halls.order_by("district__position", "name")}
        everywhere = [(key, _("すべての会場(%(calendar)s)") % {"calendar": one}) for key, one in self.calendars.items()]
        where, repeat = self.fields["where"], self.fields["repeat"]
        where.choices = [*everywhere, *((key, str(one)) for key, one in self.halls.items())]  # type: ignore[attr-defined]
        repeat.label, repeat.initial = _("休む日"), self.EVERY
        repeat.choices = [  # type: ignore[attr-defined]
            (self.EVERY, _("最初の日から最後の日まで、続けて")),
            (self.WEEKLY, _("その間の、毎週")),
            (self.MONTHLY, _("その間の、毎月 第何週か")),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last = data.get("first"), data.get("last")
        if first and first < timezone.localdate():
            self.add_error("first", _("今日からの日付を入力してください。"))
        if first and last and last < first:
            self.add_error("last", _("「最初の日」より後の日付を入力してください。"))
        if data.get("repeat") == self.EVERY and not last and "last" not in self.errors:
            self.add_error("last", _("最後の日を入力してください。1日だけ休むときは、最初の日と同じ日です。"))
        return data

    def closure(self) -> Closure:
        """The closure as it was typed, not saved; after ``is_valid``."""
        data = self.cleaned_data
        hall = self.halls.get(data["where"])
        return Closure(
            calendar_id=str(hall.closures_id) if hall else self.calendars[data["where"]].pk,
            venue=hall,
            rule=self.rule() or Closure.EVERY_DAY,
            first=data["first"],
            last=data["last"],
            reason=data["reason"].strip(),
        )
