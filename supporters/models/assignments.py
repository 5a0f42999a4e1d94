"""Who is on a shift: the way of an assignment from a proposal to having been there."""

import datetime as dt
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.errors import ChangedMeanwhile, Refused
from programme.lifecycle import Move, Stateful
from programme.models import Limits
from supporters.errors import (
    AdultMissing,
    Away,
    NoSeatFree,
    OfferClosed,
    OfferLapsed,
    ShiftCancelled,
    ShiftFull,
    ShiftStarted,
)
from supporters.messages import (
    take_back,
    take_reminders_back,
    tell_accepted,
    tell_moved,
    tell_moved_off,
    tell_not_chosen,
    tell_offer,
    tell_released,
    tell_stood_down,
    tell_taken_off,
)
from supporters.models.claims import Claim
from supporters.models.people import Supporter
from supporters.models.shifts import SEATS_AT_MOST, Seat, Shift
from supporters.models.status import HELD, LIVE, STAYING, AssignmentStatus
from supporters.owners import owner_of, purposes_without_report
from supporters.rules import check, is_without_adult


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: Any) -> Self:
        """Coordinators see all, supporters their own."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_coordinator else self.filter(supporter__user=user)

    def held(self) -> Self:
        return self.filter(status__in=Assignment.HELD)

    def ever_accepted(self) -> Self:
        """Those to which somebody once said yes, also where the duty was called off or left since."""
        return self.filter(
            Exists(AssignmentMove.objects.filter(subject=OuterRef("pk"), to_status=Assignment.Status.ACCEPTED))
        )

    def offered(self) -> Self:
        return self.filter(status=Assignment.Status.OFFERED)

    def open(self, now: dt.datetime) -> Self:
        """Offers that may still be answered."""
        return self.offered().filter(answer_by__gt=now)

    def served(self, now: dt.datetime) -> Self:
        """Duties that are over and were kept, so far as anybody said: a desk's need no report."""
        return self.held().filter(shift__ends_at__lte=now)

    def proven(self, now: dt.datetime) -> Self:
        """Those of ``served`` of which it is known that the person was there: by a report, the office or a check-in."""
        return self.served(now).filter(proof())

    def upcoming(self) -> Self:
        return self.filter(shift__ends_at__gte=timezone.now()).order_by("shift__starts_at")


def proof() -> Q:
    """What it takes, of a duty that is over and was kept, to be ``proven``."""
    checked_in = Q(check_in__isnull=False, shift__purpose__in=purposes_without_report())
    return checked_in | Q(status=AssignmentStatus.ATTENDED)


class Assignment(Stateful):
    """A supporter on a shift, from being proposed to having been there."""

    Status = AssignmentStatus

    TRANSITIONS = {
        # Who takes a place, or is put down by the office, was never asked.
        Status.PROPOSED: {Status.OFFERED, Status.ACCEPTED, Status.CANCELLED},
        # Who applies is chosen or not by the office, and may take the application back.
        Status.APPLIED: {Status.ACCEPTED, Status.DECLINED, Status.NOT_CHOSEN, Status.CANCELLED},
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
        Status.ABSENT: {Status.ATTENDED},
    }
    HELD, STAYING, LIVE = HELD, STAYING, LIVE

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="assignments")
    supporter = models.ForeignKey(Supporter, on_delete=models.PROTECT, related_name="assignments")
    status = models.CharField(max_length=20, choices=AssignmentStatus.choices, default=AssignmentStatus.PROPOSED)
    seat = models.OneToOneField(Seat, null=True, blank=True, on_delete=models.PROTECT, related_name="assignment")
    offered_at = models.DateTimeField(null=True, blank=True)
    answer_by = models.DateTimeField(null=True, blank=True)
    # Whose number its calendar entries bear, where the duty came from a registration that was merged into this one.
    entry_of = models.PositiveBigIntegerField(null=True, editable=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("担当")
        verbose_name_plural = _("担当")
        ordering = ["shift__starts_at", "pk"]
        # Few offers wait at a time: for those that lapse soon nobody reads the duties of all years.
        indexes = [models.Index(fields=["answer_by"], condition=Q(status="offered"), name="assignment_waits")]
        constraints = [
            models.CheckConstraint(
                name="assignment_status_known",
                condition=Q(
                    status__in=[
                        "proposed",
                        "applied",
                        "offered",
                        "accepted",
                        "declined",
                        "lapsed",
                        "standing_in_wanted",
                        "released",
                        "cancelled",
                        "attended",
                        "absent",
                        "not_chosen",
                    ]
                ),
            ),
            models.UniqueConstraint(
                fields=["shift", "supporter"],
                condition=Q(
                    status__in=["proposed", "applied", "offered", "accepted", "standing_in_wanted", "attended"]
                ),
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
    def entry_number(self) -> int:
        """What tells its calendar entries from those of others on the shift: always the same."""
        return self.entry_of or self.supporter_id

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
                raise self._full(by)
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

    @classmethod
    def take(
        cls,
        shift: Shift,
        supporter: Supporter,
        *,
        by: Any,
        reason: str = "",
        despite: Collection[type[Refused]] = (),
        quiet: bool = False,
    ) -> "Assignment":
        """Give ``supporter`` a place that nobody asked them to take: by their own wish, or by the office's hand.

        First come, first served; taking it twice is taking it once. ``despite``: rules that the office sets aside,
        with its ``reason``, which the history keeps. ``quiet``: the caller tells the person. Raises ShiftCancelled,
        ShiftStarted, ShiftFull, AlreadyBooked, or what ``supporters.rules.check`` raises.
        """
        with transaction.atomic():
            try:
                shift = Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
            except Shift.DoesNotExist as error:  # its date was taken back in this very moment
                raise ShiftCancelled from error
            supporter = Supporter.objects.select_for_update(no_key=True).get(pk=supporter.pk)
            row = shift.assignments.filter(supporter=supporter, status__in=cls.LIVE).first()
            if row and row.status == cls.Status.ACCEPTED:
                return row
            if shift.cancelled_at:
                raise ShiftCancelled
            if shift.starts_at <= timezone.now():
                raise ShiftStarted
            if row and row.status == cls.Status.STANDING_IN_WANTED:
                check(supporter, shift, despite=despite)
                row._move(cls.Status.ACCEPTED, by=by, reason=reason)
                return row
            row = row or cls.objects.create(shift=shift, supporter=supporter)
            row._take_seat(supporter, shift, by=by, reason=reason, despite=despite, quiet=quiet)
            return row

    @classmethod
    def apply(cls, shift: Shift, supporter: Supporter, *, by: Any) -> "Assignment":
        """The person would like to come (応募); the office chooses. Applying twice is applying once.

        Whoever is asked already, or has the place, stays so. Raises ShiftCancelled, ShiftStarted, ShiftFull, or what
        ``supporters.rules.check`` raises.
        """
        with transaction.atomic():
            try:
                shift = Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
            except Shift.DoesNotExist as error:  # its date was taken back in this very moment
                raise ShiftCancelled from error
            supporter = Supporter.objects.select_for_update(no_key=True).get(pk=supporter.pk)
            row = shift.assignments.filter(supporter=supporter, status__in=cls.LIVE).first()
            if row:
                if row.status == cls.Status.APPLIED:  # whoever could not be chosen now is not told that all is well
                    check(supporter, shift)
                return row
            if shift.cancelled_at:
                raise ShiftCancelled
            if shift.starts_at <= timezone.now():
                raise ShiftStarted
            if shift.is_full():
                raise cls(supporter=supporter)._full(by)
            check(supporter, shift)
            row = cls.objects.create(shift=shift, supporter=supporter, status=cls.Status.APPLIED)
            row.moves.create(from_status=cls.Status.PROPOSED, to_status=cls.Status.APPLIED, by=by)
            return row

    def choose(self, *, by: Any) -> None:
        """Of those who applied this one comes. Twice is once. Raises OfferClosed and what ``take`` raises."""
        with transaction.atomic():
            Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
            self.refresh_from_db()
            if self.status not in (self.Status.APPLIED, self.Status.ACCEPTED):
                raise OfferClosed(status=self.get_status_display())
            self.take(self.shift, self.supporter, by=by)
            self.refresh_from_db()

    def pass_over(self, *, by: Any) -> None:
        """Somebody else comes; the person who applied is thanked. Who is no applicant any more is left alone."""
        with suppress(ChangedMeanwhile), transaction.atomic():
            self.refresh_from_db()
            if self.status == self.Status.APPLIED:
                self._move(self.Status.NOT_CHOSEN, by=by)
                tell_not_chosen(self)

    def _take_seat(
        self,
        supporter: Supporter,
        shift: Shift,
        *,
        by: Any,
        reason: str = "",
        despite: Collection[type[Refused]] = (),
        quiet: bool = False,
    ) -> None:
        seat, leaving = self._find_seat(shift, by=by)
        check(supporter, shift, instead_of=leaving, despite=despite)
        was_staffed = shift.is_staffed()
        if leaving:
            leaving._release(shift, by=by)
        self._move(self.Status.ACCEPTED, by=by, reason=reason, seat=seat)
        Claim.stake(self, shift)
        take_reminders_back(self)
        if shift.assignments.filter(supporter=supporter).exclude(pk=self.pk).exists():
            shift.raise_sequence()  # what took the entry out of the calendar before is older than what brings it back
        self.shift = shift
        if quiet:
            take_back(self)
        else:
            tell_accepted(self)
        if not was_staffed and shift.is_staffed():
            owner_of(shift).staffed(shift, by=by)
        if shift.is_full():
            for other in shift.assignments.filter(status=self.Status.APPLIED).select_related("supporter__contact"):
                other.pass_over(by=by)

    def _find_seat(self, shift: Shift, *, by: Any) -> tuple[Seat, "Assignment | None"]:
        """A free seat, else that of somebody who wants a stand-in and is to be released. Raises ShiftFull."""
        free = Seat.objects.filter(shift=shift, assignment=None).first()
        if free:
            return free, None
        wanted = shift.assignments.filter(status=self.Status.STANDING_IN_WANTED)
        leaving = wanted.select_related("seat", "supporter__contact").first()
        if leaving is None or leaving.seat is None:
            raise self._full(by)
        return leaving.seat, leaving

    def _full(self, by: Any) -> ShiftFull:
        """As it is said to whoever reads it: to the person, by whose own hand or link it is, or to the office."""
        return ShiftFull() if by is None or by.pk == self.supporter.user_id else NoSeatFree()

    def offer(self, *, by: Any, answer_by: dt.datetime) -> None:
        """Ask the supporter, who has until ``answer_by`` to answer."""
        with transaction.atomic():
            self._move(self.Status.OFFERED, by=by, offered_at=timezone.now(), answer_by=answer_by)
            tell_offer(self)

    def decline(self, *, by: Any, reason: str = "") -> None:
        """Say no, or take an application back. Saying it twice is saying it once.

        Raises OfferClosed when already answered otherwise.
        """
        with transaction.atomic():
            self.refresh_from_db()
            if self.status == self.Status.DECLINED:
                return
            if self.status not in (self.Status.OFFERED, self.Status.APPLIED):
                raise OfferClosed(status=self.get_status_display())
            self._move(self.Status.DECLINED, by=by, reason=reason)
            take_back(self)

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
            kept = {"shift_start": self.shift.starts_at}
            self._move(self.Status.STANDING_IN_WANTED, by=by, reason=reason, kept=kept)
            take_reminders_back(self)

    def take_off(self, *, by: Any, reason: str = "") -> None:
        """The office frees the person from the duty, or from the question, and tells them. Twice is once.

        Raises OfferClosed when there is nothing to be freed from, or ShiftStarted.
        """
        with transaction.atomic():
            shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
            self.refresh_from_db()
            if self.status == self.Status.CANCELLED:
                return
            if self.status not in self.LIVE:
                raise OfferClosed(status=self.get_status_display())
            if shift.starts_at <= timezone.now():
                raise ShiftStarted
            heard = self.status != self.Status.PROPOSED
            self._leave_open(shift, by=by, reason=reason, kept={"shift_start": shift.starts_at})
            shift.raise_sequence()
            self.shift = shift
            if heard:
                tell_taken_off(self, reason=reason)

    def stand_down(self) -> bool:
        """Free a minor beside whom no adult goes or is asked any more, and tell them. Returns whether it was so."""
        with transaction.atomic():
            shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
            supporter = Supporter.objects.select_for_update(no_key=True).get(pk=self.supporter_id)
            self.refresh_from_db()
            if self.status not in (self.Status.ACCEPTED, self.Status.STANDING_IN_WANTED):
                return False
            if shift.cancelled_at or shift.starts_at <= timezone.now() or not is_without_adult(supporter, shift):
                return False
            self._leave_open(shift, by=None, reason=AdultMissing().in_office_language())
            shift.raise_sequence()
            self.shift = shift
            tell_stood_down(self)
            return True

    def give_up(self) -> None:
        """The person is gone for good: nobody waits for an answer or a stand-in, and the place is open.

        The caller has locked the shift.
        """
        with transaction.atomic():
            self._leave_open(self.shift, by=None)
            take_back(self)

    def record_attendance(self, *, came: bool, by: Any) -> None:
        """After the shift: who was there keeps the seat, who was not gives it back. May be put right later.

        Raises ShiftFull or AlreadyBooked for somebody noted as absent whose seat or time has gone to something else.
        """
        if came and self.status == self.Status.ABSENT:
            with transaction.atomic():
                seat, _leaving = self._find_seat(self.shift, by=by)
                self._move(self.Status.ATTENDED, by=by, seat=seat)
                Claim.stake(self, self.shift)
        elif came and self.status != self.Status.ATTENDED:
            self._move(self.Status.ATTENDED, by=by)
        elif not came and self.status != self.Status.ABSENT:
            self._leave(self.Status.ABSENT, by=by)

    def _release(self, shift: Shift, *, by: Any) -> None:
        """Somebody else has taken the place. The sequence rises, so that the calendar believes the cancellation."""
        self._leave(self.Status.RELEASED, by=by)
        shift.raise_sequence()
        self.shift = shift
        tell_released(self)

    def _follow(self, before: tuple[dt.datetime, dt.datetime], *, by: Any, reason: str) -> bool:
        """The shift has moved: stay if the rules allow. The person is told either way. Returns whether they stay."""
        shift = self.shift
        try:
            with transaction.atomic():
                if self.supporter.absences.filter(starts_at__lt=shift.ends_at, ends_at__gt=shift.starts_at).exists():
                    raise Away
                check(self.supporter, shift)
                if self.is_held:
                    Claim.stake(self, shift)
        except Refused as refusal:
            asked = self.status != self.Status.PROPOSED
            self._leave(self.Status.CANCELLED, by=by, reason=refusal.in_office_language()[:200])
            if asked:
                tell_moved_off(self, before=before, reason=reason, why=refusal)
            return False
        if self.status == self.Status.OFFERED and self.answer_by:
            from supporters.asking import answer_by  # which asks by these models

            self.answer_by = min(self.answer_by, answer_by(timezone.now(), shift.starts_at, Limits.current()))
            self.save(update_fields=["answer_by"])
        take_reminders_back(self)
        if self.status != self.Status.PROPOSED:
            tell_moved(self, before=before, reason=reason)
        return True

    def _leave_open(self, shift: Shift, *, by: Any, reason: str = "", kept: Mapping[str, Any] | None = None) -> None:
        """Come no more, with nobody to take the place: the owner hears it when the team was complete with it."""
        was_staffed = shift.is_staffed()
        self._leave(self.Status.CANCELLED, by=by, reason=reason, kept=kept)
        if was_staffed and not shift.is_staffed():
            owner_of(shift).unstaffed(shift, by=by, reason=reason)

    def _leave(self, to: str, *, by: Any, reason: str = "", kept: Mapping[str, Any] | None = None) -> None:
        with transaction.atomic():
            self._move(to, by=by, reason=reason, kept=kept, seat=None)
            self.claims.all().delete()
            take_reminders_back(self)


class AssignmentMove(Move):
    subject = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="moves")
    # Of "I can't come", and of being taken off: when the duty was to begin then. The shift may have another time since.
    shift_start = models.DateTimeField(null=True, editable=False)

    class Meta(Move.Meta):
        # A month's answers are counted by their day.
        indexes = [models.Index(fields=["at"], name="assignment_move_at")]
