"""A group's wish for a session every month: each month becomes a request of its own."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from programme.wording import say_month


class SeriesQuerySet(models.QuerySet["Series"]):
    def going_on(self) -> Self:
        return self.filter(ended_at=None)


class Series(models.Model):
    """``last_month`` is the first day of the last month for which the group asks."""

    last_month = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = SeriesQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="series_last_month_is_a_first", condition=Q(last_month__day=1)),
            models.CheckConstraint(
                name="series_ended_by_none_but_the_ended", condition=Q(ended_by=None) | Q(ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"–{self.last_month:%Y-%m}"

    @property
    def says(self) -> str:
        """The last month in words."""
        return say_month(self.last_month)

    def end(self, *, by: Any) -> None:
        """No further month is asked for (``by`` None: the group by its link). Twice is once."""
        rows = Series.objects.going_on().filter(pk=self.pk)
        rows.update(ended_at=timezone.now(), ended_by=by)
        self.refresh_from_db()
