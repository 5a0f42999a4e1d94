"""Background work: thin tasks that take ids."""

from celery import shared_task

from notifications import outbox


@shared_task
def deliver_message(pk: int) -> None:
    outbox.deliver(pk)


@shared_task
def sweep_outbox() -> int:
    return outbox.sweep()
