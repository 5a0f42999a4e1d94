"""``manage.py kpi_export 2024-01 --format csv|xlsx|json [--output FILE] [--encoding cp932] [--suppress]``"""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consult.kpi.exports import export, form_of, say_lost
from consult.kpi.reporting_period import Period


class Command(BaseCommand):
    help = "Write the figures of a period to a file, or to the standard output. The export is recorded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("period", help="such as 2024-01, 2023FY, 2023H1 (April to September), 2024-04..2024-09")
        parser.add_argument("--format", choices=["csv", "xlsx", "json"], default="csv")
        parser.add_argument("--output", type=Path, metavar="FILE")
        parser.add_argument("--encoding", choices=["utf-8", "cp932"], default="utf-8", help="of a CSV file")
        parser.add_argument("--suppress", action="store_true", help="keep small cells back, as in an officer's file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            period = Period.parse(options["period"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if not period.is_there:
            raise CommandError(f"{period} lies before the programme or in the future.")
        try:
            form = form_of(options["format"], options["encoding"])
        except KeyError as error:
            raise CommandError(f"{options['format']} is never written in {options['encoding']}.") from error
        content = export(period, form, by=None, suppressed=options["suppress"])
        if content.lost:
            self.stderr.write(f"Not in {options['encoding']}: {say_lost(content.lost)}")
        if options["output"]:
            try:
                options["output"].write_bytes(content.data)
            except OSError as error:
                raise CommandError(str(error)) from error
        else:
            sys.stdout.buffer.write(content.data)
