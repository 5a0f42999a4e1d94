"""Monthly requests: before each month the next request of a series is made from the one before it."""

import datetime as dt
from functools import partial

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.models import Limits
from support_requests import rules
from support_requests.messages import tell_received
from support_requests.models import PreferredTime, RequestTopic, Series, SupportRequest

# So early the next month's request is made: time to plan it, and for the group to say that another day suits better.
AHEAD = dt.timedelta(days=42)


def continue_all(today: dt.date) -> int:
    """Make the requests whose time has come. Returns how many; twice on a day makes nothing twice."""
    made = 0
    for series in Series.objects.going_on().order_by("pk"):
        while _continue(series, today):
            made += 1
    return made


@transaction.atomic
def _continue(series: Series, today: dt.date) -> bool:
    """The series' next request, if it is time for one. A month that is too near to be asked for is left out."""
    series = Series.objects.select_for_update().get(pk=series.pk)
    newest = series.requests.select_related("group__contact", "venue__closures").order_by("-pk")[0]
    # Whoever never proved the contact asked for nothing yet.
    if series.ended_at or newest.status == newest.Status.RECEIVED:
        return False
    before = [time.starts_at for time in newest.times.all()]
    for months in range(1, 13):
        starts = next_month(before, months, newest)
        if not starts or min(starts).date() - today > AHEAD:
            return False
        if timezone.localdate(min(starts)).replace(day=1) > series.last_month:
            series.end(by=None)
            return False
        if rules.possible_days(Limits.current())[0] <= timezone.localdate(min(starts)):
            _ask_again(newest, starts)
            return True
    return False


def next_month(starts: list[dt.datetime], months: int, asked: SupportRequest) -> list[dt.datetime]:
    """The same weekdays of the month and times, ``months`` later: "2nd Tuesday, 10:00" stays that.

    Where the month has no fifth such weekday, or the place is closed then, the nearest one of the month stands.
    """
    found: list[dt.datetime] = []
    for start in starts:
        local = timezone.localtime(start)
        first = local.date().replace(day=1) + relativedelta(months=months)
        first_such = first + dt.timedelta(days=(local.weekday() - first.weekday()) % 7)
        for week in sorted(range(5), key=partial(_distance, (local.day - 1) // 7)):
            day = first_such + dt.timedelta(weeks=week)
            moment = timezone.make_aware(dt.datetime.combine(day, local.time()))
            if day.month == first.month and not asked.venue.closed_on(day) and moment not in found:
                found.append(moment)
                break
    return found


def _distance(one: int, other: int) -> int:
    return abs(one - other)


def _ask_again(before: SupportRequest, starts: list[dt.datetime]) -> None:
    asked = SupportRequest.objects.create(
        group=before.group,
        intake=before.intake,
        taken_by=before.taken_by,
        participants=before.participants,
        venue=before.venue,
        room=before.room,
        minutes=before.minutes,
        needs=before.needs,
        wheelchair=before.wheelchair,
        may_be_rung=before.may_be_rung,
        note=before.note,
        series=before.series,
    )
    asked.devices.set(before.devices.all())
    RequestTopic.objects.bulk_create(
        RequestTopic(request=asked, topic_id=it.topic_id, level=it.level) for it in before.topics.all()
    )
    PreferredTime.objects.bulk_create(
        PreferredTime(request=asked, rank=rank, starts_at=start) for rank, start in enumerate(starts, start=1)
    )
    asked._move(asked.Status.CONFIRMED, by=None, reason=_("毎月のお申し込み"))
    tell_received(asked)
