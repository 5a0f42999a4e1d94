"""``manage.py serve``: the whole programme on one machine: web, worker and beat as real processes."""

import fcntl
import http.client
import os
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from honcho.manager import Manager

from mdeji.demo import LOGINS, load_demo
from supporters.models import Supporter

READY_WITHIN = 60  # seconds
# Run by the worker and beat before they start; gives up quietly, so that they start all the same.
WAIT_FOR_PAGES = f"""
import socket, sys, time
for _ in range({READY_WITHIN * 10}):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
        break
    except OSError:
        time.sleep(0.1)
"""


class Command(BaseCommand):
    help = "Prepare the database, load the programme and the demo, and run web, worker and beat until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("serve is for one machine and for trying out. See docs/operations.md for production.")
        with self.alone():
            self.prepare()
            self.run_until_stopped()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Refuse to start beside another, on one port or in one folder."""
        with socket.socket() as port, (settings.VAR_DIR / "serve.lock").open("w") as lock:
            port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                port.bind(("127.0.0.1", settings.PORT))
            except OSError as error:
                raise CommandError(
                    f"Port {settings.PORT} is in use. Name another: PORT={settings.PORT + 1} make run"
                ) from error
            port.close()
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise CommandError(f"It is running already, with its data in {settings.VAR_DIR}.") from error
            yield

    def run_until_stopped(self) -> None:
        python = [sys.executable, "-m"]
        celery = [*python, "celery", "-A", "mdeji", "-q"]
        # Threads: the terminal's Ctrl-C reaches one process that ends its work, not children that die in it.
        worker = ["worker", "--pool=threads", "--concurrency=4", "--without-mingle", "--without-gossip"]
        pid_file = settings.VAR_DIR / "beat.pid"
        pid_file.unlink(missing_ok=True)
        # Celery warns whoever tries it out as root, in a container say; and bytecode makes the next start quick.
        environment = {**os.environ, "PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        manager = Manager()
        for name, command in {
            "web": [*python, "gunicorn", "-c", "python:mdeji.gunicorn", "mdeji.wsgi"],
            "worker": [*celery, *worker, "--loglevel=WARNING"],
            "beat": [*celery, "beat", "--loglevel=WARNING", f"--pidfile={pid_file}"],
        }.items():
            # The pages come first: the two others wait until they answer, so that all three do not load at once.
            first = "" if name == "web" else f"'{sys.executable}' -c '{WAIT_FOR_PAGES}' {settings.PORT} && "
            manager.add_process(name, first + "exec " + shlex.join(command), env=environment)
        # A closed terminal ends everything, as Ctrl-C does.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        threading.Thread(target=self.announce, daemon=True).start()
        try:
            manager.loop()
        finally:
            manager.kill()
        sys.exit(0 if manager.returncode in (0, -2, -15, 130, 143) else manager.returncode)

    def prepare(self) -> None:
        self.stdout.write("データベースを準備しています… (preparing the database)")
        call_command("migrate", verbosity=0)
        call_command("load_programme", verbosity=0)
        if not Supporter.objects.exists():
            self.stdout.write("デモのデータを入れています… (loading the demo)")
            load_demo()

    def announce(self) -> None:
        """Say where to go once the pages answer."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", settings.PORT, timeout=2)
                connection.request("GET", "/", headers={"Host": "localhost"})
                if connection.getresponse().status == http.HTTPStatus.OK:
                    break
            except OSError:
                time.sleep(0.2)
        else:
            self.stderr.write(f"No answer at {settings.SITE_URL} within {READY_WITHIN} s: see the lines above.")
            return
        logins = "\n".join(f"    {role:<24}{email}" for role, email in LOGINS.items())
        self.stdout.write(
            f"\n  Mデジ: {settings.SITE_URL}\n\n"
            f"  ログイン用のメールアドレス (パスワードはありません。コードは {settings.SITE_URL}/sent/ に届きます)\n"
            f"  Demo sign-in (no password; the code arrives at /sent/):\n{logins}\n\n"
            "  人もデータもすべて架空です。All people and rows are synthetic.  Ctrl-C で終わります。\n"
        )
        self.stdout.flush()
