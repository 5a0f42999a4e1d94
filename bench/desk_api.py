"""The log's endpoint against a bare Django view that inserts the same row with one INSERT. On PostgreSQL.

    DATABASE_URL=postgres://…/postgres python -m bench.desk_api

Makes a database of its own and drops it again. One gunicorn worker serves both views with the project's middleware; one
client sends over one connection that is kept. Rounds of each kind alternate, so that whatever else the machine does
meets all of them; the medians are compared. A tablet's token and a supporter's session are measured apart.
"""

import argparse
import datetime as dt
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
import uuid

import django
import psycopg
from psycopg import sql

NAME = "mdeji_bench_desk_api"
PORT = int(os.environ.get("PORT", "8917"))
SINGLES, BATCHES, ROWS = 40, 4, 100  # a round
GOAL_SINGLE, GOAL_BATCH = 0.5, 5.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args().rounds
    server = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    with psycopg.connect(server.replace("postgres://", "postgresql://"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        try:
            os.environ["DATABASE_URL"] = server.rsplit("/", 1)[0] + "/" + NAME
            os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
            return measure(rounds)
        finally:
            django.db.connections.close_all()
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))


def measure(rounds: int) -> int:
    facts = prepare()
    command = [sys.executable, "-m", "gunicorn", "mdeji.wsgi", "--bind", f"127.0.0.1:{PORT}", "--workers", "1"]
    command += ["--worker-class", "gthread", "--threads", "1", "--keep-alive", "30", "--log-level", "warning"]
    process = subprocess.Popen(command)
    try:
        sender = Sender(facts)
        seconds: dict[str, list[float]] = {}
        for number in range(rounds + 1):
            for kind, times in sender.round().items():
                if number:  # the first round warms up
                    seconds.setdefault(kind, []).extend(times)
    finally:
        process.terminate()
        process.wait()
    return report({kind: statistics.median(times) for kind, times in seconds.items()})


def prepare() -> dict[str, object]:
    """Tables, the city's facts, a desk that is open today, a supporter on duty and a tablet."""
    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.utils import timezone

    from consult.models.devices import Invitation
    from programme.loading import load
    from programme.models import Role, User
    from tests.consult.rows import a_desk, an_opening

    call_command("migrate", verbosity=0)
    load()
    desk = a_desk()
    opening = an_opening(desk, timezone.localdate())
    account = User.objects.create_user("desk@example.jp", role=Role.DESK)
    desk.accounts.add(account)
    invitation, _secret = Invitation.objects.make(desk=desk, name="bench", by=account)
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    token = invitation.accept()[1]
    django.db.connections.close_all()
    return {
        "desk": desk.pk,
        "opening": opening.pk,
        "day": opening.date.isoformat(),
        "token": token,
        "session": session.session_key,
    }


class Sender:
    """One client on one connection."""

    def __init__(self, facts: dict[str, object]) -> None:
        self.facts = facts
        csrf = "c" * 32
        self.tablet = {"Authorization": f"Device {facts['token']}"}
        self.account = {
            "Cookie": f"sessionid={facts['session']}; csrftoken={csrf}",
            "X-CSRFToken": csrf,
        }
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        for _wait in range(100):
            try:
                self.connection.connect()
            except OSError:
                time.sleep(0.2)
            else:
                return

    def row(self) -> dict[str, object]:
        now = dt.datetime.now(dt.UTC).isoformat()
        return {
            "id": str(uuid.uuid4()),
            "opening": self.facts["opening"],
            "desk": self.facts["desk"],
            "day": self.facts["day"],
            "happened_at": now,
            "device_time": now,
            "sent_at": now,
            "topic": "T05",
            "outcome": "solved",
            "device": "iphone",
            "minutes": 20,
            "note": "2回目",
        }

    def send(self, path: str, body: object, head: dict[str, str]) -> float:
        text = json.dumps(body)
        begun = time.perf_counter()
        self.connection.request("POST", path, text, {"Content-Type": "application/json"} | head)
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status != 201:
            raise SystemExit(f"{path}: {answer.status} {said[:300]!r}")
        return time.perf_counter() - begun

    def round(self) -> dict[str, list[float]]:
        """Seconds of each request, by kind."""
        api = "/api/v1/consultations/"
        singles = (("bare", "/bare/insert/", {}), ("tablet", api, self.tablet), ("account", api, self.account))
        times: dict[str, list[float]] = {}
        for _one in range(SINGLES):
            for kind, path, head in singles:
                times.setdefault(kind, []).append(self.send(path, self.row(), head))
        for _one in range(BATCHES):
            for kind, head in (("tablet x100", self.tablet), ("account x100", self.account)):
                rows = [self.row() for _row in range(ROWS)]
                times.setdefault(kind, []).append(self.send(api, rows, head))
        return times


def report(median: dict[str, float]) -> int:
    bare = 1 / median["bare"]
    print(f"{'':14}{'ms a request':>14}{'rows/s':>10}{'to bare':>10}{'goal':>8}")
    met = True
    for kind, seconds in median.items():
        rows = ROWS if kind.endswith("x100") else 1
        goal = 1.0 if kind == "bare" else GOAL_BATCH if rows > 1 else GOAL_SINGLE
        ratio = rows / seconds / bare
        met &= ratio >= goal
        print(f"{kind:14}{seconds * 1000:14.2f}{rows / seconds:10.0f}{ratio:10.2f}{goal:8.1f}")
    print("all goals met" if met else "a goal was missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
