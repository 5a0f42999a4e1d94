"""Background work: thin tasks that take ids."""

from typing import Any

from celery import shared_task
from celery.signals import worker_init

from notifications import channels, delivery, short_links


@shared_task
def deliver_message(pk: int) -> None:
    delivery.deliver(pk)


@shared_task
def deliver_due() -> int:
    return delivery.deliver_due()


@shared_task
def sweep_outbox() -> int:
    return delivery.sweep()


@shared_task
def forget_short_links() -> int:
    return short_links.forget()


@worker_init.connect
def load_channels(**_details: Any) -> None:
    """Load the SDKs before the worker divides: each takes seconds, and its processes share what is there."""
    for name in channels.SENDING:
        channels.module(name).load()
