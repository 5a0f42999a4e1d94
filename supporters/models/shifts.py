"""Shifts and the seats on them. Everything about people's time hangs on these.

The database holds two promises whatever the code above does (docs/architecture.md):
nobody is in two places at once (``Claim``), and no shift is overfilled (``Seat``).
"""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.models import Room, Topic, Venue
from programme.models.records import RecordedQuerySet, recorded
from supporters.errors import (
    NoSeatFree,
    ShiftCancelled,
    ShiftStarted,
)
from supporters.models.claims import Claim, RoomClaim
from supporters.models.people import Supporter
from supporters.models.status import HELD, LIVE, STAYING, AssignmentStatus

if TYPE_CHECKING:
    from supporters.models.assignments import Assignment, AssignmentQuerySet

SEATS_AT_MOST = 99


class ShiftQuerySet(RecordedQuerySet["Shift"]):
    def standing(self) -> Self:
        """Those that were not cancelled."""
        return self.filter(cancelled_at=None)

    def with_staffing(self) -> Self:
        """Annotates what ``staffing`` counts."""
        return self.annotate(**staffing("assignments"))

    def understaffed(self) -> Self:
        """Those that still need somebody: offers do not count, nor whoever wants a stand-in."""
        return self.with_staffing().filter(held__lt=F("needed"))


def staffing(path: str, now: Any = None) -> dict[str, Count]:
    """What every list says of a shift's people, for rows that reach their assignments by ``path``.

    ``held``: who has said yes and will come. ``leaving``: who keeps a place until a stand-in has it. ``asked``: offers
    that may still be answered.
    """
    status, waits = f"{path}__status", Q(**{f"{path}__answer_by__gt": now or timezone.now()})
    return {
        "held": Count(path, filter=Q(**{f"{status}__in": STAYING}), distinct=True),
        "leaving": Count(path, filter=Q(**{status: AssignmentStatus.STANDING_IN_WANTED}), distinct=True),
        "asked": Count(path, filter=Q(**{status: AssignmentStatus.OFFERED}) & waits, distinct=True),
    }


@recorded(
    leave_out=("purpose", "sequence"),
    names={
        "venue": _("会場"),
        "room": _("部屋"),
        "cancelled_at": _("中止にした時"),
        "cancel_reason": _("中止の理由"),
        "cancel_cause": _("中止の原因"),
    },
)
class Shift(models.Model):
    """A time at a venue that needs people. ``purpose`` names the owner: see supporters/owners.py."""

    class Joining(models.TextChoices):
        """How supporters may come to an open place by their own wish."""

        CLOSED = "closed", _("事務局がお願いした人だけ")
        FIRST_COME = "first_come", _("早い人から決まる")
        CHOICE = "choice", _("応募した人から事務局が選ぶ")

    class Cause(models.TextChoices):
        """Why a shift was called off, so that each is told in its own words."""

        GROUP = "group", _("団体の都合")
        SUPPORTERS = "supporters", _("サポーターがそろわない")
        VENUE = "venue", _("会場が使えない")
        WEATHER = "weather", _("天候・災害")
        OFFICE = "office", _("事務局の都合")

    purpose = models.CharField(max_length=20)
    title = models.CharField(_("活動"), max_length=150)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="shifts")
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField(_("開始"))
    ends_at = models.DateTimeField(_("終了"))
    needed = models.PositiveSmallIntegerField(_("必要な人数"))
    needs_lead = models.BooleanField(_("リーダーが必要"), default=True)
    needs = models.JSONField(_("必要な配慮"), default=list, blank=True)  # SpecialNeed values
    note = models.CharField(_("連絡事項"), max_length=500, blank=True)
    joining = models.CharField(_("空いた所の決め方"), max_length=10, choices=Joining.choices, default=Joining.CHOICE)
    # Raised with each change that a calendar must follow (RFC 5545 SEQUENCE).
    sequence = models.PositiveIntegerField(default=0)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    cancel_cause = models.CharField(max_length=10, choices=Cause.choices, blank=True)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("活動")
        verbose_name_plural = _("活動")
        ordering = ["starts_at", "pk"]
        # Figures, plans, reminders and lists of what comes ask for a span of time.
        indexes = [models.Index(fields=["starts_at"], name="shift_starts_at")]
        constraints = [
            models.CheckConstraint(name="shift_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="shift_needs_somebody", condition=Q(needed__range=(1, SEATS_AT_MOST))),
            models.CheckConstraint(
                name="shift_cancelled_has_reason",
                condition=Q(cancelled_at=None, cancel_reason="") | Q(cancelled_at__isnull=False) & ~Q(cancel_reason=""),
            ),
            models.CheckConstraint(
                name="shift_cause_of_cancelled_known",
                condition=Q(cancel_cause="")
                | Q(
                    cancelled_at__isnull=False,
                    cancel_cause__in=["group", "supporters", "venue", "weather", "office"],
                ),
            ),
            models.CheckConstraint(
                name="shift_joining_known", condition=Q(joining__in=["closed", "first_come", "choice"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {timezone.localtime(self.starts_at):%Y-%m-%d %H:%M}"

    @property
    def local_date(self) -> dt.date:
        """The day of the activity in Tokyo: what every figure counts by."""
        return timezone.localdate(self.starts_at)

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def uid(self) -> str:
        """The calendar UID, the same through all changes."""
        return f"shift-{self.pk}@mdeji"

    @classmethod
    @transaction.atomic
    def plan(
        cls,
        *,
        purpose: str,
        title: str,
        venue: Venue,
        starts_at: dt.datetime,
        ends_at: dt.datetime,
        needed: int,
        seats: int | None = None,
        topics: Iterable[tuple[Topic, int]] = (),
        room: Room | None = None,
        needs_lead: bool = True,
        needs: Iterable[str] = (),
        note: str = "",
        joining: str = Joining.CHOICE,
    ) -> "Shift":
        """Make a shift with ``seats`` seats (``needed`` unless told) and book its room. Raises RoomTaken."""
        shift = cls.objects.create(
            purpose=purpose,
            title=title,
            venue=venue,
            room=room,
            starts_at=starts_at,
            ends_at=ends_at,
            needed=needed,
            needs_lead=needs_lead,
            needs=list(needs),
            note=note,
            joining=joining,
        )
        Seat.objects.bulk_create(Seat.at(shift, number) for number in range(1, (seats or needed) + 1))
        ShiftTopic.objects.bulk_create(ShiftTopic(shift=shift, topic=topic, level=level) for topic, level in topics)
        if room:
            RoomClaim.book(shift)
        return shift

    def is_staffed(self) -> bool:
        return self.assignments.filter(status__in=HELD).count() >= self.needed

    def is_full(self) -> bool:
        """Whether nobody can take a seat: none is free, and nobody wants a stand-in."""
        free = Q(assignment=None) | Q(assignment__status=AssignmentStatus.STANDING_IN_WANTED)
        return not self.seats.filter(free).exists()

    @transaction.atomic
    def make_room(self) -> None:
        """One more person than planned may come, where no seat is free. Twice is once.

        Raises ShiftCancelled, ShiftStarted, and NoSeatFree beyond SEATS_AT_MOST.
        """
        shift = type(self).objects.select_for_update(no_key=True).get(pk=self.pk)
        if shift.cancelled_at:
            raise ShiftCancelled
        if shift.starts_at <= timezone.now():
            raise ShiftStarted
        if not shift.is_full():
            return
        number = shift.seats.count() + 1
        if number > SEATS_AT_MOST:
            raise NoSeatFree
        Seat.at(shift, number).save(force_insert=True)
        shift.needed += 1
        shift.save(update_fields=["needed"])

    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    def raise_sequence(self) -> None:
        """From now on what calendars are told of the shift is newer than all before."""
        type(self).objects.filter(pk=self.pk).update(sequence=F("sequence") + 1)
        self.refresh_from_db(fields=["sequence"])

    @transaction.atomic
    def cancel(self, *, by: Any, reason: str, cause: str = "") -> list["Assignment"]:
        """Call the shift off: people and room are free again. Returns whom it concerned, for the owner to tell."""
        rows = type(self).objects.filter(pk=self.pk, cancelled_at=None)
        facts = {"cancelled_at": timezone.now(), "cancel_reason": reason, "cancel_cause": cause}
        if rows.update(**facts, sequence=F("sequence") + 1) != 1:
            return []
        self.refresh_from_db()
        RoomClaim.objects.filter(shift=self).delete()
        concerned = list(self._live().select_related("supporter__contact"))
        for assignment in concerned:
            assignment._leave(AssignmentStatus.CANCELLED, by=by, reason=reason)
        return concerned

    @transaction.atomic
    def stand_again(self) -> None:
        """What was called off takes place, with nobody on it yet: who was told that it is off is not put back.

        It keeps its calendar UID, with a higher SEQUENCE. Twice is once. Raises ShiftStarted, RoomTaken.
        """
        rows = type(self).objects.filter(pk=self.pk, starts_at__gt=timezone.now())
        called_off = rows.exclude(cancelled_at=None)
        if called_off.update(cancelled_at=None, cancel_reason="", cancel_cause="", sequence=F("sequence") + 1) == 1:
            self.refresh_from_db()
            self._book_room()
        elif not rows.exists():
            raise ShiftStarted

    def _book_room(self, guests: int = 0) -> None:
        """The room that it had, or another one of the venue's that is free and holds ``guests``. Raises RoomTaken."""
        if self.room:
            self.room = RoomClaim.free_room(self.venue, self.starts_at, self.ends_at, people=guests, rather=self.room)
            self.save(update_fields=["room"])
            RoomClaim.book(self)

    def _live(self) -> "AssignmentQuerySet":
        """Those for whom the shift is not over and done with, locked: who says no in this moment is not among them."""
        return self.assignments.filter(status__in=LIVE).select_for_update(of=("self",))

    @transaction.atomic
    def move_to(
        self, starts_at: dt.datetime, ends_at: dt.datetime, *, by: Any, reason: str, guests: int = 0
    ) -> list["Assignment"]:
        """Move the shift to another time, with its people; all who have said yes or are asked are told.

        It keeps its room, or gets another one of the venue's that is free and holds ``guests``.

        Who cannot take the new time (``supporters.rules``, an absence, another duty) is taken off and told so; these
        are returned. The others keep place, duty and calendar entry, and may say that they cannot come.
        Raises ShiftCancelled, ShiftStarted, RoomTaken.
        """
        shift = type(self).objects.select_for_update(no_key=True).get(pk=self.pk)
        live = shift.assignments.filter(status__in=LIVE)
        # People by key, as everywhere, so that nobody waits in a ring.
        people = Supporter.objects.select_for_update(no_key=True).filter(assignments__in=live).order_by("pk")
        by_key = {one.pk: one for one in people}
        if shift.cancelled_at:
            raise ShiftCancelled
        if shift.starts_at <= timezone.now():
            raise ShiftStarted
        before = (shift.starts_at, shift.ends_at)
        type(self).objects.filter(pk=self.pk).update(starts_at=starts_at, ends_at=ends_at, sequence=F("sequence") + 1)
        self.refresh_from_db()
        RoomClaim.objects.filter(shift=self).delete()
        self._book_room(guests)
        Claim.objects.filter(assignment__shift=self).delete()
        leaving = []
        for assignment in self._live().select_related("supporter__contact").order_by("supporter__birth_date", "pk"):
            assignment.shift, assignment.supporter = self, by_key[assignment.supporter_id]
            if not assignment._follow(before, by=by, reason=reason):
                leaving.append(assignment)
        return leaving


class ShiftTopic(models.Model):
    """A topic that somebody on the shift must know, at least at ``level`` (1 to 3)."""

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="topics")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT)
    level = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shift", "topic"], name="shift_topic_once"),
            models.CheckConstraint(name="shift_topic_level_known", condition=Q(level__range=(1, 3))),
        ]

    def __str__(self) -> str:
        return f"{self.topic} L{self.level}"


class Seat(models.Model):
    """A numbered place on a shift. There are as many rows as places, so a shift cannot be overfilled.

    The key is ``shift * 100 + number``: a check on ``Assignment`` can then tell, without looking at
    another table, that a seat belongs to the assignment's own shift. See docs/adr/0003.
    """

    id = models.BigIntegerField(primary_key=True)
    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="seats")
    number = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="seat_key_tells_shift_and_number",
                condition=Q(id=F("shift_id") * 100 + F("number"), number__range=(1, SEATS_AT_MOST)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift} #{self.number}"

    @classmethod
    def at(cls, shift: Shift, number: int) -> Self:
        return cls(id=shift.pk * 100 + number, shift=shift, number=number)
