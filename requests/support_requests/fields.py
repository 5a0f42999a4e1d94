"""Fields of the forms: starts from lists and from the calendar, a mail address, topics to tap."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from programme import furigana
from programme.choices import FactChoices
from programme.models import Room, Topic, Venue
from programme.widgets import topic_tile
from programme.wording import month_name, say_day, say_list, say_moment, say_month, say_time, weekday
from support_requests.planning.outlook import Outlook
from support_requests.slots import BANDS, Slot, slots_of

Choices = list[tuple[str, Any]]

OWN_PLACE = "own"
OWN_PLACE_LABEL = _("ほかの場所(自治会館、集会所など)")


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


SIGNS = {Outlook.GOOD: "○", Outlook.FEW: "△", Outlook.HARD: "×"}
UNFOLDED_DAYS = 14


@dataclass(slots=True)
class CalendarMonth:
    """``rows`` is HTML, a row for each day."""

    name: str
    rows: list[str] = field(default_factory=list)
    open: bool = False


class SlotCalendar(forms.CheckboxSelectMultiple):
    """Months of half-days to tick, each with its outlook. ``closed`` (why) and ``outlook``, both by the half-day's key,
    are asked when it is drawn."""

    template_name = "support_requests/widgets/calendar.html"
    days: Sequence[dt.date] = ()
    closed: Callable[[], Mapping[str, str]] = dict
    outlook: Callable[[], Mapping[str, str]] = dict

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        return []  # the months are the groups

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        widget, outlook, ticked = context["widget"], self.outlook(), set(context["widget"]["value"])
        shut = {key: reason for key, reason in self.closed().items() if key not in ticked}
        rows = _Rows(name, widget["attrs"].get("id"), ticked, shut, outlook)
        months: dict[tuple[int, int], CalendarMonth] = {}
        for day in self.days:
            if (day.year, day.month) not in months:
                months[day.year, day.month] = CalendarMonth(say_month(day))
            keys = [slot.key for slot in slots_of([day])]
            months[day.year, day.month].rows.append(rows.of(day, keys))
            months[day.year, day.month].open |= not ticked.isdisjoint(keys)
        _unfold(months.values())
        legend = [(sign, outlook) for outlook, sign in SIGNS.items()]
        widget |= {"months": months.values(), "bands": BANDS, "known": bool(outlook), "outlooks": legend}
        return context


class _Rows:
    """Writes the calendar's rows: in a template its hundreds of cells would take longer than the rest of the page."""

    def __init__(
        self, name: str, widget_id: str | None, ticked: set[str], shut: Mapping[str, str], outlook: Mapping[str, str]
    ) -> None:
        self.name, self.ticked, self.shut, self.outlook = escape(name), ticked, shut, outlook
        # The link of an error leads to the first half-day that can be ticked.
        self.first_id = format_html(' id="{}_0"', widget_id) if widget_id else ""
        self.bands = [escape(str(band.name)) for band in BANDS]
        self.easy = get_language() == furigana.EASY
        self.words = {one.value: (SIGNS[one], escape(str(one.label))) for one in Outlook}

    def of(self, day: dt.date, keys: Sequence[str]) -> str:
        """``keys`` are those of the day's half-days, one for each band."""
        if all(key in self.shut for key in keys):
            cells: str = format_html('<td colspan="{}" class="closed">{}</td>', len(keys), self.shut[keys[-1]])
        else:
            said = escape(say_day(day))
            cells = "".join(self._cell(key, f"{said} {band}") for key, band in zip(keys, self.bands, strict=True))
        name = escape(weekday(day))
        sign = furigana.of_weekday(name) if self.easy else name
        row = f'<tr><th scope="row">{day.day} <small>{sign}</small></th>{cells}</tr>'
        return mark_safe(row)  # noqa: S308  (of escaped parts)

    def _cell(self, key: str, said: str) -> str:
        if key in self.shut:
            return f'<td class="closed">{escape(self.shut[key])}</td>'
        first_id, self.first_id = self.first_id, ""
        sign, outlook = self.words[self.outlook[key]] if key in self.outlook else ("", "")
        checked = " checked" if key in self.ticked else ""
        return (
            f'<td><label class="cell"><input type="checkbox" name="{self.name}" value="{key}"{first_id}{checked}>'
            f'<b aria-hidden="true">{sign}</b><span class="visually-hidden">{said} </span>'
            f'<span class="outlook">{outlook}</span></label></td>'
        )


def _unfold(months: Iterable[CalendarMonth]) -> None:
    """The first months stand open, so many that two weeks can be seen."""
    seen = 0
    for month in months:
        if seen >= UNFOLDED_DAYS:
            return
        month.open = True
        seen += len(month.rows)


class SlotsField(forms.MultipleChoiceField):
    """Half-days from the calendar, ``most`` at most. Gives Slots, in the order of time."""

    default_error_messages = {
        "required": _("都合のよい日を、1つ以上選んでください。"),
        "invalid_choice": _("選べない日が入っています。カレンダーから選び直してください。"),
        "too_many": _("%(most)sつまで選べます。選びすぎたものを外してください。"),
    }
    widget = SlotCalendar

    def __init__(self, *, days: Sequence[dt.date], most: int, **options: Any) -> None:
        self.days, self.most = days, most
        super().__init__(**options)
        cast(SlotCalendar, self.widget).days = days

    def valid_value(self, value: Any) -> bool:
        slot = Slot.read(value)
        return slot is not None and slot.day in self.days

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

    def offer(self, starts: Iterable[dt.datetime], outlook: Callable[[], Mapping[str, str]]) -> None:
        """``outlook`` is asked when the list is drawn: what it knows of a start stands beside it."""
        self.starts = {timezone.localtime(start).isoformat(): start for start in starts}
        self.choices = cache(
            lambda: [(key, _with_outlook(start, outlook().get(key))) for key, start in self.starts.items()]
        )

    def valid_value(self, value: Any) -> bool:
        return value in self.starts

    def clean(self, value: Any) -> dt.datetime | None:
        return self.starts.get(super().clean(value))

    def say(self, value: dt.datetime | None) -> str:
        return say_moment(value) if value else ""


def _with_outlook(start: dt.datetime, outlook: str | None) -> str:
    if outlook is None:
        return say_time(start)
    return gettext("%(time)s(%(outlook)s)") % {"time": say_time(start), "outlook": Outlook(outlook).label}


@dataclass(frozen=True, slots=True)
class ChosenPlace:
    """A hall, perhaps with one of its rooms; neither: a place of the group's own."""

    hall: Venue | None = None
    room: Room | None = None

    def __str__(self) -> str:
        return _room_label(self.room) if self.room else str(self.hall or OWN_PLACE_LABEL)


class PlaceField(forms.ChoiceField):
    """A hall ("12"), one of its rooms ("12-3"), or ``OWN_PLACE``. Gives a ChosenPlace.

    Only a page that shows the list reads all halls.
    """

    def list_halls(self) -> None:
        """Offer what there is now. It is read when the list is drawn, and once."""
        self.choices = cache(_place_choices)

    def to_python(self, value: Any) -> Any:
        code = super().to_python(value)
        if not code:
            return None
        if code == OWN_PLACE:
            return ChosenPlace()
        number, _dash, of_room = code.partition("-")
        found = _halls().filter(pk=number) if number.isascii() and number.isdigit() else _halls().none()
        hall = found.select_related("district", "closures").prefetch_related("closures__closures", "rooms").first()
        room = next((it for it in hall.rooms.all() if str(it.pk) == of_room), None) if hall else None
        if hall is None or bool(room) != bool(of_room):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return ChosenPlace(hall, room)

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(initial or "") != str(data or "")

    def say(self, value: ChosenPlace) -> str:
        return str(value)


def _halls() -> QuerySet[Venue]:
    return Venue.objects.filter(kind=Venue.Kind.HALL, active=True)


def _place_choices() -> list[Any]:
    """Halls by district, each followed by its rooms."""
    halls = {hall.pk: hall for hall in _halls().select_related("district")}
    districts: dict[str, dict[int, Choices]] = {}
    for hall in halls.values():
        districts.setdefault(str(hall.district), {})[hall.pk] = [(str(hall.pk), str(hall))]
    for room in Room.objects.filter(venue__in=halls).order_by("pk"):
        room.venue = halls[room.venue_id]
        districts[str(room.venue.district)][room.venue_id].append((f"{room.venue_id}-{room.pk}", _room_label(room)))
    groups = [(district, [*chain.from_iterable(rows.values())]) for district, rows in districts.items()]
    return [("", _("選んでください")), *groups, (_("そのほか"), [(OWN_PLACE, OWN_PLACE_LABEL)])]


def _room_label(room: Room) -> str:
    if not room.capacity:
        return str(room)
    return gettext("%(room)s(%(capacity)s人まで)") % {"room": room, "capacity": room.capacity}


class TopicTiles(FactChoices):
    """Topics to tap."""

    def __init__(self, queryset: QuerySet[Topic], **options: Any) -> None:
        super().__init__(queryset, widget=forms.CheckboxSelectMultiple(attrs={"class": "columns short"}), **options)

    def label_from_instance(self, obj: Any) -> str:
        return topic_tile(obj, obj.advice)


def topics_in_scope() -> QuerySet[Topic]:
    return Topic.objects.filter(active=True, in_scope=True)
