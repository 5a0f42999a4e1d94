"""What the programme is: its names, limits, courses, goals and the figures that were published about it."""

from dataclasses import dataclass, fields
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class Programme(models.Model):
    """The one row that says whose programme this is."""

    name = models.CharField(_("事業名"), max_length=100)
    short_name = models.CharField(_("略称"), max_length=20)
    city = models.CharField(_("市"), max_length=50)
    prefecture = models.CharField(_("県"), max_length=20)
    municipality_code = models.CharField(_("全国地方公共団体コード"), max_length=6)
    office = models.CharField(_("所管課"), max_length=50)
    operator = models.CharField(_("受託者"), max_length=100)
    # Blank until somebody who knows has typed it: a wrong number is worse than none.
    phone = models.CharField(_("電話"), max_length=20, blank=True)
    phone_hours = models.CharField(_("電話の受付時間"), max_length=100, blank=True)
    source = models.CharField(_("出典"), max_length=200)

    class Meta:
        verbose_name = _("事業")
        verbose_name_plural = _("事業")
        constraints = [models.CheckConstraint(name="programme_one_row", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return self.name


class Limit(models.Model):
    """A number that the programme sets, such as the least size of a group. Read them by ``Limits.current()``."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(_("名称"), max_length=100)
    value = models.PositiveIntegerField(_("値"))
    unit = models.CharField(_("単位"), max_length=10)
    source = models.CharField(_("出典"), max_length=200)

    class Meta:
        verbose_name = _("上限・下限など")
        verbose_name_plural = _("上限・下限など")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} {self.value}{self.unit}"


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits, by name. Each is an integer in the unit given here."""

    minimum_group_size: int  # people, at request time
    maximum_group_size: int  # people
    participants_per_supporter: int  # people; sets how large a team is sent
    session_minutes: int  # usual length of a session
    session_minutes_shortest: int
    session_minutes_longest: int
    days_ahead: int  # days between a request and its first possible time
    days_ahead_furthest: int
    offer_hours: int  # hours that a supporter has to answer
    honorarium_yen: int  # for one full session
    honorarium_minutes: int  # what counts as one full session
    adult_age: int  # years
    minor_latest_end: int  # minutes after 00:00 at which a minor's duty must have ended
    travel_buffer: int  # minutes, added between two different venues
    week_limit: int  # duties a Monday week, until the supporter says otherwise
    month_limit: int  # duties a calendar month, likewise
    travel_limit: int  # minutes from home, likewise
    desk_days_ahead: int  # days for which openings are planned

    @classmethod
    def current(cls) -> Self:
        """The limits in force, in one query. KeyError names one that was never loaded."""
        values = dict(Limit.objects.values_list("code", "value"))
        return cls(**{field.name: values[field.name] for field in fields(cls)})


class Course(models.Model):
    """A training course. Without the required ones nobody is assigned to a duty."""

    code = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(_("名称"), max_length=100)
    required = models.BooleanField(_("必修"), default=True)
    source = models.CharField(_("出典"), max_length=200)

    class Meta:
        verbose_name = _("研修")
        verbose_name_plural = _("研修")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Goal(models.Model):
    """What a figure should reach in a fiscal year."""

    figure = models.CharField(_("指標"), max_length=40)
    fiscal_year = models.PositiveSmallIntegerField(_("年度"))
    value = models.PositiveIntegerField(_("目標"))
    source = models.CharField(_("出典"), max_length=200)

    class Meta:
        verbose_name = _("目標")
        verbose_name_plural = _("目標")
        constraints = [models.UniqueConstraint(fields=["figure", "fiscal_year"], name="goal_once")]

    def __str__(self) -> str:
        return f"{self.figure} {self.fiscal_year}: {self.value}"


class PublishedFigure(models.Model):
    """A figure that somebody published before or beside this system. Shown beside counted ones, never mixed in.

    ``since`` is the first day that a flow or cumulative figure covers; null where the publication does not say,
    and for a stock, which holds on ``as_of`` alone.
    """

    class Kind(models.TextChoices):
        STOCK = "stock", _("時点の数")
        FLOW = "flow", _("期間の数")
        CUMULATIVE = "cumulative", _("累計")

    figure = models.CharField(_("指標"), max_length=40)
    name = models.CharField(_("名称"), max_length=100)
    kind = models.CharField(_("種別"), max_length=10, choices=Kind.choices)
    since = models.DateField(_("期間の初日"), null=True, blank=True)
    as_of = models.DateField(_("時点"))
    value = models.PositiveIntegerField(_("値"))
    unit = models.CharField(_("単位"), max_length=10)
    source = models.CharField(_("出典"), max_length=200)
    note = models.CharField(_("注"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("公表値")
        verbose_name_plural = _("公表値")
        ordering = ["as_of", "figure"]
        constraints = [
            models.UniqueConstraint(fields=["figure", "kind", "as_of"], name="published_figure_once"),
            models.CheckConstraint(
                name="published_figure_kind_known", condition=models.Q(kind__in=["stock", "flow", "cumulative"])
            ),
            models.CheckConstraint(
                name="published_figure_stock_is_one_day", condition=~models.Q(kind="stock") | models.Q(since=None)
            ),
            models.CheckConstraint(
                name="published_figure_span_in_order",
                condition=models.Q(since=None) | models.Q(since__lte=models.F("as_of")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.value}{self.unit} ({self.as_of})"
