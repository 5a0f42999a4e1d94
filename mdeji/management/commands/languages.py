"""``manage.py languages``: bring the catalogues up to date and say what is not translated."""

from typing import Any

from django.core.management.base import BaseCommand

from mdeji import catalogues


class Command(BaseCommand):
    help = "Collects each app's sentences into its catalogues, compiles them, and names what is not translated."

    def handle(self, *args: Any, **options: Any) -> None:
        catalogues.update()
        catalogues.compile_changed()
        for line in catalogues.faults():
            self.stdout.write(line)
