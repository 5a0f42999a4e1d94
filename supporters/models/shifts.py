"""Shifts, the seats on them, and who sits there. Everything about people's time hangs on these.

The database holds two promises whatever the code above does (docs/architecture.md):
nobody is in two places at once (``Claim``), and no shift is overfilled (``Seat``).
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.lifecycle import Move, Stateful
from programme.models import Room, Topic, Venue
from supporters.errors import (
    OfferClosed,
    OfferLapsed,
    ShiftCancelled,
    ShiftFull,
    ShiftStarted,
)
from supporters.messages import tell_accepted, tell_offer, tell_released
from supporters.models.claims import Claim, RoomClaim
from supporters.models.people import Supporter
from supporters.owners import owner_of
from supporters.rules import check

SEATS_AT_MOST = 99


class ShiftQuerySet(models.QuerySet["Shift"]):
    def standing(self) -> Self:
        """Those that were not cancelled."""
        return self.filter(cancelled_at=None)

    def with_staffing(self) -> Self:
        """Annotates ``held`` (people who have said yes) and ``asked`` (offers still open)."""
        return self.annotate(
            held=Count("assignments", filter=Q(assignments__status__in=Assignment.HELD), distinct=True),
            asked=Count("assignments", filter=Q(assignments__status=Assignment.Status.OFFERED), distinct=True),
        )

    def understaffed(self) -> Self:
        """Those that still need somebody, open offers not counted."""
        return self.with_staffing().filter(held__lt=F("needed"))


class Shift(models.Model):
    """A time at a venue that needs people. ``purpose`` names the owner: see supporters/owners.py."""

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
    # Raised with each change that a calendar must follow (RFC 5545 SEQUENCE).
    sequence = models.PositiveIntegerField(default=0)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("活動")
        verbose_name_plural = _("活動")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(name="shift_ends_after_start", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="shift_needs_somebody", condition=Q(needed__range=(1, SEATS_AT_MOST))),
            models.CheckConstraint(
                name="shift_cancelled_has_reason",
                condition=Q(cancelled_at=None, cancel_reason="") | Q(cancelled_at__isnull=False) & ~Q(cancel_reason=""),
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
        )
        Seat.objects.bulk_create(Seat.at(shift, number) for number in range(1, (seats or needed) + 1))
        ShiftTopic.objects.bulk_create(ShiftTopic(shift=shift, topic=topic, level=level) for topic, level in topics)
        if room:
            RoomClaim.book(shift)
        return shift

    def is_staffed(self) -> bool:
        return self.assignments.filter(status__in=Assignment.HELD).count() >= self.needed

    def is_full(self) -> bool:
        """Whether nobody can take a seat: none is free, and nobody wants a stand-in."""
        free = Q(assignment=None) | Q(assignment__status=Assignment.Status.STANDING_IN_WANTED)
        return not self.seats.filter(free).exists()

    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    @transaction.atomic
    def cancel(self, *, by: Any, reason: str) -> list["Assignment"]:
        """Call the shift off: people and room are free again. Returns whom it concerned, for the owner to tell."""
        rows = type(self).objects.filter(pk=self.pk, cancelled_at=None)
        if rows.update(cancelled_at=timezone.now(), cancel_reason=reason, sequence=F("sequence") + 1) != 1:
            return []
        self.refresh_from_db()
        RoomClaim.objects.filter(shift=self).delete()
        concerned = list(self.assignments.filter(status__in=Assignment.LIVE).select_related("supporter__contact"))
        for assignment in concerned:
            assignment._leave(Assignment.Status.CANCELLED, by=by, reason=reason)
        return concerned


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


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: Any) -> Self:
        """Coordinators see all, supporters their own."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_coordinator else self.filter(supporter__user=user)

    def held(self) -> Self:
        return self.filter(status__in=Assignment.HELD)

    def offered(self) -> Self:
        return self.filter(status=Assignment.Status.OFFERED)

    def open(self, now: dt.datetime) -> Self:
        """Offers that may still be answered."""
        return self.offered().filter(answer_by__gt=now)

    def served(self, now: dt.datetime) -> Self:
        """Duties that are over and were kept, so far as anybody said: a desk's need no report."""
        return self.held().filter(shift__ends_at__lte=now)

    def upcoming(self) -> Self:
        return self.filter(shift__ends_at__gte=timezone.now()).order_by("shift__starts_at")


class Assignment(Stateful):
    """A supporter on a shift, from being proposed to having been there."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("案")
        OFFERED = "offered", _("お願い中")
        ACCEPTED = "accepted", _("引き受け済み")
        DECLINED = "declined", _("辞退")
        LAPSED = "lapsed", _("期限切れ")
        STANDING_IN_WANTED = "standing_in_wanted", _("代わりの人を探しています")
        RELEASED = "released", _("交代済み")
        CANCELLED = "cancelled", _("中止")
        ATTENDED = "attended", _("参加")
        ABSENT = "absent", _("欠席")

    TRANSITIONS = {
        Status.PROPOSED: {Status.OFFERED, Status.CANCELLED},
        Status.OFFERED: {Status.ACCEPTED, Status.DECLINED, Status.LAPSED, Status.CANCELLED},
        Status.ACCEPTED: {Status.STANDING_IN_WANTED, Status.ATTENDED, Status.ABSENT, Status.CANCELLED},
        Status.STANDING_IN_WANTED: {
            Status.ACCEPTED,
            Status.RELEASED,
            Status.ATTENDED,
            Status.ABSENT,
            Status.CANCELLED,
        },
        # Who was there and who was not may be put right.
        Status.ATTENDED: {Status.ABSENT},
        Status.ABSENT: set(),
    }
    # Those who hold a seat and claim their time.
    HELD = (Status.ACCEPTED, Status.STANDING_IN_WANTED, Status.ATTENDED)
    # Those for whom the shift is not over and done with.
    LIVE = (Status.PROPOSED, Status.OFFERED, Status.ACCEPTED, Status.STANDING_IN_WANTED)

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="assignments")
    supporter = models.ForeignKey(Supporter, on_delete=models.PROTECT, related_name="assignments")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PROPOSED)
    seat = models.OneToOneField(Seat, null=True, blank=True, on_delete=models.PROTECT, related_name="assignment")
    offered_at = models.DateTimeField(null=True, blank=True)
    answer_by = models.DateTimeField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("担当")
        verbose_name_plural = _("担当")
        ordering = ["shift__starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="assignment_status_known",
                condition=Q(
                    status__in=[
                        "proposed",
                        "offered",
                        "accepted",
                        "declined",
                        "lapsed",
                        "standing_in_wanted",
                        "released",
                        "cancelled",
                        "attended",
                        "absent",
                    ]
                ),
            ),
            models.UniqueConstraint(
                fields=["shift", "supporter"],
                condition=Q(status__in=["proposed", "offered", "accepted", "standing_in_wanted", "attended"]),
                name="assignment_once_while_live",
            ),
            models.CheckConstraint(
                name="assignment_held_has_seat",
                condition=Q(status__in=["accepted", "standing_in_wanted", "attended"], seat__isnull=False)
                | ~Q(status__in=["accepted", "standing_in_wanted", "attended"]) & Q(seat__isnull=True),
            ),
            models.CheckConstraint(
                name="assignment_seat_is_of_its_shift",
                condition=Q(seat=None)
                | Q(seat__gt=F("shift_id") * 100) & Q(seat__lte=F("shift_id") * 100 + SEATS_AT_MOST),
            ),
            models.CheckConstraint(
                name="assignment_offer_paired",
                condition=Q(offered_at=None, answer_by=None) | Q(offered_at__isnull=False, answer_by__isnull=False),
            ),
            models.CheckConstraint(
                name="assignment_offered_has_deadline", condition=~Q(status="offered") | Q(answer_by__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supporter} → {self.shift}"

    @property
    def is_held(self) -> bool:
        return self.status in self.HELD

    @property
    def is_overdue(self) -> bool:
        """An open offer whose answer did not come in time."""
        return self.status == self.Status.OFFERED and self.answer_by is not None and self.answer_by <= timezone.now()

    # --- Verbs -----------------------------------------------------------------------------------------
    def accept(self, *, by: Any) -> None:
        """Say yes: take a seat and claim the time. Saying yes twice is saying it once.

        Of many who say yes to the last seat the first has it. Raises OfferClosed, OfferLapsed,
        ShiftCancelled, ShiftStarted, ShiftFull, AlreadyBooked, or what ``supporters.rules.check`` raises.
        """
        # A look before the queue: of fifty who tap at once, those who come too late need not wait for a lock.
        self.refresh_from_db()
        if self.status == self.Status.OFFERED:
            self._refuse_if_closed(self.shift)
            if self.shift.is_full():
                raise ShiftFull
        with transaction.atomic():
            # Always in this order: shift, supporter, assignment. Whoever waits, waits here.
            shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
            supporter = Supporter.objects.select_for_update(no_key=True).get(pk=self.supporter_id)
            self.refresh_from_db()
            if self.status == self.Status.ACCEPTED:
                return
            self._refuse_if_closed(shift)
            if self.status == self.Status.STANDING_IN_WANTED:  # "I can come after all"
                check(supporter, shift)
                self._move(self.Status.ACCEPTED, by=by)
            else:
                self._take_seat(supporter, shift, by=by)

    def _refuse_if_closed(self, shift: Shift) -> None:
        """Raise what stands against a yes, whoever says it: OfferClosed, ShiftCancelled, ShiftStarted, OfferLapsed."""
        if self.status not in (self.Status.OFFERED, self.Status.STANDING_IN_WANTED):
            raise OfferClosed(status=self.get_status_display())
        if shift.cancelled_at:
            raise ShiftCancelled
        if shift.starts_at <= timezone.now():
            raise ShiftStarted
        if self.is_overdue:
            raise OfferLapsed

    def _take_seat(self, supporter: Supporter, shift: Shift, *, by: Any) -> None:
        seat, leaving = self._find_seat(shift)
        check(supporter, shift, instead_of=leaving)
        was_staffed = shift.is_staffed()
        if leaving:
            leaving._release(shift, by=by)
        self._move(self.Status.ACCEPTED, by=by, seat=seat)
        Claim.stake(self, shift)
        self.shift = shift
        tell_accepted(self)
        if not was_staffed and shift.is_staffed():
            owner_of(shift).staffed(shift, by=by)

    def _find_seat(self, shift: Shift) -> tuple[Seat, "Assignment | None"]:
        """A free seat, else that of somebody who wants a stand-in and is to be released. Raises ShiftFull."""
        free = Seat.objects.filter(shift=shift, assignment=None).first()
        if free:
            return free, None
        wanted = shift.assignments.filter(status=self.Status.STANDING_IN_WANTED)
        leaving = wanted.select_related("seat", "supporter__contact").first()
        if leaving is None or leaving.seat is None:
            raise ShiftFull
        return leaving.seat, leaving

    def offer(self, *, by: Any, answer_by: dt.datetime) -> None:
        """Ask the supporter, who has until ``answer_by`` to answer."""
        with transaction.atomic():
            self._move(self.Status.OFFERED, by=by, offered_at=timezone.now(), answer_by=answer_by)
            tell_offer(self)

    def decline(self, *, by: Any, reason: str = "") -> None:
        """Say no. Saying it twice is saying it once. Raises OfferClosed when already answered otherwise."""
        with transaction.atomic():
            self.refresh_from_db()
            if self.status == self.Status.DECLINED:
                return
            if self.status != self.Status.OFFERED:
                raise OfferClosed(status=self.get_status_display())
            self._move(self.Status.DECLINED, by=by, reason=reason)

    def lapse(self) -> None:
        """The answer did not come in time."""
        self._move(self.Status.LAPSED, by=None)

    def want_stand_in(self, *, by: Any, reason: str = "") -> None:
        """Say "I can't come": the place is kept until somebody else accepts. Twice is once.

        Raises OfferClosed or ShiftStarted.
        """
        with transaction.atomic():
            self.refresh_from_db()
            if self.status == self.Status.STANDING_IN_WANTED:
                return
            if self.status != self.Status.ACCEPTED:
                raise OfferClosed(status=self.get_status_display())
            if self.shift.starts_at <= timezone.now():
                raise ShiftStarted
            self._move(self.Status.STANDING_IN_WANTED, by=by, reason=reason)

    def record_attendance(self, *, came: bool, by: Any) -> None:
        """After the shift: who was there keeps the seat, who was not gives it back."""
        if came and self.status != self.Status.ATTENDED:
            self._move(self.Status.ATTENDED, by=by)
        elif not came and self.status != self.Status.ABSENT:
            self._leave(self.Status.ABSENT, by=by)

    def _release(self, shift: Shift, *, by: Any) -> None:
        """Somebody else has taken the place. The sequence rises, so that the calendar believes the cancellation."""
        self._leave(self.Status.RELEASED, by=by)
        Shift.objects.filter(pk=shift.pk).update(sequence=F("sequence") + 1)
        shift.refresh_from_db(fields=["sequence"])
        self.shift = shift
        tell_released(self)

    def _leave(self, to: str, *, by: Any, reason: str = "") -> None:
        with transaction.atomic():
            self._move(to, by=by, reason=reason, seat=None)
            self.claims.all().delete()


class AssignmentMove(Move):
    subject = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="moves")
