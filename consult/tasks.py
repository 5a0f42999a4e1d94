"""Background work: thin tasks."""

from celery import shared_task
from django.utils import timezone

from consult import reserving
from consult.kpi import drafts, proposals
from consult.kpi.dashboard import lately


@shared_task
def propose_corrections() -> int:
    """Look at the closed months whose records changed. Returns how many months."""
    return proposals.sweep()


@shared_task
def draft_last_month() -> bool:
    """Runs every day, so that a 1st on which no worker ran is made up for. Returns whether there was anything to do."""
    return drafts.draft_last_month() is not None


@shared_task
def count_open_months() -> None:
    """Count what is open again before somebody has to wait for it."""
    lately.refresh()


@shared_task
def forget_reservations() -> int:
    """Erase who reserved at desks whose day is over. Returns how many."""
    return reserving.forget(timezone.now())
