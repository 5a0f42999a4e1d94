"""``manage.py maintenance on [--until WORDS] | off``: close every page for maintenance, and open them again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils.translation import gettext as _

from mdeji.maintenance import close, flag, reopen
from programme.models import Programme


class Command(BaseCommand):
    help = "on: every page says that it is closed, without asking the database. off: open again."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("state", choices=["on", "off"])
        parser.add_argument("--until", default="", help="until when, in the words that the page shows")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["state"] == "off":
            reopen()
            self.stdout.write(_("画面を開けました。"))
            return
        close(until=options["until"], **self.phone())
        self.stdout.write(_("点検中の画面にしました: %s") % flag())

    def phone(self) -> dict[str, str]:
        """The office's number for the page, if the database can still tell it."""
        try:
            programme = Programme.objects.first()
        except DatabaseError:
            return {}
        return {"phone": programme.phone, "phone_hours": programme.phone_hours} if programme else {}
