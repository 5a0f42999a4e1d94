"""Background work: thin tasks that take ids."""

from typing import Any

from celery import shared_task
from celery.signals import worker_init

from notifications import channels, outbox


@shared_task
def deliver_message(pk: int) -> None:
    outbox.deliver(pk)


@shared_task
def deliver_due() -> int:
    return outbox.deliver_due()


@shared_task
def sweep_outbox() -> int:
    return outbox.sweep()


@worker_init.connect
def load_channels(**_details: Any) -> None:
    """Load the SDKs before the worker divides: each takes seconds, and its processes share what is there."""
    for name in channels.SENDING:
        channels.module(name).load()
