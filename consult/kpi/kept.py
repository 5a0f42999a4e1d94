"""Counts of what is still open, kept for a short while: not every look at a page counts the same records again.

A count is kept for ``COUNTS_KEPT`` times as long as it took, ten minutes at the most, and never beyond its day. So a
small programme sees a new record within seconds, and a very large one spends a hundredth of its database's time on
counting, however many people look. Who shows a kept count says as of when it is. Nothing that a month was closed with
is read from here. See docs/adr/0041.
"""

import datetime as dt
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from consult.models import KeptCount

LONGEST = dt.timedelta(minutes=10)
# Counting that takes less is left to whoever looks next: the worker spares nobody anything.
SLOW = dt.timedelta(seconds=0.3)
FORGOTTEN_AFTER = dt.timedelta(days=1)


def read(
    addresses: Collection[str],
    count: Callable[[], Mapping[str, Any]],
    *,
    ahead: dt.timedelta = dt.timedelta(),
    seldom: bool = False,
) -> dict[str, KeptCount]:
    """What is kept at each of ``addresses``. Where one is missing, or too old ``ahead`` of now, all are counted anew.

    ``count`` gives the content for each address, as JSON can hold it; for others, too, that are to be kept with them.
    ``seldom``: of what changes seldom or may be a little old, kept for ten minutes, however little counting took.
    """
    now = timezone.now()
    kept = KeptCount.objects.filter(address__in=addresses) if settings.COUNTS_KEPT else ()
    found = {each.address: each for each in kept}
    if len(found) == len(addresses) and all(is_good(each, now, now + ahead, seldom=seldom) for each in found.values()):
        return found
    begun = time.perf_counter()
    contents = count()
    took = dt.timedelta(seconds=time.perf_counter() - begun)
    made = {
        address: KeptCount(address=address, at=now, took=took, content=content) for address, content in contents.items()
    }
    if settings.COUNTS_KEPT:
        KeptCount.objects.bulk_create(
            made.values(), update_conflicts=True, unique_fields=["address"], update_fields=["at", "took", "content"]
        )
    return made


def is_good(count: KeptCount, now: dt.datetime, until: dt.datetime, *, seldom: bool) -> bool:
    longest = LONGEST if seldom else min(count.took * settings.COUNTS_KEPT, LONGEST)
    same_day = timezone.localdate(count.at) == timezone.localdate(now)
    return same_day and count.at <= now and until <= count.at + longest


def forget_all() -> None:
    """The next look counts."""
    KeptCount.objects.all().delete()


def forget_old() -> None:
    KeptCount.objects.filter(at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
