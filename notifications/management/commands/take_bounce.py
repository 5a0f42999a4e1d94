"""``manage.py take_bounce < mail``: hear what a mail server says about a mail that it could not deliver."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from notifications import bounces


class Command(BaseCommand):
    help = "Reads one mail and notes what it says about a mail of ours. For the mail server's pipe: docs/operations.md."

    def handle(self, *_args: Any, **_options: Any) -> None:
        content = sys.stdin.buffer.read()
        try:
            self.stdout.write(bounces.take(content))
        except DatabaseError as error:
            # The mail server keeps the mail and tries again, instead of sending it back to its sender.
            self.stderr.write(repr(error))
            sys.exit(os.EX_TEMPFAIL)
