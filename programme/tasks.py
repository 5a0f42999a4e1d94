"""Background work: thin tasks."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def forget_sessions() -> None:
    """Delete the sessions whose time is over, and with them what was typed into forms and never sent."""
    call_command("clearsessions")
