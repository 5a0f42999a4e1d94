"""The worker is killed in the middle of a thousand messages: none is lost, none is sent twice.

Real processes: a Celery worker and beat, the configured database (a file for SQLite, a database of its own on
PostgreSQL), the configured broker (files, or Redis), and a mail server on loopback that counts.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.processes import ROOT, a_free_port, shell, wait_until

MESSAGES = 1000
KILL_AFTER = 150  # mails that have arrived
AT_ONCE = 2

QUEUE_MESSAGES = f"""
from django.db import transaction
from notifications.models import Contact, Message
from notifications.tasks import deliver_message

contact = Contact.objects.create(name="架空", email="nobody@example.jp")
with transaction.atomic():
    rows = Message.objects.bulk_create(
        Message(kind="test", subject=f"row:{{n}}", recipient=contact, channel="email",
                address=contact.email, title="試験", body="本文")
        for n in range({MESSAGES})
    )
for row in rows:
    deliver_message.delay(row.pk)
"""
COUNT_STATES = """
import json
from django.db.models import Count
from notifications.models import Message
print(json.dumps(dict(Message.objects.values_list("state").annotate(Count("pk")))))
"""
STATE_OF_EACH = """
import json
from notifications.models import Message
print(json.dumps({str(uuid): state for uuid, state in Message.objects.values_list("uuid", "state")}))
"""


class CountingServer:
    """Takes every mail and notes its Message-ID."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        message_id = message_from_bytes(envelope.content)["Message-ID"]
        self.received[message_id.strip("<>").partition("@")[0]] += 1
        return "250 OK"


@pytest.fixture
def mail_server() -> Iterator[tuple[CountingServer, int]]:
    handler = CountingServer()
    port = a_free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@contextmanager
def celery(environment: dict[str, str], *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A Celery process in a group of its own, so that a kill reaches its children too."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "mdeji", "-q", *command],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


WORKER = ("worker", "--concurrency=2", "--loglevel=ERROR", "--without-mingle", "--without-gossip")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_worker_loses_no_message_and_sends_none_twice(
    environment: dict[str, str], mail_server: tuple[CountingServer, int]
) -> None:
    server, port = mail_server
    environment |= {"OUTBOX_LEASE_SECONDS": "3", "OUTBOX_SWEEP_SECONDS": "2", "EMAIL_TIMEOUT_SECONDS": "2"}
    environment |= {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "OUTBOX_AT_ONCE": str(AT_ONCE)}
    with celery(environment, *WORKER) as worker:
        shell(environment, QUEUE_MESSAGES)
        wait_until(lambda: server.received.total() >= KILL_AFTER, seconds=60)
        os.killpg(worker.pid, signal.SIGKILL)
    assert server.received.total() < MESSAGES

    beat = ("beat", "--loglevel=ERROR", f"--pidfile={environment['VAR_DIR']}/beat.pid")
    with celery(environment, *WORKER), celery(environment, *beat):
        wait_until(lambda: settled(environment), seconds=180)

    states: dict[str, str] = json.loads(shell(environment, STATE_OF_EACH))
    sent = {uuid for uuid, state in states.items() if state == "sent"}
    unknown = {uuid for uuid, state in states.items() if state == "unknown"}
    assert len(states) == MESSAGES
    assert sent | unknown == set(states)
    # For each of the worker's two processes: those in flight at the kill.
    assert len(unknown) <= 2 * AT_ONCE
    assert {uuid: server.received[uuid] for uuid in sent} == dict.fromkeys(sent, 1)
    assert all(server.received[uuid] <= 1 for uuid in unknown)


def settled(environment: dict[str, str]) -> bool:
    states = json.loads(shell(environment, COUNT_STATES))
    return states.get("queued", 0) + states.get("sending", 0) == 0
