"""Background work: thin tasks that take ids."""

import logging

from celery import shared_task
from django.utils import timezone

from programme.errors import ChangedMeanwhile
from supporters import erasing, reminders
from supporters.models import Assignment

log = logging.getLogger(__name__)


@shared_task
def lapse_offers() -> int:
    """Close the offers whose answer did not come in time, and the applications for what has begun.

    Returns how many offers.
    """
    begun = Assignment.objects.filter(status=Assignment.Status.APPLIED, shift__starts_at__lte=timezone.now())
    for application in begun.select_related("supporter__contact", "shift"):
        application.pass_over(by=None)
    lapsed = 0
    for assignment in Assignment.objects.offered().filter(answer_by__lte=timezone.now()):
        try:
            assignment.lapse()
        except ChangedMeanwhile:  # answered in this very moment
            log.info("offer %s was answered just before it lapsed", assignment.pk)
        else:
            lapsed += 1
    return lapsed


@shared_task
def remind() -> int:
    """Tell everybody of what is near. Returns how many messages were written."""
    return reminders.remind(timezone.now())


@shared_task
def erase_due() -> int:
    """Erase the data of those who wanted it and whose day has come. Returns how many people."""
    return erasing.erase_due()
