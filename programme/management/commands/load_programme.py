"""``manage.py load_programme [--file PATH] [--overwrite]``: the programme's facts into the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from programme.entries import FactsError
from programme.loading import DEFAULT_FILE, load


class Command(BaseCommand):
    help = "Load the programme's facts. Rows that exist stay as they are, unless --overwrite is given."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, default=DEFAULT_FILE, help="a TOML file; see docs/programme-facts.md")
        parser.add_argument("--overwrite", action="store_true", help="give the file's rows the file's values again")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            load(path, overwrite=options["overwrite"])
        except FactsError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(_("事業の設定を読み込みました: %s") % path.name)
