"""A group's wish for a session every month: each month becomes a request of its own."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from programme.models import Venue
from programme.wording import say_month
from support_requests.rules import GRID

MONTH = relativedelta(months=1)


class SeriesQuerySet(models.QuerySet["Series"]):
    def going_on(self) -> Self:
        return self.filter(ended_at=None)


class Series(models.Model):
    """``next_month`` and ``last_month`` are the first days of the month that is asked for next, and of the last one.

    ``times`` are its rule. What becomes of one month, such as another day or a closed hall, changes no other.
    """

    next_month = models.DateField()
    last_month = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = SeriesQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="series_last_month_is_a_first", condition=Q(last_month__day=1)),
            models.CheckConstraint(name="series_next_month_is_a_first", condition=Q(next_month__day=1)),
            models.CheckConstraint(
                name="series_ended_by_none_but_the_ended", condition=Q(ended_by=None) | Q(ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"–{self.last_month:%Y-%m}"

    @classmethod
    @transaction.atomic
    def begin(cls, starts: Sequence[dt.datetime], *, months: int) -> Self:
        """A group asks for ``starts``, and for the like of them in each of ``months`` months, the first included."""
        first = _month_of(starts)
        series = cls(next_month=first + MONTH, last_month=first + (months - 1) * MONTH)
        series.save()
        series._keep_rule(starts)
        return series

    @transaction.atomic
    def begin_anew(self, starts: Sequence[dt.datetime]) -> None:
        """The group puts right what it asked for before its first month was confirmed: as many months of ``starts``."""
        left = relativedelta(self.last_month, self.next_month)
        self.next_month = _month_of(starts) + MONTH
        self.last_month = self.next_month + left
        self.save(update_fields=["next_month", "last_month"])
        self.times.all().delete()
        self._keep_rule(starts)

    def _keep_rule(self, starts: Sequence[dt.datetime]) -> None:
        first = _month_of(starts)
        SeriesTime.objects.bulk_create(
            SeriesTime(series=self, rank=rank, **_rule_of(timezone.localtime(start), first))
            for rank, start in enumerate(starts, start=1)
        )

    @property
    def says(self) -> str:
        """The last month in words."""
        return say_month(self.last_month)

    def starts_in(self, month: dt.date, venue: Venue, *, minutes: int) -> list[dt.datetime]:
        """The rule's times for ``minutes`` in the month that begins on ``month``, in order of wish; none where
        ``venue`` is shut.
        """
        return self._starts(
            month, is_open=lambda day: not venue.closed_on(day), time_of=lambda it: nearest_time(it, venue, minutes)
        )

    def usual_in(self, month: dt.date) -> list[dt.datetime]:
        """As ``starts_in``, of a venue that is always open."""
        return self._starts(month, is_open=lambda _day: True, time_of=lambda time: time)

    def _starts(
        self, month: dt.date, *, is_open: Callable[[dt.date], bool], time_of: Callable[[dt.time], dt.time | None]
    ) -> list[dt.datetime]:
        found: list[dt.datetime] = []
        for one in self.times.all():
            time = time_of(one.time)
            start = one.in_month(month, time, is_open=is_open, taken=found) if time else None
            if start:
                found.append(start)
        return found

    def end(self, *, by: Any) -> None:
        """No further month is asked for (``by`` None: the group by its link). Twice is once."""
        rows = Series.objects.going_on().filter(pk=self.pk)
        rows.update(ended_at=timezone.now(), ended_by=by)
        self.refresh_from_db()


class SeriesTime(models.Model):
    """One time of a series' rule, such as "the 2nd Tuesday, 10:00"; rank 1 suits best.

    ``weekday``: Monday is 0. ``months_later``: wishes may stand in the month after that of the earliest one.
    """

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="times")
    rank = models.PositiveSmallIntegerField()
    months_later = models.PositiveSmallIntegerField(default=0)
    week = models.PositiveSmallIntegerField()
    weekday = models.PositiveSmallIntegerField()
    time = models.TimeField()

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["series", "rank"], name="series_rank_once"),
            models.CheckConstraint(
                name="series_time_known", condition=Q(week__range=(1, 5)) & Q(weekday__range=(0, 6))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.week}/{self.weekday} {self.time:%H:%M}"

    def in_month(
        self, month: dt.date, time: dt.time, *, is_open: Callable[[dt.date], bool], taken: Iterable[dt.datetime]
    ) -> dt.datetime | None:
        """Its day, at ``time``, in the month that begins on ``month``.

        Where the month has no fifth such weekday, or the day is not open, the nearest one of the month stands.
        """
        first = month + self.months_later * MONTH
        first_such = first + dt.timedelta(days=(self.weekday - first.weekday()) % 7)
        for week in sorted(range(1, 6), key=lambda it: abs(it - self.week)):
            day = first_such + dt.timedelta(weeks=week - 1)
            moment = timezone.make_aware(dt.datetime.combine(day, time))
            if day.month == first.month and is_open(day) and moment not in taken:
                return moment
        return None


def nearest_time(time: dt.time, venue: Venue, minutes: int) -> dt.time | None:
    """``time``, or the nearest one on the grid from which ``minutes`` lie within the hours of ``venue``; None where
    these are too short."""
    if venue.is_within_hours(time, minutes) or venue.opens is None or venue.closes is None:
        return time
    first = -(-(venue.opens.hour * 60 + venue.opens.minute) // GRID) * GRID
    last = (venue.closes.hour * 60 + venue.closes.minute - minutes) // GRID * GRID
    found = first if time < venue.opens else last
    return dt.time(*divmod(found, 60)) if first <= last else None


def _month_of(starts: Iterable[dt.datetime]) -> dt.date:
    """The first day of the month in which the earliest of ``starts`` is."""
    return timezone.localdate(min(starts)).replace(day=1)


def _rule_of(start: dt.datetime, first: dt.date) -> dict[str, Any]:
    """What a SeriesTime keeps of ``start``, a Tokyo time, in a series whose month begins on ``first``."""
    months_later = (start.year - first.year) * 12 + start.month - first.month
    return {
        "months_later": months_later,
        "week": (start.day - 1) // 7 + 1,
        "weekday": start.weekday(),
        "time": start.time(),
    }
