"""``manage.py open_data_check events FILE``: whether a file keeps the rules of its columns."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consult.open_data.files import RECORDS, as_csv
from consult.open_data.tables import catalogue
from consult.open_data.validator import check


class Command(BaseCommand):
    help = "Checks a table of the open data against the rules of its columns: a file, or what is published now."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("table", choices=[table.code for table in catalogue().tables])
        parser.add_argument("file", nargs="?", type=Path, help="a CSV file; left out: what is published now")

    def handle(self, *args: Any, **options: Any) -> None:
        table, path = catalogue().table(options["table"]), options["file"]
        try:
            data = path.read_bytes() if path else as_csv(table, RECORDS[table.code]())
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        faults = check(table, data)
        for fault in faults:
            self.stdout.write(str(fault))
        if faults:
            raise CommandError(f"{len(faults)}件の誤りがあります。")
        self.stdout.write("誤りはありません。")
