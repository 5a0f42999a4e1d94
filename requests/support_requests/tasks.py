"""Background work: thin tasks that take ids."""

from celery import shared_task
from django.utils import timezone

from support_requests.planning import solving


@shared_task
def solve_plan(pk: int) -> None:
    solving.solve(pk)


@shared_task
def solve_waiting_plans() -> int:
    return solving.sweep(timezone.now())
