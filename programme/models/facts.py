"""What the programme is: its names, limits, courses, goals and the figures that were published about it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from programme.models.kept import kept
from programme.models.records import recorded

# More than any limit may be: PositiveIntegerField's own greatest value.
MANY = 2_147_483_647


@recorded(leave_out=("edition",), made=True)
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
    # Another one after each change of the facts that are kept in memory: programme/models/kept.py.
    edition = models.CharField(max_length=36, blank=True, editable=False)

    class Meta:
        verbose_name = _("事業")
        verbose_name_plural = _("事業")
        constraints = [models.CheckConstraint(name="programme_one_row", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return self.name


@recorded(made=True)
class Limit(models.Model):
    """A number that the programme sets, such as the least size of a group. Read them by ``Limits.current()``."""

    code = models.CharField(_("コード"), max_length=40, primary_key=True)
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

    def clean(self) -> None:
        if self.value is not None:  # None: the field's own check has refused it already
            Limits.check(self.code, dict(Limit.objects.values_list("code", "value")) | {self.code: self.value})


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
    asks_a_month: int  # offers that one supporter gets in a calendar month, whatever the answers
    check_in_minutes: int  # before the start from which a supporter may check in
    late_hours: int  # hours before the start within which "I can't come" counts as late
    requests_a_month: int  # requests of one group over the web, by the month of its first wish
    offer_hours: int  # hours that a supporter has to answer
    honorarium_yen: int  # for one full session
    honorarium_minutes: int  # what counts as one full session
    honorarium_people: int  # 2: who drew a line up may not approve it; 1: may
    adult_age: int  # years
    minor_latest_end: int  # minutes after 00:00 at which a minor's duty must have ended
    travel_buffer: int  # minutes, added between two different venues
    pace_car: int  # minutes for 10 km in a straight line; also for those who have not said how they travel
    pace_bicycle: int  # likewise
    pace_transit: int  # likewise, waiting included
    pace_foot: int  # likewise
    week_limit: int  # duties a Monday week, until the supporter says otherwise
    month_limit: int  # duties a calendar month, likewise
    travel_limit: int  # minutes from home, likewise
    desk_days_ahead: int  # days for which openings are planned
    reminder_week_days: int  # days before a duty on which its people are reminded for the first time
    reminder_day_days: int  # days before a duty on which they are reminded again
    reminder_minute: int  # minutes after 00:00 at which these two are sent
    reminder_morning_minute: int  # minutes after 00:00 at which they are told where, on the day itself
    offer_reminder_hours: int  # hours before the end of an offer at which who has not answered is reminded
    report_due_hours: int  # hours after a session's end at which its people are reminded of the report
    consent_reminder_days: int  # days after which a guardian who has not answered is reminded
    consent_notice_days: int  # days before the 18th birthday on which the end of a consent is announced
    film_megabytes: int  # the largest film that a course takes
    erasure_days: int  # days between the wish to have one's data erased and the day on which they are
    silent_days: int  # days without a duty or an answer after which a supporter is asked how they are
    quiet_from: int  # minutes after 00:00 from which nobody's telephone rings for a message
    quiet_until: int  # minutes after 00:00 until which it does not

    # Each pair must stand in this order.
    ORDERED: ClassVar = (
        ("minimum_group_size", "maximum_group_size"),
        ("session_minutes_shortest", "session_minutes"),
        ("session_minutes", "session_minutes_longest"),
        ("days_ahead", "days_ahead_furthest"),
        ("reminder_day_days", "reminder_week_days"),
    )
    # For the others 0 would stop the programme: no session has 0 minutes, no team serves 0 people.
    MAY_BE_ZERO: ClassVar = frozenset(
        {
            "days_ahead",
            "check_in_minutes",
            "honorarium_yen",
            "travel_buffer",
            "quiet_from",
            "quiet_until",
            # 0: no such reminder.
            "reminder_week_days",
            "reminder_day_days",
            "reminder_morning_minute",
            "offer_reminder_hours",
            "report_due_hours",
            "consent_reminder_days",
            "consent_notice_days",
            "erasure_days",  # 0: in the next night
            # 0: nobody is looked for.
            "silent_days",
        }
    )
    MINUTES_OF_A_DAY: ClassVar = frozenset(
        {
            "session_minutes_longest",
            "minor_latest_end",
            "quiet_from",
            "quiet_until",
            "reminder_minute",
            "reminder_morning_minute",
        }
    )

    @classmethod
    def names(cls) -> list[str]:
        return [field.name for field in fields(cls)]

    @classmethod
    def check(cls, code: str, values: Mapping[str, int]) -> None:
        """ValidationError when the value of ``code`` cannot be, alone or beside the others in ``values``."""
        if code not in cls.names():
            raise ValidationError(_("%(code)s という項目はありません。"), params={"code": code})
        if values[code] == 0 and code not in cls.MAY_BE_ZERO:
            raise ValidationError(_("1以上にしてください。"))
        if values[code] > 24 * 60 and code in cls.MINUTES_OF_A_DAY:
            raise ValidationError(_("1日の分数(1440)以下にしてください。"))
        for lower, upper in cls.ORDERED:
            if code in (lower, upper) and values.get(lower, 0) > values.get(upper, MANY):
                raise ValidationError(
                    _("%(lower)s(%(least)s)が %(upper)s(%(most)s)より大きくなっています。"),
                    params={"lower": lower, "least": values[lower], "upper": upper, "most": values[upper]},
                )

    @staticmethod
    def hold(code: str) -> None:
        """Whoever counts towards the limit ``code`` next waits for the end of the caller's transaction."""
        Limit.objects.select_for_update(no_key=True).get(pk=code)

    @classmethod
    def current(cls) -> Self:
        """The limits in force, in one query at most. KeyError names one that was never loaded."""
        return kept(cls, cls._read)

    @classmethod
    def _read(cls) -> Self:
        values = dict(Limit.objects.values_list("code", "value"))
        return cls(**{field.name: values[field.name] for field in fields(cls)})

    def pace_of(self, way: str) -> int:
        """How fast somebody is who travels by ``way`` (a ``TravelBy`` value), in minutes for 10 km."""
        paces = {"bicycle": self.pace_bicycle, "transit": self.pace_transit, "foot": self.pace_foot}
        return paces.get(way, self.pace_car)


@recorded(names={"parts": _("取り除いた動画と問題")}, made=True)
class Course(models.Model):
    """A training course. Without the required ones nobody is assigned to a duty."""

    code = models.CharField(_("コード"), max_length=20, primary_key=True)
    name = models.CharField(_("名称"), max_length=100)
    required = models.BooleanField(_("必修"), default=True)
    # For those who are active already. It never keeps anybody from a duty.
    follow_up = models.BooleanField(_("フォローアップ研修"), default=False)
    source = models.CharField(_("出典"), max_length=200)

    class Meta:
        verbose_name = _("研修")
        verbose_name_plural = _("研修")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="course_follow_up_is_not_required", condition=~Q(required=True, follow_up=True))
        ]

    def __str__(self) -> str:
        return self.name


class Figure(models.TextChoices):
    """What the programme counts. The unit says how: 人 people (延べ for a flow), 件 cases, 回 sessions."""

    SUPPORTERS = "supporters", _("登録サポーター数")
    SUPPORTERS_NEW = "supporters_new", _("新規登録サポーター数")
    SUPPORTERS_WITHDRAWN = "supporters_withdrawn", _("登録を取り消したサポーター数")
    SESSIONS = "sessions", _("出張サポート派遣")
    PARTICIPANTS = "participants", _("出張サポート参加者数")
    CONSULTATIONS = "consultations", _("よろず相談")
    ASSOCIATION_TABLET = "association_tablet", _("自治会タブレット支援")
    PREVENTION_COURSE_PARTICIPANTS = "prevention_course_participants", _("介護予防サポーター等スマホ講座 参加者数")
    HALL_COURSES = "hall_courses", _("公民館スマホ講座")


@recorded(made=True)
class Goal(models.Model):
    """What a figure should reach in a fiscal year."""

    figure = models.CharField(_("指標"), max_length=40, choices=Figure.choices)
    fiscal_year = models.PositiveSmallIntegerField(
        _("年度"), validators=[MinValueValidator(2000), MaxValueValidator(2999)]
    )
    value = models.PositiveIntegerField(_("目標"))
    source = models.CharField(_("出典"), max_length=200)

    class Meta:
        verbose_name = _("目標")
        verbose_name_plural = _("目標")
        ordering = ["fiscal_year", "figure"]
        constraints = [models.UniqueConstraint(fields=["figure", "fiscal_year"], name="goal_once")]

    def __str__(self) -> str:
        return f"{self.get_figure_display()} {self.fiscal_year}: {self.value}"


@recorded(made=True)
class PublishedFigure(models.Model):
    """A figure that somebody published before or beside this system. Shown beside counted ones, never mixed in.

    ``since`` is the first day that a flow or cumulative figure covers; null where the publication does not say,
    and for a stock, which holds on ``as_of`` alone.
    """

    class Kind(models.TextChoices):
        STOCK = "stock", _("時点の数")
        FLOW = "flow", _("期間の数")
        CUMULATIVE = "cumulative", _("累計")

    figure = models.CharField(_("指標"), max_length=40, choices=Figure.choices)
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


class LoadedFact(models.Model):
    """What the loader has once taken from the programme's file, so that it never brings back what was deleted since."""

    table = models.CharField(max_length=40)
    key = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "key"], name="loaded_fact_once")]

    def __str__(self) -> str:
        return f"{self.table} {self.key}"
