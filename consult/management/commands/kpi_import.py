"""``manage.py kpi_import FILE [--check]``: bring in published figures from a CSV or xlsx table."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consult.kpi import published
from programme.errors import Refused


class Command(BaseCommand):
    help = "Store the published figures of a table with their sources. Rows with errors are named; then none is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--check", action="store_true", help="only say what would become of each row")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            rows = published.read(file.read_bytes(), file.name)
        except (OSError, Refused) as error:
            raise CommandError(str(error)) from error
        wrong = [line for line in published.check(rows) if line.errors]
        for line in wrong:
            self.stderr.write(f"{line.number}: {' / '.join(line.errors)}")
        if wrong:
            raise CommandError(f"Rows with errors: {len(wrong)}. Nothing was stored.")
        if not options["check"]:
            self.stdout.write(f"Stored: {published.store(rows)}, rows: {len(rows)}")
