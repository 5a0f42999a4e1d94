"""Background work: thin tasks that take ids."""

from celery import shared_task
from django.utils import timezone

from support_requests import reminders, repeating, services
from support_requests.planning import approving, sharing, solving


@shared_task
def solve_plan(pk: int) -> None:
    solving.solve(pk)


@shared_task
def carry_out_plan(pk: int) -> None:
    approving.carry_out(pk)


@shared_task
def solve_part(pk: int) -> None:
    sharing.help_with(pk)


@shared_task
def solve_waiting_plans() -> int:
    return solving.sweep(timezone.now())


@shared_task
def ask_for_feedback() -> int:
    return services.ask_for_feedback(timezone.localdate())


@shared_task
def remind() -> int:
    """Tell groups of their session, and its people of the report. Returns how many messages were written."""
    return reminders.remind(timezone.now())


@shared_task
def continue_series() -> int:
    return repeating.continue_all(timezone.localdate())
