"""Places and the days on which they are closed."""

import datetime as dt
from urllib.parse import urlencode

from dateutil.rrule import rrulestr
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from programme import furigana
from programme.models.codes import LATITUDE, LONGITUDE, District
from programme.models.records import recorded
from programme.own_reasons import register, say_reason

# A rule names days, so it repeats by the day at the finest.
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
PARTS = frozenset({"FREQ", "UNTIL", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST"})
# These count from the first day ever, which a rule without a DTSTART does not have.
COUNTING_PARTS = frozenset({"COUNT", "INTERVAL"})


def dates_of(rule: str, first: dt.date, last: dt.date) -> list[dt.date]:
    """The days from ``first`` to ``last`` (both included) on which the RFC 5545 RRULE ``rule`` falls.

    >>> dates_of("FREQ=MONTHLY;BYDAY=1MO", dt.date(2026, 4, 1), dt.date(2026, 5, 31))
    [datetime.date(2026, 4, 6), datetime.date(2026, 5, 4)]
    """
    start = dt.datetime.combine(first, dt.time.min)
    occurrences = rrulestr(rule, dtstart=start).between(start, dt.datetime.combine(last, dt.time.min), inc=True)
    return [moment.date() for moment in occurrences]


def validate_rule(rule: str) -> None:
    """ValidationError unless ``rule`` is one RFC 5545 RRULE that says of each day by itself whether it falls on it."""
    unreadable = ValidationError(_("繰り返しの規則(RRULE)として読めません: %(rule)s"), params={"rule": rule})
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    if COUNTING_PARTS & parts.keys():
        raise ValidationError(_("COUNT と INTERVAL は使えません: %(rule)s"), params={"rule": rule})
    if parts.get("FREQ") not in FREQUENCIES or parts.keys() - PARTS or not rule.isascii() or len(rule.split()) != 1:
        raise unreadable
    if any("0" in value.split(",") for value in parts.values()):  # dateutil reads BYMONTHDAY=0 as every day
        raise unreadable
    year = [dt.date(2024, 1, 1) + dt.timedelta(days=number) for number in range(366)]
    endless = ";".join(f"{name}={value}" for name, value in parts.items() if name != "UNTIL")
    try:
        dates_of(rule, year[0], year[0])
        # Looked for first: dateutil seeks a day that never comes up to the year 9999, a third of a second each time.
        ever = next(iter(rrulestr(endless, dtstart=dt.datetime.combine(year[0], dt.time.min))), None)
        together = set(dates_of(endless, year[0], year[-1])) if ever else set()
        alone = {day for day in year if dates_of(endless, day, day)} if ever else set()
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise unreadable from error
    if ever is None:
        raise ValidationError(_("どの日にも当たりません: %(rule)s"), params={"rule": rule})
    if together != alone:
        raise ValidationError(_("どの日かが決まりません(BYDAY などを足してください): %(rule)s"), params={"rule": rule})


@recorded(made=True)
class ClosureCalendar(models.Model):
    """A set of closures that several venues share, such as "the halls"."""

    code = models.CharField(_("コード"), max_length=20, primary_key=True)
    name = models.CharField(_("名称"), max_length=100)
    source = models.CharField(_("出典"), max_length=200)

    class Meta:
        verbose_name = _("休館カレンダー")
        verbose_name_plural = _("休館カレンダー")

    def __str__(self) -> str:
        return self.name


# Why halls are closed, in the words of the programme's file; what an office writes is shown as written.
register([_("第1・第3月曜日"), _("年末"), _("年始")])


@recorded(leave_out=("calendar",), made=True)
class Closure(models.Model):
    """Days on which the calendar's venues are closed, or one of them: those of a rule, for good or for a while."""

    EVERY_DAY = "FREQ=DAILY"

    calendar = models.ForeignKey(ClosureCalendar, on_delete=models.CASCADE, related_name="closures")
    venue = models.ForeignKey(
        "Venue", null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("会場")
    )
    rule = models.CharField(_("規則(RRULE)"), max_length=200, validators=[validate_rule])
    # Null: since ever, for ever.
    first = models.DateField(_("最初の日"), null=True, blank=True)
    last = models.DateField(_("最後の日"), null=True, blank=True)
    reason = models.CharField(_("理由"), max_length=100)

    class Meta:
        verbose_name = _("休館日")
        verbose_name_plural = _("休館日")
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "rule"], condition=models.Q(venue=None, first=None), name="closure_once"
            ),
            models.CheckConstraint(
                name="closure_ends_after_start",
                condition=models.Q(first=None) | models.Q(last=None) | models.Q(last__gte=models.F("first")),
            ),
        ]

    def __str__(self) -> str:
        return self.reason

    def days(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """The closed days from ``first`` to ``last``."""
        first, last = max(first, self.first or first), min(last, self.last or last)
        return dates_of(self.rule, first, last) if first <= last else []

    def end(self, day: dt.date) -> None:
        """From ``day`` on it holds no more; one that would only begin then is taken away. What is past stays."""
        if self.first and self.first >= day:
            self.delete()
        elif self.last is None or self.last >= day:
            self.last = day - dt.timedelta(days=1)
            self.save(update_fields=["last"])


@recorded(made=True)
class Venue(models.Model):
    """A place: a public hall, or a group's own place. Coordinates are WGS 84 degrees."""

    class Kind(models.TextChoices):
        HALL = "hall", _("公民館など")
        OWN = "own", _("団体の場所")

    code = models.CharField(_("コード"), max_length=40, unique=True, null=True, blank=True)
    kind = models.CharField(_("種類"), max_length=10, choices=Kind.choices, default=Kind.HALL)
    name = models.CharField(_("名称"), max_length=100)
    kana = models.CharField(_("かな"), max_length=100, blank=True)
    name_en = models.CharField(_("名称(英語)"), max_length=100, blank=True)
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="venues", verbose_name=_("地区"))
    postcode = models.CharField(_("郵便番号"), max_length=7, blank=True)  # seven digits, without a hyphen
    address = models.CharField(_("住所"), max_length=200, blank=True)
    phone = models.CharField(_("電話"), max_length=20, blank=True)
    # Null when nobody knows: the district's own coordinates stand in (``position``).
    latitude = models.FloatField(_("緯度"), null=True, blank=True, validators=LATITUDE)
    longitude = models.FloatField(_("経度"), null=True, blank=True, validators=LONGITUDE)
    coordinates_verified = models.BooleanField(_("座標を確認した"), default=False)
    closures = models.ForeignKey(
        ClosureCalendar, null=True, blank=True, on_delete=models.PROTECT, related_name="venues", verbose_name=_("休館")
    )
    opens = models.TimeField(_("開館"), null=True, blank=True)
    closes = models.TimeField(_("閉館"), null=True, blank=True)
    source = models.CharField(_("出典"), max_length=200, blank=True)
    active = models.BooleanField(_("使用中"), default=True)

    class Meta:
        verbose_name = _("会場")
        verbose_name_plural = _("会場")
        ordering = ["district__position", "name"]
        constraints = [
            models.CheckConstraint(name="venue_kind_known", condition=models.Q(kind__in=["hall", "own"])),
            models.CheckConstraint(
                name="venue_coordinates_paired",
                condition=models.Q(latitude=None, longitude=None)
                | models.Q(latitude__isnull=False, longitude__isnull=False),
            ),
            models.CheckConstraint(
                name="venue_hours_paired",
                condition=models.Q(opens=None, closes=None)
                | models.Q(opens__isnull=False, closes__isnull=False, closes__gt=models.F("opens")),
            ),
        ]

    def __str__(self) -> str:
        """In the language of the page: 城南公民館, 城南公民館(じょうなんこうみんかん), Jonan Community Hall."""
        match get_language():
            case "en" if self.name_en:
                return self.name_en
            case furigana.EASY if self.kana:
                return f"{self.name}({self.kana})"
        return self.name

    @property
    def position(self) -> tuple[float, float]:
        """(latitude, longitude) in degrees: the venue's own, or its district's where nobody knows."""
        if self.latitude is None or self.longitude is None:
            return self.district.latitude, self.district.longitude
        return self.latitude, self.longitude

    def closed_days(self, first: dt.date, last: dt.date) -> dict[dt.date, str]:
        """Each day from ``first`` to ``last`` on which the venue is closed, with the reason."""
        closures = self.closures.closures.all() if self.closures else ()
        mine = [closure for closure in closures if closure.venue_id in (None, self.pk)]
        return {day: say_reason(closure.reason) for closure in mine for day in closure.days(first, last)}

    def map_url(self, city: str) -> str:
        """Opens the map app of the reader's phone, or its site. A position that nobody verified is not handed on."""
        found = "{},{}".format(*self.position) if self.coordinates_verified else f"{city}{self.name} {self.address}"
        return f"https://www.google.com/maps/search/?{urlencode({'api': 1, 'query': found.strip()})}"

    def closed_on(self, day: dt.date) -> str | None:
        """Why the venue is closed on ``day``, or None when it is open."""
        return self.closed_days(day, day).get(day)

    def open_for(self, starts_at: dt.datetime, minutes: int) -> bool:
        """Whether it is within the hours of a day, closed days aside; always true where nobody knows the hours."""
        return self.is_within_hours(timezone.localtime(starts_at).time(), minutes)

    def rooms_for(self, people: int, *, rather: "Room | None" = None) -> list["Room"]:
        """Its rooms that hold so many: ``rather`` first, then the smallest, last those of unknown size."""
        fit = [room for room in self.rooms.all() if room.holds(people)]
        return sorted(fit, key=lambda room: (room != rather, not room.capacity, room.capacity or 0, room.pk))

    def is_within_hours(self, time: dt.time, minutes: int) -> bool:
        """As ``open_for``, of a time of any day."""
        if self.opens is None or self.closes is None:
            return True
        start = dt.datetime.combine(dt.date.min, time)
        end = start + dt.timedelta(minutes=minutes)
        return self.opens <= time and end.time() <= self.closes and end.date() == start.date()


@recorded(leave_out=("venue",), made=True)
class Room(models.Model):
    """A room that can be booked once at a time. A venue of whose rooms nobody knows is never full."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="rooms")
    name = models.CharField(_("名称"), max_length=50)
    capacity = models.PositiveSmallIntegerField(_("定員"), null=True, blank=True)

    class Meta:
        verbose_name = _("部屋")
        verbose_name_plural = _("部屋")
        constraints = [models.UniqueConstraint(fields=["venue", "name"], name="room_once")]

    def __str__(self) -> str:
        return f"{self.venue} {self.name}"

    def holds(self, people: int) -> bool:
        """Whether so many find a place in it; always true where nobody knows its size."""
        return not self.capacity or people <= self.capacity
