"""A site that stands for many tests: web process and demo, everybody signed in, a plan made, mails sent."""

import json
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.urls import reverse

from tests.mdeji.test_access import PAGES
from tests.processes import ROOT, a_free_port, manage, shell, wait_until

PREPARE = """
import json
import uuid
from mdeji.demo import load_demo
from notifications import delivery
from notifications.models import Message
from support_requests.planning import solving
from support_requests.views.intake import IntakeView
from supporters.views.registering import RegistrationView
from tests import steps
from tests.mdeji import test_access
from tests.support_requests import asking
from tests.supporters import test_pages as registering
load_demo()
rows = test_access.demo_rows()
solving.solve(rows["plan"])
for message in Message.objects.all():
    delivery.deliver(message.pk)
clients = test_access.sign_everybody_in()
begun = uuid.uuid4()
minor = registering.typed(**registering.born(16), **registering.GUARDIAN)
for role, view, answers in (("anonymous", IntakeView, asking.sent()), ("member", RegistrationView, minor)):
    for step in view.steps:
        url = steps.url_of(view, begun, step.slug)
        clients[role].post(url, answers, secure=True, headers={"Host": "localhost"})
sessions = {role: client.cookies["sessionid"].value for role, client in clients.items() if client.cookies}
print(json.dumps({"rows": rows, "sessions": sessions, "begun": begun}, default=str))
"""


# What the proxy says of a request that reached it by TLS.
HTTPS = {"X-Forwarded-Proto": "https"}


@dataclass(frozen=True)
class Standing:
    """Where the site is, the arguments of its pages, and each role's session (see tests/mdeji/test_access.py)."""

    address: str
    rows: dict[str, str]
    sessions: dict[str, str]
    begun: str
    """the draft of a form in steps that was filled in: a request of the anonymous, an application of the member"""
    mailbox: Path
    examined: set[str] = field(default_factory=set)
    """what the tour looked at already, as HTML"""

    def path(self, page: tuple[str, ...]) -> str:
        """The path of a page of the table, by its name and the names of its arguments."""
        name, *arguments = page
        return reverse(name, args=[self.rows[argument] for argument in arguments])

    def pages(self, role: str) -> dict[str, str]:
        """The path of each page that ``role`` may open, by its name."""
        return {page[0]: self.path(page) for page, allowed in PAGES.items() if role in allowed}


@contextmanager
def stand(environment: dict[str, str], log: Path) -> Iterator[Standing]:
    """Fill the database of ``environment`` and serve it; ends with the block, and fails if a page has failed."""
    port = a_free_port()
    environment |= {"PORT": str(port), "WEB_WORKERS": "1", "BROKER_URL": "filesystem://localhost"}
    manage(environment, "load_programme", "--verbosity=0")
    made = json.loads(shell(environment, PREPARE).splitlines()[-1])
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:mdeji.gunicorn", "mdeji.wsgi"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until(lambda: _answers(port), seconds=60)
            yield Standing(f"http://localhost:{port}", mailbox=Path(environment["VAR_DIR"]) / "mail", **made)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
    assert "Traceback" not in log.read_text(), log.read_text()[-3000:]


def as_in_production(environment: dict[str, str]) -> dict[str, str]:
    """``environment`` with the settings of production, behind a proxy that speaks TLS; its files are collected."""
    values = {"DATABASE_URL": f"sqlite:///{environment['VAR_DIR']}/mdeji.sqlite3", **environment}
    values |= {"MDEJI_ENV": "production", "BEHIND_PROXY": "true", "ALLOWED_HOSTS": "localhost"}
    values |= {"SITE_URL": "https://localhost", "EMAIL_URL": "mailbox://", "DEFAULT_FROM_EMAIL": "office@example.jp"}
    values["CACHE_URL"] = "locmemcache://"
    # A provider of SMS that is never reached: the pages of a mobile's proof are there.
    values |= {"TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": "none", "TWILIO_FROM_NUMBER": "+815000000000"}
    values["TWILIO_API_URL"] = "http://127.0.0.1:9"
    values["SECRET_KEY"] = secrets.token_urlsafe(50)
    manage(values, "collectstatic", "--noinput", "--verbosity=0")
    return values


def _answers(port: int) -> bool:
    with socket.socket() as web:
        return web.connect_ex(("127.0.0.1", port)) == 0
