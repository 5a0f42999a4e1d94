"""Monthly requests: before each month the next request of a series is made, at the times of the series' own rule.

All else is as in the request before it.
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.models import Limits
from support_requests import rules
from support_requests.messages import tell_received
from support_requests.models import PreferredTime, RequestTopic, Series, SupportRequest
from support_requests.models.series import MONTH
from support_requests.services import full_months

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
    """The series' next request, if it is time for one. A month that may not be asked for is left out."""
    series = Series.objects.select_for_update().get(pk=series.pk)
    newest = series.requests.select_related("group__contact", "venue__closures").order_by("-pk")[0]
    # Whoever never proved the contact asked for nothing yet.
    if series.ended_at or newest.status == newest.Status.RECEIVED:
        return False
    while True:
        starts = series.starts_in(series.next_month, newest.venue, minutes=newest.minutes)
        if (timezone.localdate(min(starts)) if starts else series.next_month) - today > AHEAD:
            return False
        if series.next_month > series.last_month:
            series.end(by=None)
            return False
        other_times = starts != series.usual_in(series.next_month)
        series.next_month += MONTH
        series.save(update_fields=["next_month"])
        if starts and _may_be_asked(newest, starts):
            _ask_again(newest, starts, other_times=other_times)
            return True


def _may_be_asked(before: SupportRequest, starts: list[dt.datetime]) -> bool:
    """Not what is too near; nor on the web, where the group asks for enough by its other requests."""
    if timezone.localdate(min(starts)) < rules.possible_days(Limits.current())[0]:
        return False
    if before.intake != before.Intake.WEB:
        return True
    Limits.hold("requests_a_month")
    return not full_months(before, starts)


def _ask_again(before: SupportRequest, starts: list[dt.datetime], *, other_times: bool) -> None:
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
    usual, other = _("毎月のお申し込み"), _("毎月のお申し込み(会場が開いていないため、いつもと違う日時があります)")
    asked._move(asked.Status.CONFIRMED, by=None, reason=other if other_times else usual)
    tell_received(asked, other_times=other_times)
