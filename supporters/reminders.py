"""What people are reminded of: duties, offers without an answer, consents. When, the programme sets (``Limits``).

Each duty has three reminders for each of its people: some days before, the day before, and on its morning. Each stage
has a window, from its own moment until the next one's: within it everybody is told who has not been, whenever they
joined, and however late the sweep comes. Who was told the time in the last day is not told it again at once.
"""

import datetime as dt
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta
from django.db.models import QuerySet
from django.utils import timezone

from notifications.reminding import day_of, days_between, midnight, tell_each, told_of, untold
from notifications.writing import Letter
from programme.models import Limits, Programme
from supporters.messages import consent_url, offer_url
from supporters.models import Assignment, Consent, Supporter

JUST_TOLD = dt.timedelta(days=1)
"""who has heard the time of a duty within this is not reminded of it, except on its morning"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A reminder of a duty: ``days`` before its day, at ``minute`` of the clock in Tokyo."""

    kind: str
    days: int
    minute: int
    calls: bool = False
    """whether a coordinator rings those whom no message reaches"""

    def reaches(self, now: dt.datetime) -> dt.date:
        """The last day whose duties this stage has come for."""
        local = timezone.localtime(now)
        passed = local.hour * 60 + local.minute >= self.minute
        return local.date() + dt.timedelta(days=self.days if passed else self.days - 1)


def stages(limits: Limits) -> list[Stage]:
    """Those that the programme wants, the earliest first. 0 leaves one out."""
    week = Stage("reminder_week", limits.reminder_week_days, limits.reminder_minute)
    day = Stage("reminder_day", limits.reminder_day_days, limits.reminder_minute, calls=True)
    morning = Stage("reminder_morning", 0, limits.reminder_morning_minute)
    wanted = [stage for stage in (week, day) if stage.days]
    return [*wanted, morning] if morning.minute else wanted


def remind(now: dt.datetime) -> int:
    """Write every reminder of this module that is due at ``now``. Returns how many."""
    limits = Limits.current()
    planned = stages(limits)
    count = sum(
        _of_stage(stage, now, until=after.reaches(now) if after else None)
        for stage, after in zip(planned, [*planned[1:], None], strict=True)
    )
    return count + _of_offers(now, limits) + _of_consents(now, limits) + _of_coming_of_age(now, limits)


def _of_stage(stage: Stage, now: dt.datetime, *, until: dt.date | None) -> int:
    """Duties of the days after ``until``, which the next stage has come for, to the last that this one has."""
    last = stage.reaches(now)
    first = until + dt.timedelta(days=1) if until else timezone.localdate(now)
    days = days_between(first, last)
    if not days:
        return 0
    due: QuerySet[Assignment] = Assignment.objects.filter(
        status=Assignment.Status.ACCEPTED,
        shift__cancelled_at=None,
        shift__starts_at__gt=now,
        shift__starts_at__gte=midnight(first),
        shift__starts_at__lt=midnight(last + dt.timedelta(days=1)),
    )
    occasion = day_of("shift__starts_at", days)
    due = untold(due, stage.kind, about="assignment", recipient="supporter__contact", occasion=occasion)
    if stage.days:
        for kind in ("accepted", "moved"):
            fresh = told_of(kind, about="assignment", recipient="supporter__contact", created_at__gt=now - JUST_TOLD)
            due = due.filter(~fresh)
    city = Programme.objects.values_list("city", flat=True).first() or ""
    return tell_each(_with_facts(due), lambda row: _duty(row, stage, city))


def _with_facts(rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    return rows.select_related("shift__venue__district", "shift__room", "supporter__contact")


def _duty(row: Assignment, stage: Stage, city: str) -> Letter:
    return Letter(
        recipient=row.supporter.contact,
        kind=stage.kind,
        subject=f"assignment:{row.pk}",
        template=f"supporters/messages/{stage.kind}.txt",
        context={
            "assignment": row,
            "shift": row.shift,
            "url": offer_url(row),
            "map_url": row.shift.venue.map_url(city),
        },
        occasion=str(row.shift.local_date),
        expires_at=row.shift.starts_at,
        calls=stage.calls,
    )


def _of_offers(now: dt.datetime, limits: Limits) -> int:
    """Offers that are nearly over, to those who were asked longer ago than is left, for the time that holds now."""
    wait = dt.timedelta(hours=limits.offer_reminder_hours)
    due = Assignment.objects.open(now).filter(
        answer_by__lte=now + wait, offered_at__lte=now - wait, shift__starts_at__gt=now, shift__cancelled_at=None
    )
    moved = told_of("moved", about="assignment", recipient="supporter__contact", created_at__gt=now - wait)
    due = due.filter(~moved)
    return tell_each(
        _with_facts(untold(due, "offer_reminder", about="assignment", recipient="supporter__contact")),
        lambda row: Letter(
            recipient=row.supporter.contact,
            kind="offer_reminder",
            subject=f"assignment:{row.pk}",
            template="supporters/messages/offer_reminder.txt",
            context={"assignment": row, "shift": row.shift, "url": offer_url(row)},
            expires_at=row.answer_by,
            calls=False,
        ),
    )


def _of_consents(now: dt.datetime, limits: Limits) -> int:
    """Guardians who were asked and have not answered."""
    if not limits.consent_reminder_days:
        return 0
    born_after = timezone.localdate(now) - relativedelta(years=limits.adult_age)
    due = Consent.objects.filter(
        given_at=None,
        revoked_at=None,
        asked_at__lte=now - dt.timedelta(days=limits.consent_reminder_days),
        supporter__birth_date__gt=born_after,
    ).exclude(supporter__status=Supporter.Status.WITHDRAWN)
    left = untold(due, "consent_reminder", about="consent", recipient="guardian")
    return tell_each(
        left.select_related("guardian", "supporter"),
        lambda row: Letter(
            recipient=row.guardian,
            kind="consent_reminder",
            subject=f"consent:{row.pk}",
            template="supporters/messages/consent_reminder.txt",
            context={"consent": row, "url": consent_url(row)},
        ),
    )


def _of_coming_of_age(now: dt.datetime, limits: Limits) -> int:
    """A consent runs out on the day on which the person is an adult: the person and the guardian are told before."""
    if not limits.consent_notice_days:
        return 0
    today = timezone.localdate(now)
    youngest = today + dt.timedelta(days=limits.consent_notice_days) - relativedelta(years=limits.adult_age)
    due = (
        Consent.objects.filter(
            given_at__isnull=False,
            revoked_at=None,
            supporter__birth_date__gt=today - relativedelta(years=limits.adult_age),
            supporter__birth_date__lte=youngest,
        )
        .exclude(supporter__status=Supporter.Status.WITHDRAWN)
        .select_related("guardian", "supporter__contact")
    )

    def ends_on(row: Consent) -> dt.date:
        return row.supporter.comes_of_age_on(limits.adult_age)

    def letter(row: Consent, kind: str) -> Letter:
        return Letter(
            recipient=row.guardian if kind == "consent_ending" else row.supporter.contact,
            kind=kind,
            subject=f"consent:{row.pk}",
            template=f"supporters/messages/{kind}.txt",
            context={"consent": row, "ends_on": ends_on(row), "adult_age": limits.adult_age},
            calls=False,
        )

    to_guardians = untold(due, "consent_ending", about="consent", recipient="guardian")
    to_people = untold(due, "of_age", about="consent", recipient="supporter__contact")
    return tell_each(to_guardians, lambda row: letter(row, "consent_ending")) + tell_each(
        to_people, lambda row: letter(row, "of_age")
    )
