"""Desks (デジタルよろず相談所) and the dates on which they open."""

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.models import Topic, Venue
from programme.models.places import dates_of, validate_rule
from supporters.messages import tell_cancelled
from supporters.models import Assignment, Shift


class DeskQuerySet(models.QuerySet["Desk"]):
    def visible_to(self, user: Any) -> Self:
        """Coordinators see all; a desk's own account its desk; supporters the desks of their duties."""
        if not user.is_authenticated:
            return self.none()
        if user.is_coordinator:
            return self
        if user.is_desk:
            return self.filter(accounts=user)
        return self.filter(
            openings__shift__assignments__supporter__user=user,
            openings__shift__assignments__status__in=Assignment.HELD,
        ).distinct()


class Desk(models.Model):
    """A place with fixed hours where anybody may walk in."""

    code = models.CharField(_("コード"), max_length=40, unique=True)
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

    @transaction.atomic
    def open_dates(self, first: dt.date, last: dt.date) -> list["Opening"]:
        """Make an opening, with its shift, for each date of the rule that is not closed and not yet there."""
        closed = self.venue.closures.closed_days(first, last) if self.venue.closures else {}
        there = set(self.openings.filter(date__range=(first, last)).values_list("date", flat=True))
        wanted = [day for day in dates_of(self.rule, first, last) if day not in closed and day not in there]
        topics = [(topic, 1) for topic in self.topics.all()]
        return [self._open_on(day, topics) for day in wanted]

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


class OpeningQuerySet(models.QuerySet["Opening"]):
    def standing(self) -> Self:
        return self.filter(shift__cancelled_at=None)

    def visible_to(self, user: Any) -> Self:
        """As ``Desk.objects.visible_to``, but a supporter sees only the dates of the own duties."""
        if not user.is_authenticated:
            return self.none()
        if user.is_coordinator:
            return self
        if user.is_desk:
            return self.filter(desk__accounts=user)
        return self.filter(
            shift__assignments__supporter__user=user, shift__assignments__status__in=Assignment.HELD
        ).distinct()


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

    @transaction.atomic
    def call_off(self, *, by: Any, reason: str) -> None:
        """The desk stays shut on this date; its people are told and free again."""
        for assignment in self.shift.cancel(by=by, reason=reason):
            tell_cancelled(assignment)
