"""Real calendar programs that read what we write: khal, which imports, and vdirsyncer, which subscribes over HTTP."""

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent


class Client:
    """khal and vdirsyncer with one calendar each in ``folder``: nothing of the developer's own is touched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("imported", "subscribed", "status"):
            (folder / name).mkdir()
        (folder / "khal.conf").write_text(
            f"[calendars]\n[[imported]]\npath = {folder}/imported\n[[subscribed]]\npath = {folder}/subscribed\n"
            "[locale]\nlocal_timezone = Asia/Tokyo\ndefault_timezone = Asia/Tokyo\ntimeformat = %H:%M\n"
            "dateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\n"
            f"longdatetimeformat = %Y-%m-%d %H:%M\n[sqlite]\npath = {folder}/khal.db\n"
            "[default]\ndefault_calendar = imported\n"
        )

    def take_in(self, text: str) -> None:
        """Import an iCalendar object, as somebody does who opens the attachment of a mail."""
        file = self.folder / "entry.ics"
        file.write_bytes(text.encode())
        self._run("khal", "-c", "khal.conf", "import", "--batch", "-a", "imported", "entry.ics")

    def subscribe(self, url: str) -> None:
        (self.folder / "vdirsyncer.conf").write_text(
            f'[general]\nstatus_path = "{self.folder}/status"\n'
            '[pair feed]\na = "here"\nb = "there"\ncollections = null\nconflict_resolution = "b wins"\n'
            f'[storage here]\ntype = "filesystem"\npath = "{self.folder}/subscribed"\nfileext = ".ics"\n'
            f'[storage there]\ntype = "http"\nurl = "{url}"\n'
        )
        self._run("vdirsyncer", "-c", "vdirsyncer.conf", "discover")

    def sync(self) -> None:
        self._run("vdirsyncer", "-c", "vdirsyncer.conf", "sync", "--force-delete")

    def shows(self, calendar: str, days: int = 60) -> list[str]:
        """What khal lists from today on: "2026-12-01 10:00 2026-12-01 11:30 CONFIRMED title", in time's order."""
        form = "{start-date} {start-time} {end-date} {end-time} {status}{title}"
        arguments = [
            "-a",
            calendar,
            "--once",
            "--notstarted",
            "--day-format",
            "",
            "--format",
            form,
            "today",
            f"{days}d",
        ]
        listed = self._run("khal", "-c", "khal.conf", "list", *arguments)
        return [line.strip() for line in listed.splitlines() if line.strip()]

    def _run(self, program: str, *arguments: str) -> str:
        environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "TZ": "Asia/Tokyo",
            "COLUMNS": "300",
        }
        done = subprocess.run(
            [str(BIN / program), *arguments],
            cwd=self.folder,
            env=environment,
            input="y\n" * 9,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{program} {arguments}: {done.stdout}{done.stderr}"
        return done.stdout
