"""The outbox in a storm, and its speed beside a bare loop of Twilio's SDK: ``make bench-notify``.

The storm: messages by SMS, mail and LINE to stand-ins that fail (bench/standins.py), while the worker is killed ten
times with -9, the broker is emptied once and the database restarted once. Each recipient must get each message once;
what is uncertain must stand as unknown. The speed: the rate at which the stand-in accepts messages from the worker at
concurrency 8 (two processes with four messages each), divided by that of loops that call the SDK eight at a time and do
nothing else, divided over processes in three ways, in turn in the same run.

PostgreSQL and Redis are this run's own, on free ports; it ends only what it has started.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import psycopg

from tests.processes import ROOT, a_free_port
from tests.standins.line import SECRET
from tests.standins.line import TOKEN as LINE_TOKEN
from tests.standins.twilio import ACCOUNT, NUMBER, TOKEN

CONCURRENCY = 8
PROCESSES = 2
BARE_PROCESSES = (1, 2, 8)
KILLS = 10
Environment = dict[str, str]

WRITE = """
import time
from django.db import connection
from django.utils import timezone
from notifications import outbox
from notifications.models import Contact, Message
from notifications.writing import Writer

MESSAGES, ONLY_SMS, RUN = {messages}, {only_sms}, "{run}"
now = timezone.now()
start = Contact.objects.count()
people = Contact.objects.bulk_create([
    Contact(
        name=str(n), language="ja", email=f"p{{n}}@example.jp", mobile=f"090-1{{n:07}}"[:16],
        mobile_e164=f"+81901{{n:07}}", line_id=f"U{{n:032}}", line_linked_at=now,
        email_proved_at=now, sms_proved_at=now,
        preferred="sms" if ONLY_SMS else ("sms", "email", "line")[n % 3],
    )
    for n in range(start, start + MESSAGES)
], batch_size=1000)
began = time.monotonic()
for first in range(0, MESSAGES, 1000):
    some = people[first:first + 1000]
    writer = Writer(some)
    rows = [
        Message(kind="bench", subject=f"run:{{RUN}}", recipient=person, title="【確認】あすの活動", due_at=now,
                body="あすの活動のご案内です。", short=f"【確認】あす10時から上川淵公民館です。{{person.name}}")
        for person in some
    ]
    for row in rows:
        writer.address(row)
    Message.objects.bulk_create(rows)
outbox.ring(MESSAGES)
print(f"{{time.monotonic() - began:.1f}}")
"""
BARE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from notifications.channels import sms
from django.conf import settings

first, count, threads = map(int, sys.argv[1:4])
client = sms.client()
client.messages

def send(n):
    client.messages.create(to=f"+81901{n:07}", body=f"【確認】あす10時から上川淵公民館です。{n}",
                           from_=settings.TWILIO_FROM_NUMBER, status_callback="http://localhost:8000/status")

print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(threads) as pool:
    list(pool.map(send, range(first, first + count)))
"""


# --- Processes of this run -------------------------------------------------------------------------
class Database:
    """A PostgreSQL cluster of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, a_free_port()
        folder.mkdir()
        # PostgreSQL does not run as root.
        self.runner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.runner:
            shutil.chown(folder, "postgres")
        bin_folder = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout
        self.pg_ctl = f"{bin_folder.strip()}/pg_ctl"
        user = ["--username=postgres", "--auth=trust"]
        self._run(f"{bin_folder.strip()}/initdb", "-D", str(folder / "data"), "--no-sync", *user)
        self.start()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def _run(self, *command: str) -> None:
        subprocess.run([*self.runner, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run(self.pg_ctl, "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self) -> None:
        """As a crash would: without waiting for anybody."""
        self._run(self.pg_ctl, "-D", f"{self.folder}/data", "-w", "-m", "immediate", "stop")

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(question).fetchall()  # type: ignore[arg-type]


@contextmanager
def process(environment: Environment, *command: str, ready: bool = False) -> Iterator["subprocess.Popen[str]"]:
    """A process in a group of its own; whatever happens, its group ends with the block."""
    quiet = None if os.environ.get("BENCH_LOG") else subprocess.DEVNULL
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        start_new_session=True,
        stderr=quiet,
        stdin=subprocess.PIPE if ready else subprocess.DEVNULL,
        stdout=subprocess.PIPE if ready else quiet,
    )
    try:
        if ready and started.stdout:
            assert started.stdout.readline().strip() == "ready"
        yield started
    finally:
        kill(started)


def kill(started: "subprocess.Popen[str]") -> None:
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def celery(*command: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "mdeji", "-q", *command]


WORKER = celery("worker", f"--concurrency={PROCESSES}", "--loglevel=ERROR", "--without-mingle", "--without-gossip")


class Site:
    """Stand-ins, database, broker and the environment for processes of the project."""

    def __init__(self, stack: ExitStack, folder: Path, *options: str) -> None:
        twilio, line, mail, self.redis = (a_free_port() for _port in range(4))
        self.twilio = f"http://127.0.0.1:{twilio}"
        self.environment = environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mdeji.settings",
            "PYTHONPATH": f"{ROOT}:{ROOT}/requests",
            "DOTENV": os.devnull,
            "LOG_LEVEL": "WARNING",
            "VAR_DIR": str(folder / "var"),
            "BROKER_URL": f"redis://127.0.0.1:{self.redis}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail}",
            "TWILIO_API_URL": self.twilio,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM_NUMBER": NUMBER,
            "LINE_API_URL": f"http://127.0.0.1:{line}",
            "LINE_CHANNEL_ACCESS_TOKEN": LINE_TOKEN,
            "LINE_CHANNEL_SECRET": SECRET,
            "OUTBOX_AT_ONCE": str(CONCURRENCY // PROCESSES),
            "OUTBOX_LEASE_SECONDS": "10",
            "OUTBOX_SWEEP_SECONDS": "2",
            **{f"{channel}_TIMEOUT_SECONDS": "2" for channel in ("EMAIL", "TWILIO", "LINE")},
        }
        self.database = Database(folder / "postgres")
        stack.callback(self.database.stop)
        environment["DATABASE_URL"] = self.database.url
        redis = ["redis-server", "--port", str(self.redis), "--save", "", "--bind", "127.0.0.1", "--dir", str(folder)]
        stack.enter_context(process(environment, *redis))
        ports = [str(port) for port in (twilio, line, mail)]
        standins = [sys.executable, "-m", "bench.standins", *ports, *options]
        stack.enter_context(process(environment, *standins, ready=True))
        self.run("manage.py", "migrate", "--verbosity=0")

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def write(self, messages: int, run: str, *, only_sms: bool = False) -> float:
        """Queue the messages; how many seconds it took."""
        code = WRITE.format(messages=messages, run=run, only_sms=only_sms)
        return float(self.run("manage.py", "shell", "--no-imports", "-c", code))

    def arrived(self) -> int:
        return int(json.load(urlopen(f"{self.twilio}/standin?total=1"))["total"])

    def accepted(self) -> dict[str, int]:
        return dict(json.load(urlopen(f"{self.twilio}/standin"))["accepted"])

    def states(self) -> Counter[str]:
        rows = self.database.ask("SELECT state, channel, count(*) FROM notifications_message GROUP BY 1, 2")
        counted: Counter[str] = Counter()
        for state, channel, count in rows:
            counted["to ring" if (state, channel) == ("queued", "phone") else str(state)] += int(str(count))
        return counted


def until(happened: "object", seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


# --- The storm -----------------------------------------------------------------------------------------
def storm(folder: Path, messages: int) -> bool:
    """Whether each recipient got the message once, or a person is told that nobody knows."""
    with ExitStack() as stack:
        site = Site(stack, folder, "--storm")
        began = time.monotonic()
        beat = celery("beat", "--loglevel=ERROR", f"--pidfile={folder}/beat.pid")
        stack.enter_context(process(site.environment, *beat))
        print(f"queued {messages} messages in {site.write(messages, 'storm')} s", flush=True)
        for turn in range(KILLS):
            with process(site.environment, *WORKER) as worker:
                until(lambda turn=turn: site.arrived() >= messages * (turn + 1) // (KILLS + 2), 300)
                if turn == 3:
                    redis_cli = ["redis-cli", "-p", str(site.redis), "flushall"]
                    subprocess.run(redis_cli, check=True, stdout=subprocess.DEVNULL)
                    print("  the broker was emptied", flush=True)
                if turn == 6:
                    site.database.stop()
                    site.database.start()
                    print("  the database was restarted", flush=True)
                    until(lambda: site.arrived() >= messages * 8 // (KILLS + 2), 300)
                kill(worker)
                print(f"  killed at {site.arrived()}", flush=True)
        with process(site.environment, *WORKER):
            until(lambda: not (site.states()["queued"] or site.states()["sending"]), 600)
        print(f"settled after {time.monotonic() - began:.0f} s: {dict(site.states())}")
        return _judge(site, messages)


def _judge(site: Site, messages: int) -> bool:
    accepted = site.accepted()
    rows = site.database.ask(
        "SELECT m.state, m.channel, c.email, c.mobile_e164, c.line_id FROM notifications_message m"
        " JOIN notifications_contact c ON c.id = m.recipient_id"
    )
    wrong, found = [], Counter[tuple[str, int]]()
    for state, channel, *addresses in rows:
        times = sum(accepted.get(str(address), 0) for address in addresses)
        found[(f"{state} by {channel}" if state == "queued" else str(state), times)] += 1
        right = {"sent": (1,), "delivered": (1,), "unknown": (0, 1)}.get(str(state), (0,))
        if times not in right:
            wrong.append((state, channel, addresses, times))
    for (state, times), count in sorted(found.items()):
        print(f"  {state}: {count} recipients reached {times} times")
    listed = site.database.ask("SELECT count(*) FROM notifications_message WHERE state = 'unknown'")[0][0]
    print(f"rows {len(rows)} of {messages}, wrong {len(wrong)}, unknown and listed {listed}")
    for row in wrong[:10]:
        print("  WRONG", row)
    return not wrong and len(rows) == messages


# --- The speed -------------------------------------------------------------------------------------------
def speed(folder: Path, messages: int, latency: float, rounds: int) -> float:
    """The worker's rate divided by the best bare loop's, medians of ``rounds`` in turn."""
    bare: dict[int, list[float]] = {processes: [] for processes in BARE_PROCESSES}
    worker: list[float] = []
    with ExitStack() as stack:
        site = Site(stack, folder, "--latency", str(latency))
        with process(site.environment, *WORKER):
            site.write(50 * CONCURRENCY, "warm", only_sms=True)
            until(lambda: site.arrived() == 50 * CONCURRENCY, 120)
            for turn in range(rounds):
                for processes, rates in bare.items():
                    rates.append(_bare(site, messages, processes))
                worker.append(_worker(site, messages, str(turn)))
    sent, loops = statistics.median(worker), {processes: statistics.median(rates) for processes, rates in bare.items()}
    print(f"latency {latency * 1000:.0f} ms: worker {sent:.0f}/s; {CONCURRENCY} at once with the bare SDK:", end="")
    for processes, rate in loops.items():
        print(f" {rate:.0f}/s in {processes} processes (ratio {sent / rate:.2f})", end="")
    print(flush=True)
    return sent / max(loops.values())


def _rate(site: Site, messages: int) -> float:
    until(lambda: site.arrived() >= messages, 600)
    seconds = float(json.load(urlopen(f"{site.twilio}/standin"))["seconds"])
    urlopen(f"{site.twilio}/standin/forget", data=b"").close()
    return messages / seconds


def _bare(site: Site, messages: int, processes: int) -> float:
    """The SDK called eight at a time and nothing else, by so many processes that begin together."""
    urlopen(f"{site.twilio}/standin/forget", data=b"").close()
    each = messages // processes
    code = "import mdeji, django; django.setup()\n" + BARE
    with ExitStack() as stack:
        loops = []
        for first in range(processes):
            command = [sys.executable, "-c", code, str(first * each), str(each), str(CONCURRENCY // processes)]
            loops.append(stack.enter_context(process(site.environment, *command, ready=True)))
        for loop in loops:
            assert loop.stdin
            loop.stdin.write("go\n")
            loop.stdin.close()
        for loop in loops:
            assert loop.wait() == 0
    return _rate(site, each * processes)


def _worker(site: Site, messages: int, run: str) -> float:
    site.write(messages, run, only_sms=True)
    rate = _rate(site, messages)
    until(lambda: not (site.states()["queued"] or site.states()["sending"]), 60)
    return rate


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--timed", type=int, default=2000, help="messages in each timed round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, nargs="*", default=[0.0, 0.05, 0.1], help="seconds")
    parser.add_argument("--only", choices=["storm", "speed"])
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_details: sys.exit(1))  # so that what was started is ended
    right = True
    with tempfile.TemporaryDirectory(prefix="mdeji-notify-") as temporary:
        Path(temporary).chmod(0o755)
        if arguments.only != "speed":
            folder = Path(temporary) / "storm"
            folder.mkdir()
            right = storm(folder, arguments.messages)
        if arguments.only != "storm":
            for latency in arguments.latency:
                folder = Path(temporary) / f"speed-{latency}"
                folder.mkdir()
                speed(folder, arguments.timed, latency, arguments.rounds)
    sys.exit(not right)


if __name__ == "__main__":
    main()
