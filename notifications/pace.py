"""Channels that take only so many messages a second: each sender reserves the next free moment, over all workers."""

import datetime as dt

from django.conf import settings
from django.db import transaction

from notifications.models import Pace

WORTH_WAITING = dt.timedelta(seconds=5)
"""a message whose moment is farther off goes back into the queue"""


def reserve(channel: str, now: dt.datetime) -> dt.datetime:
    """When the next message may leave on ``channel``, from ``now`` on. Asks nothing where no pace is set.

    A moment farther off than WORTH_WAITING is named but not taken.
    """
    per_second = settings.MESSAGES_PER_SECOND.get(channel, 0)
    if not per_second:
        return now
    with transaction.atomic():
        row, _created = Pace.objects.select_for_update().get_or_create(channel=channel, defaults={"next_at": now})
        free_at = max(now, row.next_at)
        if free_at <= now + WORTH_WAITING:
            Pace.objects.filter(pk=channel).update(next_at=free_at + dt.timedelta(seconds=1 / per_second))
    return free_at
