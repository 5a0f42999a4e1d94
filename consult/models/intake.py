"""How cases come in: from a page, a tablet or a sheet of paper, singly or by the hundred, each stored once."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import connections, models, router, transaction
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.errors import NotYetOpen, OtherDay, PersonalData, SameIdOtherCase
from consult.models.desks import Opening
from consult.models.paper import DaySheet
from consult.models.rota import Rescheduling
from consult.personal_data import has_personal_data
from programme.errors import Refused
from programme.models import AgeBand, Device, Outcome, Topic, Visit
from programme.statements import Prepared, fetch_together
from programme.wording import say_day
from supporters.models import Assignment

if TYPE_CHECKING:
    from consult.models.devices import Tablet
    from consult.models.log import Consultation


@dataclass(frozen=True, slots=True)
class Place:
    """What the log needs to know of an opening."""

    pk: int
    desk: int
    date: dt.date
    shift: int
    opens: dt.datetime
    cancelled_at: dt.datetime | None

    FACTS: ClassVar = ("pk", "desk", "date", "shift", "shift__starts_at", "shift__cancelled_at")

    @classmethod
    def facts(cls, openings: models.QuerySet[Opening]) -> models.QuerySet[Opening, tuple[Any, ...]]:
        """One narrow query."""
        return openings.order_by().values_list(*cls.FACTS)

    @classmethod
    def of(cls, openings: models.QuerySet[Opening]) -> dict[int, Self]:
        """Those of ``openings`` by number."""
        return {facts[0]: cls(*facts) for facts in cls.facts(openings)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as it was typed, in codes. ``pk`` was made where it was typed."""

    pk: uuid.UUID
    place: Place
    topic: str
    outcome: str
    more_topics: tuple[str, ...] = ()
    device: str | None = None
    age_band: str | None = None
    visit: str | None = None
    minutes: int | None = None
    follow_up: bool = False
    note: str = ""
    source: str = "tap"
    happened_at: dt.datetime | None = None
    """when it happened, as far as the sender knows; None: now, or the hour of opening on a later day"""
    device_time: dt.datetime | None = None
    """what the device's own clock said at the tap, right or wrong"""
    sent_at: dt.datetime | None = None
    """what the same clock said when it was sent"""
    day: dt.date | None = None
    """the opening's day as the device knows it; counts when the opening is, or was, on it"""
    on_duty: int | None = None
    """the assignment of the person who tapped the own name"""

    @property
    def others(self) -> list[str]:
        return sorted(set(self.more_topics) - {self.topic})

    @property
    def sent_as(self) -> str:
        """A hash over what was typed, by which a case sent again is known even after it was corrected."""
        facts = {
            "topic": self.topic,
            "outcome": self.outcome,
            "device": self.device,
            "age_band": self.age_band,
            "visit": self.visit,
            "minutes": self.minutes,
            "follow_up": self.follow_up,
            "note": self.note,
        }
        typed = [self.place.pk, *(say(facts[name]) for name in sorted(facts)), *self.others]
        return hashlib.sha256(json.dumps(typed, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a case: stored now, there before (and void since), or refused; and what the sender should know
    besides."""

    is_new: bool = False
    is_void: bool = False
    refusal: Refused | None = None
    told: str = ""


SHEETS_WITH_TAPS = Prepared(
    lambda *openings: (
        DaySheet.objects.filter(opening__in=openings, includes_taps=True).order_by().values_list("opening")
    )
)


def was_on_duty(user: Any) -> models.QuerySet[Opening]:
    """Openings for which a supporter once said yes, also where the duty was called off or left since.

    A device that was offline all day still brings what was logged there. For writing, never for reading.
    """
    duties = Assignment.objects.ever_accepted().filter(supporter__user=user)
    return Opening.objects.filter(shift__in=duties.values("shift"))


class Intake(models.QuerySet["Consultation"]):
    """The verbs by which ``Consultation.objects`` takes cases in."""

    def log(
        self,
        *,
        pk: uuid.UUID,
        opening: Opening,
        topic: Topic,
        outcome: Outcome,
        by: Any,
        happened_at: dt.datetime | None = None,
        more_topics: Iterable[Topic] = (),
        device: Device | None = None,
        age_band: AgeBand | None = None,
        visit: Visit | None = None,
        minutes: int | None = None,
        follow_up: bool = False,
        note: str = "",
        source: str = "tap",
    ) -> tuple["Consultation", bool]:
        """Store a case once: (the row, whether it is new). As ``log_many``, but raises the refusal:

        SameIdOtherCase, PersonalData, NotYetOpen, or OtherDay for a time on another day than the opening's.
        """
        case = Case(
            pk=pk,
            place=Place.of(Opening.objects.filter(pk=opening.pk))[opening.pk],
            topic=topic.pk,
            outcome=outcome.pk,
            more_topics=tuple(other.pk for other in more_topics),
            device=device.pk if device else None,
            age_band=age_band.pk if age_band else None,
            visit=visit.pk if visit else None,
            minutes=minutes,
            follow_up=follow_up,
            note=note,
            source=source,
            happened_at=happened_at,
        )
        [fate] = self.log_many([case], by=by)
        if fate.refusal:
            raise fate.refusal
        return self.model._base_manager.get(pk=pk), fate.is_new

    def log_many(self, cases: Sequence[Case], *, by: Any, tablet: "Tablet | None" = None) -> list[Fate]:
        """Store each case once; the fates are in the order of ``cases``. ``by`` is None when a tablet sends.

        Sending the same case again, at once or much later, finds the first row as it is now; times and sender
        are no part of the comparison, so that a device may put its clock right. A closed month still takes
        the row: its figures are frozen, but no case is lost. One INSERT however many cases there are, with
        a SELECT for the openings' day sheets; one INSERT more for second topics, and others only when a day is not the
        opening's, a name was tapped or something was there before. A sheet that counts the taps costs some more.
        """
        from consult.paper import meet_taps

        team, cases = self._team(cases), _with_days(cases)
        fates: list[Fate] = []
        rows: dict[uuid.UUID, Consultation] = {}
        for case in cases:
            try:
                row = self._row(case, by, tablet, team)
            except Refused as refusal:
                fates.append(Fate(refusal=refusal))
            else:
                rows.setdefault(row.pk, row)
                fates.append(Fate(is_new=rows[row.pk] is row, told=_tell(case)))
        others = {case.pk: case.others for case in cases if case.others}
        # Those that were there before too: their sender may have died between storing them and this.
        tapped = {case.place.pk for case in cases if case.pk in rows and case.source == "tap"}
        new, on_paper = self._insert_new(list(rows.values()), others, tapped)
        for opening in sorted(on_paper):
            meet_taps(opening, by=by, tablet=tablet, reason=_("あとから届いた画面の記録と同じもの"))
        if len(new) == len(cases):
            return fates
        # Sent before, twice in this batch, or refused for its day: a case that is stored already is not lost.
        there = self.model._base_manager.filter(pk__in={case.pk for case in cases})
        stored = {pk: facts for pk, *facts in there.values_list("pk", "sent_as", "voided_at")}
        return [_settle(case, fate, stored, new) for case, fate in zip(cases, fates, strict=True)]

    def _row(self, case: Case, by: Any, tablet: "Tablet | None", team: set[tuple[int, int]]) -> "Consultation":
        if has_personal_data(case.note):
            raise PersonalData
        now = timezone.now()
        day = _day_of(case)
        # Somebody who was taken off the duty meanwhile is left out; the case is not.
        on_duty = case.on_duty if (case.place.shift, case.on_duty or 0) in team else None
        return self.model(
            pk=case.pk,
            desk_id=case.place.desk,
            opening_id=case.place.pk,
            date=day,
            happened_at=_moment_of(case, day, now),
            device_time=case.device_time,
            sent_at=case.sent_at,
            logged_at=now,
            logged_by=by,
            tablet=tablet,
            on_duty_id=on_duty,
            source=case.source,
            topic_id=case.topic,
            outcome_id=case.outcome,
            device_id=case.device,
            age_band_id=case.age_band,
            visit_id=case.visit,
            minutes=case.minutes,
            follow_up=case.follow_up,
            note=case.note,
            sent_as=case.sent_as,
        )

    def _team(self, cases: Sequence[Case]) -> set[tuple[int, int]]:
        """(shift, assignment) of those whose names were tapped and who once said yes to that duty."""
        tapped = {case.on_duty for case in cases if case.on_duty}
        return (
            set(Assignment.objects.ever_accepted().filter(pk__in=tapped).values_list("shift", "pk"))
            if tapped
            else set()
        )

    def _insert_new(
        self, rows: list["Consultation"], others: dict[uuid.UUID, list[str]], tapped: set[int]
    ) -> tuple[set[uuid.UUID], set[int]]:
        """``_insert_rows``, with the second topics of those inserted."""
        if not any(row.pk in others for row in rows):
            return self._insert_rows(rows, tapped)
        with transaction.atomic(using=self.db):
            new, on_paper = self._insert_rows(rows, tapped)
            through = self.model.more_topics.through
            through._base_manager.bulk_create(
                through(consultation_id=pk, topic_id=topic) for pk in others if pk in new for topic in others[pk]
            )
        return new, on_paper

    def _insert_rows(self, rows: list["Consultation"], tapped: set[int]) -> tuple[set[uuid.UUID], set[int]]:
        """Insert the rows whose id is not there yet: the ids of those, and the numbers of those openings ``tapped``
        whose day sheet counts the tapped cases too and may have been entered before these arrived.

        ``bulk_create(ignore_conflicts=True)`` in one statement that says which rows were new: Django drops the
        RETURNING of such an INSERT, so it is compiled by Django and run here. The sheets are read after it. PostgreSQL
        locks the openings as it inserts (FOR KEY SHARE, for the foreign key that is checked at once), and
        ``consult.paper.enter`` locks its opening FOR UPDATE before it counts: so either the paper has counted these
        cases, or its sheet is seen here.
        SQLite has one writer at a time.
        """
        if not rows:
            return set(), set()
        connection = connections[router.db_for_write(self.model)]
        query = InsertQuery(self.model, on_conflict=OnConflict.IGNORE)
        query.insert_values(self.model._meta.concrete_fields, list[models.Model](rows))
        compiler = query.get_compiler(connection=connection)
        compiler.returning_fields = [self.model._meta.pk]
        [(statement, values)] = compiler.as_sql()
        looks = [SHEETS_WITH_TAPS.statement(connection, *tapped)] if tapped else []
        new, *found = fetch_together(connection, (statement, values), *looks)
        return {uuid.UUID(str(pk)) for (pk,) in new}, {pk for rows in found for (pk,) in rows}


def say(value: Any) -> str:
    """A field's value as text, for comparing and for the trail of corrections: codes, not names."""
    if value is None:
        return ""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, list | tuple):
        return ",".join(say(one) for one in value)
    return str(value)


def _with_days(cases: Sequence[Case]) -> Sequence[Case]:
    """The same cases; a ``day`` on which the opening never stood is left out."""
    strange = {case.place.pk for case in cases if case.day not in (None, case.place.date)}
    if not strange:
        return cases
    moved = Rescheduling.objects.filter(opening__in=strange)
    stood = set(moved.values_list("opening", "from_date"))
    return [
        case if case.day in (None, case.place.date) or (case.place.pk, case.day) in stood else replace(case, day=None)
        for case in cases
    ]


def _settle(case: Case, fate: Fate, stored: dict[uuid.UUID, list[Any]], new: set[uuid.UUID]) -> Fate:
    if case.pk not in stored or isinstance(fate.refusal, PersonalData):
        return fate
    first, voided_at = stored[case.pk]
    if first != case.sent_as:
        return Fate(refusal=SameIdOtherCase())
    return Fate(is_new=fate.is_new and case.pk in new, is_void=voided_at is not None, told=fate.told)


def _day_of(case: Case) -> dt.date:
    """The day that a case counts on: Tokyo's day of the activity, which is the opening's.

    An opening that was moved after the device learnt of it: the day on which it stood there then. Raises
    NotYetOpen; and OtherDay when somebody gives no more than a time, and it is on another day.
    """
    today, opened = timezone.localdate(), case.place.date
    if case.day is not None and case.day != opened and case.day <= today:
        return case.day
    if opened > today:
        raise NotYetOpen(day=say_day(opened))
    if case.device_time is None and case.happened_at is not None and timezone.localdate(case.happened_at) != opened:
        raise OtherDay(happened=say_day(case.happened_at), opened=say_day(opened))
    return opened


def _moment_of(case: Case, day: dt.date, now: dt.datetime) -> dt.datetime:
    """When it happened, by the first of these that is on ``day``: what the sender worked out; unless it is in the
    future, the device's clock put right by what it said at sending; now; the hour at which the desk opened."""
    corrected = case.device_time + (now - case.sent_at) if case.device_time and case.sent_at else None
    for moment in (case.happened_at, corrected, now):
        if moment is not None and timezone.localdate(moment) == day and (moment is case.happened_at or moment <= now):
            return moment
    opens = timezone.localtime(case.place.opens)
    return opens.replace(year=day.year, month=day.month, day=day.day)


def _tell(case: Case) -> str:
    """What the sender should know about a case that was stored all the same."""
    place = case.place
    if case.day is not None and case.day != place.date:
        days = {"day": say_day(case.day), "moved": say_day(place.date)}
        return _("この開設日は%(moved)sに移りました。%(day)sの相談として記録しました。") % days
    if place.cancelled_at:
        return _("この開設日は中止になっています。相談は記録しました。")
    return ""
