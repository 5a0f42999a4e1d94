"""The group's own form: the same wish, with its times from the calendar."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Self, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from support_requests import rules
from support_requests.fields import SlotCalendar, SlotsField, TimeOfDayField
from support_requests.forms.wishes import WishForm, months_field
from support_requests.planning.outlook import Outlook, Visit, outlook
from support_requests.slots import Slot, closed_days, slots_of

TIMES = ("time_1", "time_2", "time_3")


class IntakeForm(WishForm):
    """The form on the web: half-days from the calendar first, then the time on each of them.

    ``answered`` is the form with what other pages have said, for a page that is shown empty. ``taken``: starts that
    the same request had before. ``homepage`` is a trap: only robots, who fill in everything, see it.
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
        answered: Self | None = None,
        taken: frozenset[dt.datetime] = frozenset(),
    ) -> None:
        self.taken = taken
        super().__init__(data)
        self.sent = QueryDict(mutable=True) if data is None else data
        self.answered = answered or self
        self._of_times: Mapping[dt.datetime, Outlook] | None = None
        days = {*rules.possible_days(self.limits), *(Slot.of(start).day for start in taken)}
        self.offered = slots_of(sorted(days))
        self.fields["slots"] = SlotsField(
            slots=self.offered,
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
        ticked = map(Slot.read, self.answered.sent.getlist("slots"))
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
            raise ValidationError(_("この欄は空のままにして、もう一度送ってください。"))
        return ""

    def _read_starts(self) -> Iterator[tuple[str, dt.datetime]]:
        found = [(name, self.cleaned_data[name]) for name in TIMES if self.cleaned_data.get(name)]
        best = self.cleaned_data.get("best")
        return iter(sorted(found, key=lambda it: (Slot.of(it[1]).key != best, it[1])))

    def _check_starts(self) -> None:
        """A day is chosen on one page, its time on the next: what is wrong with the day is said where it is chosen."""
        closed = self._closed()
        for slot in self.cleaned_data.get("slots", []):
            if reason := closed.get(slot):
                self.add_error("slots", _("%(slot)sは選べません(%(reason)s)。") % {"slot": slot, "reason": reason})
        if "slots" not in self.errors:
            super()._check_starts()

    # --- What the calendar says ------------------------------------------------------------------------
    def _closed(self) -> Mapping[Slot, str]:
        """The half-days at which nobody can meet at the chosen place, each with the reason."""
        place = self.answered.place
        if place is None:
            return {}
        days, minutes = closed_days(place, [slot.day for slot in self.offered]), self.limits.session_minutes
        shut = {slot: str(_("時間外")) for slot in self.offered if slot.usual(place, minutes=minutes) is None}
        return shut | {slot: days[slot.day] for slot in self.offered if slot.day in days}

    def _outlook(self) -> Mapping[Slot, Outlook]:
        """By half-day: the outlook of the start that would be proposed."""
        closed, place, minutes = self._closed(), self.answered.place, self.limits.session_minutes
        open_slots = [slot for slot in self.offered if slot not in closed]
        usual = {slot: start for slot in open_slots if (start := slot.usual(place, minutes=minutes))}
        found = self._ask(list(usual.values()))
        return {slot: found[start] for slot, start in usual.items() if start in found}

    def _outlook_of_times(self) -> Mapping[dt.datetime, Outlook]:
        """Of every start that can be chosen on the page of times."""
        if self._of_times is None:
            fields = [self.fields[name] for name in TIMES]
            self._of_times = self._ask([start for it in fields for start in cast(TimeOfDayField, it).starts.values()])
        return self._of_times

    def _ask(self, starts: list[dt.datetime]) -> Mapping[dt.datetime, Outlook]:
        """Nothing as long as other pages have not said what the group wants."""
        said, place = self.answered.cleaned_data, self.answered.place
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
        return outlook(visit, starts, self.limits)
