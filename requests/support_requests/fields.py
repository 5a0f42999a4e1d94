"""Fields of the forms: starts from lists and from the calendar, a mail address, topics to tap."""

import datetime as dt
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from programme.models import Topic
from programme.wording import month_name, say_day, say_list, say_moment, say_month, say_time, weekday
from support_requests.planning.outlook import Outlook
from support_requests.slots import BANDS, Slot

Choices = list[tuple[str, Any]]


def day_choices(days: Iterable[dt.date]) -> Choices:
    """``days`` grouped by month, each with its weekday: people know the weekday better than the date."""
    months: dict[str, Choices] = {}
    for day in days:
        facts = {"month": month_name(day), "day": day.day, "weekday": weekday(day)}
        months.setdefault(say_month(day), []).append((day.isoformat(), _("%(month)s%(day)s日(%(weekday)s)") % facts))
    return [("", _("日を選んでください")), *months.items()]


def time_choices(first: dt.time, last: dt.time, step: int) -> Choices:
    """From ``first`` to ``last``, in steps of ``step`` minutes."""
    minutes = range(first.hour * 60 + first.minute, last.hour * 60 + last.minute + 1, step)
    times = [dt.time(minute // 60, minute % 60) for minute in minutes]
    return [("", _("時間を選んでください")), *((f"{time:%H:%M}", say_time(time)) for time in times)]


class KeepingSelect(forms.Select):
    """A list that also shows what was sent but is no longer offered, so that a stale page loses nothing."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        groups = super().optgroups(name, value, attrs)
        offered = {str(option["value"]) for _group, options, _index in groups for option in options}
        for sent in set(filter(None, value)) - offered:
            option = self.create_option(name, sent, _said(sent), True, len(groups), attrs=attrs)  # noqa: FBT003
            groups.append((None, [option], len(groups)))
        return groups


def _said(sent: str) -> str:
    try:
        return say_day(dt.date.fromisoformat(sent))
    except ValueError:
        return sent


class StartWidget(forms.MultiWidget):
    """A day and a time, each chosen from a list. Value: the two texts, or an aware time to begin with."""

    template_name = "support_requests/widgets/start.html"

    def __init__(self, days: Choices, times: Choices) -> None:
        super().__init__({"day": KeepingSelect(choices=days), "time": KeepingSelect(choices=times)})

    def decompress(self, value: Any) -> list[str]:
        if not isinstance(value, dt.datetime):
            return ["", ""]
        return [timezone.localdate(value).isoformat(), f"{timezone.localtime(value):%H:%M}"]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for part, label in zip(context["widget"]["subwidgets"], (_("日"), _("始まる時間")), strict=True):
            part["label"] = label
        return context


class StartField(forms.Field):
    """When a session may start: gives an aware time or None. Whether it may be then is the rules' matter."""

    default_error_messages = {
        "required": _("日と時間を選んでください。"),
        "no_day": _("日を選んでください。"),
        "no_time": _("始まる時間を選んでください。"),
        "invalid": _("日と時間を、一覧から選び直してください。"),
    }

    def __init__(self, *, days: Choices, times: Choices, **options: Any) -> None:
        super().__init__(widget=StartWidget(days, times), **options)

    def to_python(self, value: Any) -> dt.datetime | None:
        day, time = ((text or "").strip() for text in value or ("", ""))
        if not (day or time):
            return None
        for text, missing in ((day, "no_day"), (time, "no_time")):
            if not text:
                raise ValidationError(self.error_messages[missing], code=missing)
        try:
            moment = dt.datetime.combine(dt.date.fromisoformat(day), dt.time.fromisoformat(time))
            return timezone.make_aware(moment)
        except (ValueError, OverflowError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def say(self, value: dt.datetime | None) -> str:
        return say_moment(value) if value else ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A half-day in the calendar: what it says, and what keeps it from being chosen."""

    slot: Slot
    option: dict[str, Any] | None
    outlook: Outlook | None
    closed: str = ""

    @property
    def sign(self) -> str:
        return {Outlook.GOOD: "○", Outlook.FEW: "△", Outlook.HARD: "×"}[self.outlook] if self.outlook else ""


class SlotCalendar(forms.CheckboxSelectMultiple):
    """Months of half-days to tick, each with its outlook. ``closed`` and ``outlook`` are asked when it is drawn."""

    template_name = "support_requests/widgets/calendar.html"
    closed: Callable[[], Mapping[Slot, str]] = dict
    outlook: Callable[[], Mapping[Slot, Outlook]] = dict

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        closed, outlook = self.closed(), self.outlook()
        options = {
            option["value"]: option for _group, options, _i in context["widget"]["optgroups"] for option in options
        }
        months: dict[str, dict[str, Any]] = {}
        for key, option in options.items():
            slot = Slot.read(str(key))
            if slot is None:
                continue
            month = months.setdefault(say_month(slot.day), {"days": {}, "open": False})
            shut = closed.get(slot, "") if not option["selected"] else ""
            day = month["days"].setdefault(slot.day, {"cells": [], "shut": shut})
            day["cells"].append(Cell(slot, None if shut else option, outlook.get(slot), shut))
            day["shut"] = day["shut"] and shut
            month["open"] |= option["selected"]
        _unfold(list(months.values()))
        context["widget"] |= {"months": months, "bands": BANDS, "known": bool(outlook), "outlooks": LEGEND}
        return context


LEGEND = (("○", Outlook.GOOD), ("△", Outlook.FEW), ("×", Outlook.HARD))
UNFOLDED_DAYS = 14


def _unfold(months: list[dict[str, Any]]) -> None:
    """The first months stand open, so many that two weeks can be seen."""
    seen = 0
    for month in months:
        if seen >= UNFOLDED_DAYS:
            return
        month["open"] = True
        seen += len(month["days"])


class SlotsField(forms.MultipleChoiceField):
    """Half-days from the calendar, ``most`` at most. Gives Slots, in the order of time."""

    default_error_messages = {
        "required": _("都合のよい日を、1つ以上選んでください。"),
        "invalid_choice": _("選べない日が入っています。カレンダーから選び直してください。"),
        "too_many": _("%(most)sつまで選べます。選びすぎたものを外してください。"),
    }
    widget = SlotCalendar

    def __init__(self, *, slots: Iterable[Slot], most: int, **options: Any) -> None:
        self.most = most
        super().__init__(choices=[(slot.key, str(slot)) for slot in slots], **options)

    def clean(self, value: Any) -> list[Slot]:
        keys = super().clean(value)
        if len(set(keys)) > self.most:
            raise ValidationError(self.error_messages["too_many"], code="too_many", params={"most": self.most})
        return sorted(slot for slot in map(Slot.read, set(keys)) if slot)

    def say(self, value: list[Slot]) -> str:
        return say_list(value)


class TimeOfDayField(forms.ChoiceField):
    """One of some starts. Gives an aware time, or None."""

    starts: Mapping[str, dt.datetime] = {}

    def offer(self, starts: Iterable[dt.datetime], outlook: Callable[[], Mapping[dt.datetime, Outlook]]) -> None:
        """``outlook`` is asked when the list is drawn: what it knows of a start stands beside it."""
        self.starts = {timezone.localtime(start).isoformat(): start for start in starts}
        self.choices = lambda: [(key, _with_outlook(start, outlook())) for key, start in self.starts.items()]

    def valid_value(self, value: Any) -> bool:
        return value in self.starts

    def clean(self, value: Any) -> dt.datetime | None:
        return self.starts.get(super().clean(value))

    def say(self, value: dt.datetime | None) -> str:
        return say_moment(value) if value else ""


def _with_outlook(start: dt.datetime, outlook: Mapping[dt.datetime, Outlook]) -> str:
    if start not in outlook:
        return say_time(start)
    return gettext("%(time)s(%(outlook)s)") % {"time": say_time(start), "outlook": outlook[start].label}


class MailField(forms.EmailField):
    """A mail address; full-width signs, which no address has, become what was meant."""

    default_error_messages = {
        "invalid": _(
            "メールアドレスの形をご確認ください(例 hanako@example.jp)。お持ちでない方は、空欄でだいじょうぶです。"
        )
    }

    def to_python(self, value: Any) -> Any:
        return super().to_python(unicodedata.normalize("NFKC", value) if isinstance(value, str) else value)


class TopicTiles(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic for the checker only
    """Topics to tap, each with its hint."""

    def __init__(self, queryset: QuerySet[Topic], **options: Any) -> None:
        super().__init__(queryset, widget=forms.CheckboxSelectMultiple(attrs={"class": "columns short"}), **options)

    def label_from_instance(self, obj: Any) -> str:
        return format_html("{} <small>{}</small>", obj, obj.advice) if obj.hint else str(obj)


def topics_in_scope() -> QuerySet[Topic]:
    return Topic.objects.filter(active=True, in_scope=True)
