# ruff: noqa: E402  (Django is set up before its models are imported)
"""A sweep of the reminders over 60,000 duties to come: how many queries and how long, as ratios to a small one.

``python -m bench.reminders [--duties 60000]`` makes its own SQLite database in a temporary folder, or uses
DATABASE_URL. Three sweeps: a morning on which one in sixty duties is due, the same again with nothing left, and one
over a sixtieth of the rows.
"""

import argparse
import datetime as dt
import os
import tempfile
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdeji.settings")
os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="mdeji-reminders-"))

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Contact, Message
from programme.models import Category, District, Venue
from supporters.models import Assignment, Seat, Shift, Supporter
from supporters.reminders import remind

PEOPLE_A_SHIFT = 4
DAYS = 60


def fill(duties: int) -> dt.datetime:
    """``duties`` accepted assignments, spread evenly over the next 60 days. Returns a moment of tomorrow's morning."""
    for model in (Message, Assignment, Seat, Shift, Supporter, Contact):
        model.objects.all().delete()
    people = duties // DAYS or 1
    contacts = Contact.objects.bulk_create(
        (Contact(name=f"連絡先{n}", email=f"c{n}@example.jp") for n in range(people)), batch_size=2000
    )
    home, category = District.objects.all()[0], Category.objects.all()[0]
    supporters = Supporter.objects.bulk_create(
        (
            Supporter(
                contact=contact,
                name=f"支援{n}",
                kana=f"しえん{n}",
                birth_date=dt.date(1960, 1, 1),
                category=category,
                home_district=home,
                status="active",
            )
            for n, contact in enumerate(contacts)
        ),
        batch_size=2000,
    )
    venue, today = Venue.objects.all()[0], timezone.localdate()
    shifts = []
    for number in range(-(-duties // PEOPLE_A_SHIFT)):
        day = today + dt.timedelta(days=1 + number * PEOPLE_A_SHIFT // people)
        start = timezone.make_aware(dt.datetime.combine(day, dt.time(14)))
        shifts.append(
            Shift(
                purpose="desk",
                title="よろず相談所",
                venue=venue,
                starts_at=start,
                ends_at=start + dt.timedelta(hours=2),
                needed=PEOPLE_A_SHIFT,
            )
        )
    Shift.objects.bulk_create(shifts, batch_size=2000)
    seats = [Seat.at(shift, number) for shift in shifts for number in range(1, PEOPLE_A_SHIFT + 1)][:duties]
    Seat.objects.bulk_create(seats, batch_size=5000)
    Assignment.objects.bulk_create(
        (
            Assignment(shift_id=seat.shift_id, supporter=supporters[index % people], status="accepted", seat_id=seat.pk)
            for index, seat in enumerate(seats)
        ),
        batch_size=5000,
    )
    return timezone.make_aware(dt.datetime.combine(today + dt.timedelta(days=1), dt.time(8, 30)))


def measured(moment: dt.datetime) -> tuple[int, int, float]:
    """(messages written, queries, seconds) of one sweep."""
    begun = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        written = remind(moment)
    return written, len(queries), time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duties", type=int, default=60_000)
    duties = parser.parse_args().duties
    call_command("migrate", verbosity=0)
    call_command("load_programme", verbosity=0)
    print(f"{connection.vendor}: duties, messages written, queries, seconds, messages a second")
    for rows in (duties // 60, duties):
        moment = fill(rows)
        for name in ("due", "again"):
            written, queries, seconds = measured(moment)
            print(f"{name:6} {rows:7,} {written:7,} {queries:4} {seconds:7.2f} {written / seconds:9,.0f}")


if __name__ == "__main__":
    main()
