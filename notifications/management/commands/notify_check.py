"""``manage.py notify_check [email|sms|line …] [--to ADDRESS]``: whether the channels' credentials hold."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from notifications import channels
from notifications.models import Contact, Message


class Command(BaseCommand):
    help = "Asks each channel's provider whether it knows us; with --to also sends one message there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("channels", nargs="*", choices=[*channels.SENDING, []], metavar="email|sms|line")
        parser.add_argument("--to", help="a mail address, a number such as +819012345678, or a LINE user id")

    def handle(self, *_args: Any, **options: Any) -> None:
        names = options["channels"] or channels.SENDING
        if options["to"] and len(names) != 1:
            raise CommandError("--to needs the one channel by which to send.")
        failed = [name for name in names if not self._holds(name)]
        if failed:
            raise CommandError("failed: " + ", ".join(failed))
        if options["to"]:
            self._send(names[0], options["to"])

    def _holds(self, name: str) -> bool:
        module = channels.module(name)
        if not module.is_configured():
            self.stdout.write(f"{name}: off (docs/operations.md names its settings)")
            return True
        try:
            self.stdout.write(f"{name}: {module.check()}")
        except channels.CheckFailed as failure:
            self.stdout.write(f"{name}: {failure}")
            return False
        return True

    def _send(self, name: str, address: str) -> None:
        """A message that no outbox keeps: it tests the way, and tells nobody anything."""
        text = _("これは、お知らせが届くかどうかを確かめるためのメッセージです。")
        title = _("お知らせの確認")
        recipient = Contact(name=address)
        message = Message(recipient=recipient, channel=name, address=address, title=title, body=text, short=text)
        receipt = channels.module(name).send(message)
        self.stdout.write(f"{name}: {receipt.outcome} {receipt.answer} {receipt.provider_id}".rstrip())
        if receipt.outcome != channels.Outcome.SENT:
            raise CommandError("the message was not accepted")
