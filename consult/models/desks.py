"""Desks (デジタルよろず相談所) and the dates on which they open."""

import datetime as dt
import secrets
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Self

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from consult.dates import DatePlan, plan_dates
from consult.errors import DeskEnded, OpeningOver, ReasonMissing, VenueShut
from consult.opening_days import say_rule
from programme.models import Role, Room, Topic, User, Venue
from programme.models.places import dates_of, validate_rule
from programme.models.records import recorded
from programme.wording import say_day
from supporters.messages import tell_cancelled
from supporters.models import Assignment, Shift, Supporter
from supporters.models.shifts import staffing
from supporters.owners import Link

if TYPE_CHECKING:
    from consult.models.rota import OpeningBatch


class DeskQuerySet(models.QuerySet["Desk"]):
    def visible_to(self, user: Any) -> Self:
        """Coordinators see all; a desk's own account its desk; supporters the desks of their duties."""
        if not user.is_authenticated:
            return self.none()
        if user.is_coordinator:
            return self
        if user.is_desk:
            return self.filter(accounts=user)
        return self.filter(pk__in=Opening.objects.visible_to(user).values("desk"))


def new_code() -> str:
    return f"desk-{secrets.token_hex(4)}"


@recorded(leave_out=("code",), many=("topics", "accounts"), made=True)
class Desk(models.Model):
    """A place with fixed hours where anybody may walk in."""

    code = models.CharField(_("コード"), max_length=40, unique=True, default=new_code)
    name = models.CharField(_("名称"), max_length=100)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="desks", verbose_name=_("会場"))
    rule = models.CharField(_("開設日の規則(RRULE)"), max_length=200, validators=[validate_rule])
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.PROTECT, related_name="desks", verbose_name=_("部屋")
    )
    opens = models.TimeField(_("開始"))
    closes = models.TimeField(_("終了"))
    seats = models.PositiveSmallIntegerField(_("担当の人数"), default=2)
    needs_lead = models.BooleanField(_("リーダーが必要"), default=True)
    topics = models.ManyToManyField(Topic, blank=True, verbose_name=_("担当に必要な内容"))
    accounts = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="desks", verbose_name=_("端末のアカウント")
    )
    active = models.BooleanField(_("開設中"), default=True)
    reservable = models.BooleanField(_("予約を受ける"), default=False)
    slot_minutes = models.PositiveSmallIntegerField(_("予約1回の時間(分)"), default=20)
    slot_places = models.PositiveSmallIntegerField(_("同じ時間に予約できる人数"), default=1)

    objects = DeskQuerySet.as_manager()

    class Meta:
        verbose_name = _("相談所")
        verbose_name_plural = _("相談所")
        ordering = ["venue__district__position", "name"]
        constraints = [
            models.CheckConstraint(name="desk_closes_after_opening", condition=Q(closes__gt=F("opens"))),
            models.CheckConstraint(name="desk_has_seats", condition=Q(seats__gte=1)),
            models.CheckConstraint(
                name="desk_slots_sensible", condition=Q(slot_minutes__range=(5, 120), slot_places__range=(1, 20))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What the public reads. The name is Japanese; who reads English is told the hall."""
        return gettext("よろず相談所 %(venue)s") % {"venue": self.venue} if get_language() == "en" else self.name

    @property
    def rule_in_words(self) -> str:
        return say_rule(self.rule)

    def closed_dates(self, first: dt.date, last: dt.date) -> dict[dt.date, str]:
        """The dates of the rule from ``first`` to ``last`` on which the venue is closed, each with its reason."""
        closed = self.venue.closed_days(first, last)
        return {day: closed[day] for day in dates_of(self.rule, first, last) if day in closed}

    def plan_dates(self, first: dt.date, last: dt.date) -> DatePlan:
        """What ``open_dates`` would do."""
        return plan_dates(self, first, last)

    # --- Verbs -----------------------------------------------------------------------------------------
    @transaction.atomic
    def open_dates(
        self, first: dt.date, last: dt.date, *, by: Any = None, only: Collection[dt.date] | None = None
    ) -> list["Opening"]:
        """Make an opening, with its shift, for each date of the rule that is free and not yet there: one batch.

        ``only``: those of the plan's dates, and of what it suggests for dates that are not free, that were chosen.
        A date that was called off or moved is there: it does not come back by itself. Raises RoomTaken.
        """
        type(self).objects.select_for_update().get(pk=self.pk)  # two people at once make each date once
        plan = self.plan_dates(first, last)
        days = plan.new if only is None else sorted(plan.possible & set(only))
        if not days:
            return []
        topics = [(topic, 1) for topic in self.topics.all()]
        batch = self.batches.create(first=min(first, days[0]), last=max(last, days[-1]), made_by=by)
        return [self._open_on(day, topics, batch=batch) for day in days]

    @transaction.atomic
    def set_slots(self) -> None:
        """Openings to come take on what the desk says about reservations, except those that have some already."""
        slots = self.slot_minutes if self.reservable else None
        coming = self.openings.filter(shift__starts_at__gt=timezone.now())
        # Whoever reserves in this moment comes first, and the opening stays as it is, or finds the new slots.
        shifts = Shift.objects.select_for_update(no_key=True).filter(pk__in=coming.values("shift"))
        list(shifts.order_by("pk"))
        untouched = coming.filter(reservations=None)
        self.openings.filter(pk__in=untouched.values("pk")).update(slot_minutes=slots, slot_places=self.slot_places)

    def still_to_open(self) -> "OpeningQuerySet":
        """The openings that will take place unless they are called off, the next one first."""
        return self.openings.standing().filter(shift__starts_at__gt=timezone.now()).order_by("date", "pk")

    @transaction.atomic
    def call_off_all(self, *, by: Any, reason: str) -> int:
        """No opening to come takes place; everybody concerned is told. Returns how many. As ``Opening.call_off``."""
        openings = list(self.still_to_open())
        for opening in openings:
            opening.call_off(by=by, reason=reason)
        return len(openings)

    @transaction.atomic
    def let_in(self, emails: Iterable[str]) -> None:
        """The accounts that may log here are those of ``emails``, no others; new ones are made.

        The caller has seen to it that none of them has another role.
        """
        wanted = list(dict.fromkeys(email.lower() for email in emails))
        known = {user.email: user for user in User.objects.filter(email__in=wanted, role=Role.DESK)}
        self.accounts.set(known.get(email) or self._new_account(email) for email in wanted)

    def _new_account(self, email: str) -> User:
        user = User.objects.create_user(email, name=self.name, role=Role.DESK)
        # Signing in by a code proves the address already: no second code to confirm it.
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def _open_on(
        self, day: dt.date, topics: list[tuple[Topic, int]], *, batch: "OpeningBatch | None" = None
    ) -> "Opening":
        shift = Shift.plan(
            purpose=Opening.PURPOSE,
            title=self.name,
            venue=self.venue,
            room=self.room,
            starts_at=timezone.make_aware(dt.datetime.combine(day, self.opens)),
            ends_at=timezone.make_aware(dt.datetime.combine(day, self.closes)),
            needed=self.seats,
            topics=topics,
            needs_lead=self.needs_lead,
            joining=Shift.Joining.FIRST_COME,
        )
        return Opening.objects.create(
            desk=self,
            date=day,
            shift=shift,
            batch=batch,
            slot_minutes=self.slot_minutes if self.reservable else None,
            slot_places=self.slot_places,
        )


class OpeningManager(models.Manager["Opening"]):
    """Also the owner of desk shifts: see supporters/owners.py."""

    reports = False

    def staffed(self, shift: Shift, *, by: Any) -> None:
        """A desk opens at its hours whoever sits there: a full team changes nothing and nobody need be told."""

    def unstaffed(self, shift: Shift, *, by: Any, reason: str) -> None:
        """Neither does a team that is full no more."""

    def links(self, shifts: Collection[Shift]) -> dict[int, list[Link]]:
        """The log of each opening, from its day on."""
        today = self.filter(shift__in=shifts, date__lte=timezone.localdate())
        return {
            opening.shift_id: [Link(gettext("相談を記録する"), reverse("consult:log", args=[opening.pk]))]
            for opening in today
        }

    def thanks(self, shifts: Collection[Shift]) -> dict[int, str]:
        """Who comes to a desk is not asked afterwards."""
        return {}

    def helped(self, shifts: Collection[Shift]) -> tuple[str, str]:
        """The cases of these dates, whoever of the team took them."""
        valid = Q(consultations__isnull=False, consultations__voided_at=None)
        cases = self.filter(shift__in=shifts).aggregate(cases=Count("consultations", filter=valid))["cases"]
        return gettext("相談所で、みんなで受けた相談"), gettext("%(number)s件") % {"number": cases}

    def ring(self, shift: Shift) -> None:
        """Nobody: at a desk the office is the other side."""

    def kept(self, shifts: Collection[Shift]) -> dict[int, list[Supporter]]:
        """The members of standing teams who are to be put down, or asked."""
        from consult.teams import expected

        return expected(shifts)


class OpeningQuerySet(models.QuerySet["Opening"]):
    def standing(self) -> Self:
        """Those that were not called off."""
        return self.filter(shift__cancelled_at=None)

    def coming(self) -> Self:
        """Those that are not over yet, the next one first."""
        return self.filter(shift__ends_at__gt=timezone.now()).order_by("date", "shift__starts_at", "pk")

    def with_staffing(self, now: Any = None) -> Self:
        """Annotates what ``supporters.models.shifts.staffing`` counts."""
        return self.annotate(**staffing("shift__assignments", now))

    def short_of_people(self, now: Any, until: Any) -> Self:
        """Standing openings between ``now`` and ``until`` without enough people who will come, or without a lead.

        As ``with_staffing``, and ``leads``: how many of those who come are leads.
        """
        near = self.standing().filter(shift__starts_at__gt=now, shift__starts_at__lt=until)
        path = "shift__assignments"
        lead = Q(**{f"{path}__status__in": Assignment.STAYING, f"{path}__supporter__is_lead": True})
        # Counted with the rest: asked by itself, the database would look at the people of all times.
        near = near.with_staffing(now).annotate(leads=Count(path, filter=lead, distinct=True))
        return near.filter(Q(held__lt=F("shift__needed")) | Q(shift__needs_lead=True, leads=0))

    def with_cases(self) -> Self:
        """Annotates ``cases``: how many consultations were logged, those made void not counted."""
        from consult.models.log import Consultation

        counts = Consultation.objects.counted().filter(opening=OuterRef("pk")).order_by().values("opening")
        return self.annotate(cases=Coalesce(Subquery(counts.annotate(number=Count("pk")).values("number")), 0))

    def visible_to(self, user: Any) -> Self:
        """As ``Desk.objects.visible_to``, but a supporter sees only the dates of the own duties."""
        if not user.is_authenticated:
            return self.none()
        if user.is_coordinator:
            return self
        if user.is_desk:
            return self.filter(desk__accounts=user)
        return self.filter(shift__in=Assignment.objects.held().filter(supporter__user=user).values("shift"))


class Opening(models.Model):
    """One date of a desk. Its time and people are its shift's."""

    PURPOSE = "desk"

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="openings")
    date = models.DateField(_("日"))
    shift = models.OneToOneField(Shift, on_delete=models.PROTECT, related_name="opening")
    batch = models.ForeignKey("OpeningBatch", null=True, blank=True, on_delete=models.SET_NULL, related_name="openings")
    changed_at = models.DateTimeField(default=timezone.now)  # when made, moved or called off: what feeds go by
    # The slots that may be reserved, as the desk had them when this was made; null: none.
    slot_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    slot_places = models.PositiveSmallIntegerField(default=1)

    objects = OpeningManager.from_queryset(OpeningQuerySet)()

    class Meta:
        verbose_name = _("開設日")
        verbose_name_plural = _("開設日")
        ordering = ["date", "desk"]
        constraints = [models.UniqueConstraint(fields=["desk", "date"], name="opening_once")]

    def __str__(self) -> str:
        return f"{self.desk} {self.date}"

    @property
    def is_cancelled(self) -> bool:
        return self.shift.cancelled_at is not None

    @transaction.atomic
    def call_off(self, *, by: Any, reason: str) -> None:
        """The desk stays shut on this date; its people, and who has reserved, are told. Twice is once.

        Raises ReasonMissing, or OpeningOver once the desk has opened.
        """
        from consult import reserving

        if not reason.strip():
            raise ReasonMissing
        shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
        if shift.cancelled_at is None and shift.starts_at <= timezone.now():
            raise OpeningOver(day=say_day(self.date))
        if shift.cancelled_at:
            return
        only_proposed = set(shift.assignments.filter(status=Assignment.Status.PROPOSED).values_list("pk", flat=True))
        for assignment in shift.cancel(by=by, reason=reason.strip()):
            if assignment.pk not in only_proposed:  # they never heard of it
                tell_cancelled(assignment)
        type(self).objects.filter(pk=self.pk).update(changed_at=timezone.now())
        reserving.let_go(self, by=by, reason=reason.strip())

    @transaction.atomic
    def reopen(self, *, although_closed: bool = False) -> None:
        """What was called off takes place again, with all places and slots open. Nobody is put back. Twice is once.

        Raises DeskEnded, OpeningOver, VenueShut unless ``although_closed``, or RoomTaken.
        """
        desk = Desk.objects.select_related("venue").get(pk=self.desk_id)
        shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
        if shift.starts_at <= timezone.now():
            raise OpeningOver(day=say_day(self.date))
        if not desk.active:
            raise DeskEnded
        closed = desk.venue.closed_on(self.date)
        if closed and not although_closed:
            raise VenueShut(day=say_day(self.date), reason=closed)
        shift.stand_again()
        type(self).objects.filter(pk=self.pk).update(changed_at=timezone.now())
