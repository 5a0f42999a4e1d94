"""The group's own form: the same wish, with its times from the calendar."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self, cast

from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from support_requests import rules
from support_requests.fields import SlotCalendar, SlotsField, TimeOfDayField
from support_requests.forms.wishes import WishForm, months_field
from support_requests.planning.outlook import REMEMBERED_FOR, Visit, outlook
from support_requests.slots import BANDS, Slot, slots_of

TIMES = ("time_1", "time_2", "time_3")
# What the calendar depends on.
VISIT = (
    *("district", "participants", "topics", "level", "needs", "minutes"),
    *("venue", "own_name", "own_address", "own_district", "own_postcode"),
)


class IntakeForm(WishForm):
    """The form on the web: half-days from the calendar first, then the time on each of them.

    ``taken``: starts that the same request had before. ``homepage`` is a trap: only robots, who fill in everything, see
    it.
    """

    months = months_field()
    best = forms.ChoiceField(label=_("いちばん都合のよい日"), required=False, widget=forms.RadioSelect)
    homepage = forms.CharField(
        label=_("この欄には何も書かないでください"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        taken: frozenset[dt.datetime] = frozenset(),
    ) -> None:
        self.taken = taken
        super().__init__(data)
        self.sent = QueryDict(mutable=True) if data is None else data
        self._found: dict[str, Mapping[str, str]] = {}
        days = {*rules.possible_days(self.limits), *(Slot.of(start).day for start in taken)}
        self.days = sorted(days)
        self.fields["slots"] = SlotsField(
            days=self.days,
            most=len(TIMES),
            label=_("都合のよい日(3つまで)"),
            help_text=_("しるしは、サポーターの今の予定から見た目安です。×の日も選べます。"),
        )
        calendar = cast(SlotCalendar, self.fields["slots"].widget)
        calendar.closed, calendar.outlook = self._closed, self._outlook
        self.chosen = self._chosen()
        self._add_times()

    def _chosen(self) -> list[Slot]:
        """The half-days that were ticked, as far as they can be read."""
        ticked = map(Slot.read, self.sent.getlist("slots"))
        return sorted({slot for slot in ticked if slot})[: len(TIMES)]

    def _add_times(self) -> None:
        """A time for each chosen half-day. A time that was typed for another one is no answer any more."""
        typed = {self.sent.get(name, "") for name in TIMES}
        for number, name in enumerate(TIMES):
            field = self.fields[name] = TimeOfDayField(required=number < len(self.chosen))
            if number >= len(self.chosen):
                if self.is_bound:
                    self.sent[name] = ""
                continue
            slot = self.chosen[number]
            kept = [start for start in self.taken if Slot.of(start) == slot]
            starts = sorted({*slot.starts(minutes=self.limits.session_minutes), *kept})
            usual = kept[0] if kept else slot.usual(minutes=self.limits.session_minutes)
            field.label, field.initial = str(slot), timezone.localtime(usual).isoformat() if usual else ""
            field.offer(starts, self._outlook_of_times)
            if self.is_bound:
                self.sent[name] = next((key for key in field.starts if key in typed), field.initial)
        best = self._list("best")
        best.choices = [("", _("どれでもよい")), *((slot.key, str(slot)) for slot in self.chosen)]
        if self.is_bound and self.sent.get("best") not in {slot.key for slot in self.chosen}:
            self.sent["best"] = ""

    def times(self) -> list[forms.BoundField]:
        """The fields of the chosen half-days, for the page that asks the time on each of them."""
        return [self[name] for name in TIMES[: len(self.chosen)]]

    def clean_homepage(self) -> str:
        if self.cleaned_data["homepage"]:
            self.fields["homepage"].widget.attrs.pop("tabindex")  # a browser may fill it in: then people empty it
            raise ValidationError(_("この欄は空のままにして、もう一度送ってください。"))
        return ""

    def _read_starts(self) -> Iterator[tuple[str, dt.datetime]]:
        found = [(name, self.cleaned_data[name]) for name in TIMES if self.cleaned_data.get(name)]
        best = self.cleaned_data.get("best")
        return iter(sorted(found, key=lambda it: (Slot.of(it[1]).key != best, it[1])))

    def _check_starts(self) -> None:
        """A day is chosen on one page, its time on the next: what is wrong with the day is said where it is chosen."""
        for slot, reason in self._closed_among(self.cleaned_data.get("slots", [])).items():
            self.add_error("slots", _("%(slot)sは選べません(%(reason)s)。") % {"slot": slot, "reason": reason})
        if "slots" not in self.errors:
            super()._check_starts()

    # --- What the calendar says ------------------------------------------------------------------------
    @cached_property
    def _others(self) -> Self:
        """The form by which to know what other pages have said: one that is shown unchecked has checked nothing."""
        checked = self if self.is_bound else type(self)(self.sent, taken=self.taken)
        checked.errors  # noqa: B018  (reading them checks)
        return checked

    def _closed_among(self, slots: Sequence[Slot]) -> Mapping[Slot, str]:
        """The half-days at which nobody can meet at the chosen place, each with the reason."""
        place, minutes = self._others.place, self.limits.session_minutes
        if place is None or not slots:
            return {}
        shut = {band for band, it in enumerate(BANDS) if it.proposed(place, minutes=minutes) is None}
        closed = place.closed_days(min(slots).day, max(slots).day)
        reasons = {slot: closed.get(slot.day) or (str(_("時間外")) if slot.band in shut else "") for slot in slots}
        return {slot: reason for slot, reason in reasons.items() if reason}

    def _closed(self) -> Mapping[str, str]:
        """By half-day's key: why nobody can meet there."""
        return self._remembered(
            "closed", lambda: {slot.key: why for slot, why in self._closed_among(slots_of(self.days)).items()}
        )

    def _outlook(self) -> Mapping[str, str]:
        """By half-day's key: the outlook of the start that would be proposed."""
        return self._remembered("slots", self._find_outlook)

    def _find_outlook(self) -> Mapping[str, str]:
        place, minutes, closed = self._others.place, self.limits.session_minutes, self._closed()
        usual = {band: time for band, it in enumerate(BANDS) if (time := it.proposed(place, minutes=minutes))}
        open_slots = [slot for slot in slots_of(self.days) if slot.key not in closed and slot.band in usual]
        return self._ask({slot.key: slot.at(usual[slot.band]) for slot in open_slots})

    def _outlook_of_times(self) -> Mapping[str, str]:
        """By key of every start that can be chosen on the page of times."""
        fields = [cast(TimeOfDayField, self.fields[name]) for name in TIMES]
        starts = {key: start for field in fields for key, start in field.starts.items()}
        return self._remembered(f"times {[*starts]}", lambda: self._ask(starts))

    def _remembered(self, what: str, find: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
        """What ``find`` gives, or gave within the last minute for the same answers: who fills in the form sees the same
        page often, and what is sent is checked anew."""
        if what not in self._found:
            answers = [self.sent.getlist(name) for name in VISIT]
            facts = repr((what, get_language(), self.days[0], self.days[-1], answers))
            key = f"calendar:{hashlib.sha256(facts.encode()).hexdigest()}"
            self._found[what] = cache.get_or_set(key, find, REMEMBERED_FOR) or {}
        return self._found[what]

    def _ask(self, starts: Mapping[str, dt.datetime]) -> Mapping[str, str]:
        """By the same keys. Nothing as long as other pages have not said what the group wants."""
        said, place = self._others.cleaned_data, self._others.place
        if place is None or not all(said.get(name) for name in ("participants", "topics", "level")):
            return {}
        visit = Visit(
            place=place,
            participants=said["participants"],
            topics=list(said["topics"]),
            level=said["level"].rank,
            needs=said.get("needs", []),
            minutes=said.get("minutes") or self.limits.session_minutes,
        )
        found = outlook(visit, list(starts.values()), self.limits, recent=True)
        return {key: found[start].value for key, start in starts.items()}
