"""Desks (デジタルよろず相談所) and the dates on which they open."""

import datetime as dt
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Self

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from consult.errors import OpeningOver, ReasonMissing
from consult.opening_days import say_rule
from programme.models import Role, Topic, User, Venue
from programme.models.places import dates_of, validate_rule
from programme.wording import say_day
from supporters.messages import tell_cancelled
from supporters.models import Assignment, Shift
from supporters.owners import Link


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


@dataclass(frozen=True, slots=True)
class DatePlan:
    """What a rule gives for a period: new dates, dates on which the venue is closed and why, dates made before."""

    new: list[dt.date]
    closed: dict[dt.date, str]
    there: list[dt.date]


def new_code() -> str:
    return f"desk-{secrets.token_hex(4)}"


class Desk(models.Model):
    """A place with fixed hours where anybody may walk in."""

    code = models.CharField(_("コード"), max_length=40, unique=True, default=new_code)
    name = models.CharField(_("名称"), max_length=100)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="desks", verbose_name=_("会場"))
    rule = models.CharField(_("開設日の規則(RRULE)"), max_length=200, validators=[validate_rule])
    opens = models.TimeField(_("開始"))
    closes = models.TimeField(_("終了"))
    seats = models.PositiveSmallIntegerField(_("担当の人数"), default=2)
    needs_lead = models.BooleanField(_("リーダーが必要"), default=True)
    topics = models.ManyToManyField(Topic, blank=True, verbose_name=_("担当に必要な内容"))
    accounts = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="desks", verbose_name=_("端末のアカウント")
    )
    active = models.BooleanField(_("開設中"), default=True)

    objects = DeskQuerySet.as_manager()

    class Meta:
        verbose_name = _("相談所")
        verbose_name_plural = _("相談所")
        ordering = ["venue__district__position", "name"]
        constraints = [
            models.CheckConstraint(name="desk_closes_after_opening", condition=Q(closes__gt=F("opens"))),
            models.CheckConstraint(name="desk_has_seats", condition=Q(seats__gte=1)),
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
        closed = self.venue.closures.closed_days(first, last) if self.venue.closures else {}
        return {day: closed[day] for day in dates_of(self.rule, first, last) if day in closed}

    def plan_dates(self, first: dt.date, last: dt.date) -> DatePlan:
        """What ``open_dates`` would do."""
        closed = self.closed_dates(first, last)
        there = list(self.openings.filter(date__range=(first, last)).order_by("date").values_list("date", flat=True))
        days = dates_of(self.rule, first, last)
        return DatePlan([day for day in days if day not in closed and day not in there], closed, there)

    # --- Verbs -----------------------------------------------------------------------------------------
    @transaction.atomic
    def open_dates(self, first: dt.date, last: dt.date) -> list["Opening"]:
        """Make an opening, with its shift, for each date of the rule that is not closed and not yet there.

        A date that was called off is there: it does not come back by itself.
        """
        type(self).objects.select_for_update().get(pk=self.pk)  # two people at once make each date once
        topics = [(topic, 1) for topic in self.topics.all()]
        return [self._open_on(day, topics) for day in self.plan_dates(first, last).new]

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

    def _open_on(self, day: dt.date, topics: list[tuple[Topic, int]]) -> "Opening":
        shift = Shift.plan(
            purpose=Opening.PURPOSE,
            title=self.name,
            venue=self.venue,
            starts_at=timezone.make_aware(dt.datetime.combine(day, self.opens)),
            ends_at=timezone.make_aware(dt.datetime.combine(day, self.closes)),
            needed=self.seats,
            topics=topics,
            needs_lead=self.needs_lead,
        )
        return Opening.objects.create(desk=self, date=day, shift=shift)


class OpeningManager(models.Manager["Opening"]):
    """Also the owner of desk shifts: see supporters/owners.py."""

    def staffed(self, shift: Shift, *, by: Any) -> None:
        """A desk opens at its hours whoever sits there: a full team changes nothing and nobody need be told."""

    def links(self, shifts: Collection[Shift]) -> dict[int, list[Link]]:
        """The log of each opening, from its day on."""
        today = self.filter(shift__in=shifts, date__lte=timezone.localdate())
        return {
            opening.shift_id: [Link(gettext("相談を記録する"), reverse("consult:log", args=[opening.pk]))]
            for opening in today
        }


class OpeningQuerySet(models.QuerySet["Opening"]):
    def standing(self) -> Self:
        """Those that were not called off."""
        return self.filter(shift__cancelled_at=None)

    def coming(self) -> Self:
        """Those that are not over yet, the next one first."""
        return self.filter(shift__ends_at__gt=timezone.now()).order_by("date", "shift__starts_at", "pk")

    def with_staffing(self) -> Self:
        """Annotates ``held`` (people who have said yes) and ``asked`` (offers still open)."""
        status = Q(shift__assignments__status__in=Assignment.HELD)
        offered = Q(shift__assignments__status=Assignment.Status.OFFERED)
        return self.annotate(
            held=Count("shift__assignments", filter=status, distinct=True),
            asked=Count("shift__assignments", filter=offered, distinct=True),
        )

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
        """The desk stays shut on this date; its people are told and free again. Saying it twice is saying it once.

        Raises ReasonMissing, or OpeningOver once the desk has opened.
        """
        if not reason.strip():
            raise ReasonMissing
        shift = Shift.objects.select_for_update(no_key=True).get(pk=self.shift_id)
        if shift.cancelled_at is None and shift.starts_at <= timezone.now():
            raise OpeningOver(day=say_day(self.date))
        only_proposed = set(shift.assignments.filter(status=Assignment.Status.PROPOSED).values_list("pk", flat=True))
        for assignment in shift.cancel(by=by, reason=reason.strip()):
            if assignment.pk not in only_proposed:  # they never heard of it
                tell_cancelled(assignment)
