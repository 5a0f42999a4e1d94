"""A small storm: providers that fail, a killed worker. Each person is told once. The big one is ``make bench-notify``.

Real processes: a Celery worker and beat, the configured database and broker, and stand-ins of Twilio, LINE and a mail
server on loopback that count.
"""

import json
import os
import signal
from collections import Counter
from contextlib import ExitStack

import pytest

from tests.notifications.test_kill import AT_ONCE, WORKER, celery
from tests.processes import a_free_port, shell, wait_until
from tests.standins import Fault, StandIn, serving
from tests.standins.line import SECRET, Line
from tests.standins.line import TOKEN as LINE_TOKEN
from tests.standins.mail import MailServer, receiving
from tests.standins.twilio import ACCOUNT, NUMBER, TOKEN, Twilio

MESSAGES = 300
# By the last two figures of each address: what goes wrong at its first request.
FAULTS = {"07": Fault.BUSY, "17": Fault.DOWN, "27": Fault.NO_SUCH, "37": Fault.DROPPED, "47": Fault.BUSY}
ADDRESSES = ("p{n:03}@example.jp", "+81901{n:07}", "U{n:032}")

WRITE = f"""
from django.utils import timezone
from notifications import outbox
from notifications.models import Contact, Message
from notifications.writing import Writer

now = timezone.now()
people = Contact.objects.bulk_create(
    Contact(name=str(n), language="ja", email=f"p{{n:03}}@example.jp", mobile="090-1000-0000",
            mobile_e164=f"+81901{{n:07}}", line_id=f"U{{n:032}}", line_linked_at=now,
            email_proved_at=now, sms_proved_at=now,
            preferred=("sms", "email", "line")[n % 3])
    for n in range({MESSAGES})
)
writer = Writer(people)
rows = [Message(kind="storm", subject="x:1", recipient=person, title="題", body="本文", short="短文", due_at=now)
        for person in people]
for row in rows:
    writer.address(row)
Message.objects.bulk_create(rows)
outbox.ring({MESSAGES})
"""
STATES = """
import json
from notifications.models import Message
print(json.dumps(list(Message.objects.values_list("recipient__name", "state"))))
"""


def faults(address: str) -> list[Fault]:
    fault = FAULTS.get(address.partition("@")[0][-2:])
    if fault is None or (fault == Fault.NO_SUCH and "@" in address):  # by mail everybody is reached in the end
        return []
    return [fault]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_in_a_storm_each_person_is_told_once(environment: dict[str, str]) -> None:
    twilio, line, mail = Twilio(faults), Line(faults), MailServer(faults)
    standins: list[StandIn] = [twilio, line, mail]
    environment |= {"OUTBOX_LEASE_SECONDS": "5", "OUTBOX_SWEEP_SECONDS": "2", "OUTBOX_BACKOFF_SECONDS": "1"}
    environment["OUTBOX_AT_ONCE"] = str(AT_ONCE)
    environment |= {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM_NUMBER": NUMBER}
    environment |= {"LINE_CHANNEL_ACCESS_TOKEN": LINE_TOKEN, "LINE_CHANNEL_SECRET": SECRET}

    def arrived() -> int:
        return sum(standin.accepted.total() for standin in standins)

    with ExitStack() as stack:
        environment["TWILIO_API_URL"] = stack.enter_context(serving(twilio, a_free_port()))
        environment["LINE_API_URL"] = stack.enter_context(serving(line, a_free_port()))
        environment["EMAIL_URL"] = stack.enter_context(receiving(mail, a_free_port()))
        with celery(environment, *WORKER) as worker:
            shell(environment, WRITE)
            wait_until(lambda: arrived() >= MESSAGES // 3, seconds=60)
            os.killpg(worker.pid, signal.SIGKILL)
        assert arrived() < MESSAGES
        beat = ("beat", "--loglevel=ERROR", f"--pidfile={environment['VAR_DIR']}/beat.pid")
        with celery(environment, *WORKER), celery(environment, *beat):
            wait_until(lambda: settled(environment), seconds=180)

    states = dict(json.loads(shell(environment, STATES)))
    total = sum((standin.accepted for standin in standins), Counter[str]())
    times = {name: sum(total[address.format(n=int(name))] for address in ADDRESSES) for name in states}
    told = {name for name, state in states.items() if state == "sent"}
    unknown = {name for name, state in states.items() if state == "unknown"}
    assert len(states) == MESSAGES
    assert told | unknown == set(states)
    assert {name: times[name] for name in told} == dict.fromkeys(told, 1)
    assert all(times[name] <= 1 for name in unknown)
    # Dropped by Twilio or by the mail server (two of three in a hundred), and what was in flight at the kill.
    assert len(unknown) <= 2 * MESSAGES // 100 + 2 * AT_ONCE


def settled(environment: dict[str, str]) -> bool:
    return not {"queued", "sending"} & {state for _name, state in json.loads(shell(environment, STATES))}
