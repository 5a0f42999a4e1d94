"""Each page of the office in a very large programme, against a bare page on the base template: `make bench-office`.

On PostgreSQL, in a database of its own (made and dropped here): 5,000 supporters, 20,000 shifts, 60,000 assignments and
all that belongs to them (bench/office_data.py). One process renders the pages, the bare one among them; rounds over all
pages alternate, so that whatever else the machine does meets all of them; the medians are compared. Before that, in a
city of 250 supporters: from somebody's no to the question to the next one. Exits 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from bench.kpi import database, told

if TYPE_CHECKING:
    from django.test import Client

GOAL = 5.0  # times the bare page
GOAL_NO = 1.0  # seconds from a no to the next question
CITY = 250  # supporters
BARE = "/bare/page/"
# What is taken away as a file is no page; of a redirect there is nothing to see.
FILES = ("supporters:bring_example", "supporters:payment_file", "kpi:export", "kpi:period_export", "kpi:wg_export")
REDIRECTS = ("kpi:honoraria_now",)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--keep", metavar="NAME", help="use the database NAME, filled if it is not there")
    options.add_argument("--only", metavar="WORD", default="", help="the pages whose name contains WORD")
    asked = options.parse_args()
    with database(asked.keep) as (address, is_new):
        os.environ["DATABASE_URL"] = address
        os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
        import django

        django.setup()
        from bench import office_data

        seconds = None
        if is_new:
            with told("filling a city"):
                _fill_city()
            seconds = no_to_next()
            with told("filling a very large programme"):
                office_data.fill()
            with told("closing months"):
                office_data.close_months()
        met = report(measure(asked.rounds, asked.only))
    if seconds is not None:
        print(f"from a no to the next question, {CITY} supporters: {seconds:.2f} s   goal: {GOAL_NO:.0f}")
        met &= seconds <= GOAL_NO
    print("the goals are met" if met else "a goal was missed")
    return 0 if met else 1


def _fill_city() -> None:
    """The demo, and so many supporters as a city has, who are asked for a month's shifts."""
    from django.core.management import call_command
    from django.db import connection

    from bench import office_data
    from mdeji.demo import load_demo
    from programme.models import District
    from tests.factories import SupporterFactory
    from tests.mdeji.test_access import demo_rows

    with connection.cursor() as cursor:  # nothing here has to outlive a power cut
        cursor.execute(
            f"ALTER DATABASE {connection.ops.quote_name(connection.settings_dict['NAME'])} SET synchronous_commit = off"
        )
        cursor.execute("SET synchronous_commit = off")
    call_command("migrate", verbosity=0)
    call_command("load_programme", verbosity=0)
    load_demo()
    office_data.keep(demo_rows())
    districts = list(District.objects.all())
    for number in range(CITY):
        SupporterFactory(home_district=districts[number % len(districts)])


def no_to_next() -> float:
    """Seconds, the median of five noes: the offer is declined, the sweep plans anew, somebody else is asked."""
    from django.utils import timezone

    from support_requests.planning import solving
    from supporters.models import Assignment, Supporter
    from tests.factories import a_shift, an_offer

    people, taken = iter(Supporter.objects.active().order_by("-pk")), []
    shifts = [a_shift(days=10 + number % 20, hour=10, needed=2) for number in range(60)]
    offers = [an_offer(shift, next(people)) for shift in shifts]
    for offer in offers[5:]:
        offer.accept(by=None)
    for offer in offers[:6]:
        if offer.status != Assignment.Status.OFFERED:
            continue
        begun = time.perf_counter()
        offer.decline(by=None)
        solving.sweep(timezone.now())
        taken.append(time.perf_counter() - begun)
        if not offer.shift.assignments.offered().exists():
            raise SystemExit("nobody was asked")
    return statistics.median(taken)


def measure(rounds: int, only: str) -> dict[str, tuple[float, int]]:
    """Seconds of each page, the median of the rounds, and its queries, by name."""
    client, pages = _pages()
    pages = {name: address for name, address in pages.items() if only in name or address == BARE}
    seconds: dict[str, list[float]] = {name: [] for name in pages}
    queries: dict[str, int] = {}
    for number in range(rounds + 1):
        for name, address in pages.items():
            taken, queries[name] = _open(client, address)
            if number:  # the first round warms up
                seconds[name].append(taken)
    return {name: (statistics.median(times), queries[name]) for name, times in seconds.items()}


def _open(client: Client, address: str) -> tuple[float, int]:
    from django.db import connection

    number = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal number
        number += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        begun = time.perf_counter()
        answer = client.get(address, headers={"Accept-Language": "ja"})
        body = answer.getvalue() if answer.streaming else answer.content
        taken = time.perf_counter() - begun
    if answer.status_code != 200 or not body:
        raise SystemExit(f"{address}: {answer.status_code}")
    return taken, number


def _pages() -> tuple[Client, dict[str, str]]:
    """A coordinator's browser, and by name the address of each page that is the office's: of the large rows."""
    from django.test import Client
    from django.urls import reverse

    from bench import office_data
    from mdeji.demo import LOGINS
    from programme.models import User
    from tests.mdeji.test_access import EVERYBODY, PAGES

    client = Client()
    client.force_login(User.objects.get(email=LOGINS["コーディネーター"]))
    rows = office_data.keys()
    pages = {"a bare page": BARE}
    for (name, *arguments), allowed in PAGES.items():
        if "coordinator" in allowed and allowed < EVERYBODY - {"anonymous"} and name not in (*FILES, *REDIRECTS):
            pages[name] = reverse(name, args=[rows[argument] for argument in arguments])
    people, closed = reverse("supporters:people"), office_data.last_closed()
    return client, pages | {
        "kpi:month closed": reverse("kpi:month", args=[closed]),
        "kpi:rows closed": reverse("kpi:rows", args=[closed, "consultations"]),
        "kpi:counted closed": reverse("kpi:counted", args=[closed, "consultations"]),
        "kpi:period this year": reverse("kpi:period", args=[f"{closed.next.next.fiscal_year}FY"]),
        "dashboard:year last year": reverse("dashboard:year") + f"?year={closed.next.next.fiscal_year - 1}",
        "supporters:people found": f"{people}?q=ひと12",
        "support_requests:board people": reverse("support_requests:board") + "?view=people",
        "support_requests:list found": reverse("support_requests:list") + "?q=会12",
    }


def report(measured: dict[str, tuple[float, int]]) -> bool:
    """Print the table, the slowest page first. Returns whether each page meets its goal."""
    bare, _queries = measured["a bare page"]
    print(f"{'':36}{'ms':>9}{'to bare':>9}{'queries':>9}   goal: {GOAL:.0f}")
    for name, (median, number) in sorted(measured.items(), key=lambda item: -item[1][0]):
        mark = " !" if median > GOAL * bare else ""
        print(f"{name:36}{median * 1000:9.1f}{median / bare:9.2f}{number:9}{mark}")
    return all(median <= GOAL * bare for median, _number in measured.values())


if __name__ == "__main__":
    sys.exit(main())
