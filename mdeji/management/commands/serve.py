"""``manage.py serve``: the whole programme on one machine: web, worker and beat as real processes."""

import http.client
import os
import sys
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from honcho.manager import Manager

from mdeji.demo import LOGINS, load_demo
from supporters.models import Supporter

READY_WITHIN = 60  # seconds


class Command(BaseCommand):
    help = "Prepare the database, load the programme and the demo, and run web, worker and beat until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("serve is for one machine and for trying out. See docs/operations.md for production.")
        self.prepare()
        python = [sys.executable, "-m"]
        celery = [*python, "celery", "-A", "mdeji", "-q"]
        # Threads: the terminal's Ctrl-C reaches one process that ends its work, not children that die in it.
        worker = ["worker", "--pool=threads", "--concurrency=4", "--without-mingle", "--without-gossip"]
        processes = {
            "web": [*python, "gunicorn", "-c", "python:mdeji.gunicorn", "mdeji.wsgi"],
            "worker": [*celery, *worker, "--loglevel=WARNING"],
            "beat": [*celery, "beat", "--loglevel=WARNING", f"--pidfile={settings.VAR_DIR / 'beat.pid'}"],
        }
        (settings.VAR_DIR / "beat.pid").unlink(missing_ok=True)
        manager = Manager()
        for name, command in processes.items():
            manager.add_process(name, " ".join(f"'{part}'" for part in command), env=dict(os.environ), quiet=False)
        threading.Thread(target=self.announce, daemon=True).start()
        manager.loop()
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
