"""``manage.py draw 2026-11 12 15 31``: a month's draw, made again from its published seed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from programme.fiscal import Month
from support_requests.models import Draw


class Command(BaseCommand):
    help = "Show a month's draw and the order of the requests with these running numbers. docs/adr/0032 says how."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", help="2026-11")
        parser.add_argument("numbers", type=int, nargs="*", help="running numbers of requests, without the year")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            month = Month.parse(options["month"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        draw = Draw.objects.filter(year=month.year, month=month.month).first()
        if draw is None:
            raise CommandError(_("%(month)sの抽選はありません。") % {"month": month})
        self.stdout.write(f"SHA-256(seed) {draw.commitment}")
        if not draw.is_open:
            raise CommandError(_("%(month)sの種は、月が終わってから公開します。") % {"month": month})
        self.stdout.write(f"seed {draw.seed}")
        for number in draw.order(options["numbers"]):
            self.stdout.write(f"{draw.lot(number)} {number}")
