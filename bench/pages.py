"""Each page of the two forms in steps against a bare page on the base template: `make bench-pages`.

The site is the tests' (web process, demo, a draft of each form that was filled in) with so many supporters as a city
has. One client asks over one connection that is kept. Rounds over all pages alternate, so that whatever else the
machine does meets all of them; the medians are compared. Exits 1 when a page takes longer than its goal.
"""

import argparse
import http.client
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from programme.steps import CHECK  # noqa: E402  (needs Django)
from support_requests.views.intake import IntakeView  # noqa: E402
from supporters.views.registering import RegistrationView  # noqa: E402
from tests.browser.standing import Standing, stand  # noqa: E402
from tests.processes import own_environment, shell  # noqa: E402
from tests.steps import url_of  # noqa: E402

GOAL = 3.0  # times the bare page
PEOPLE = 250
BARE = "/bare/page/"
FORMS = {"anonymous": IntakeView, "member": RegistrationView}
ADD_PEOPLE = """
from programme.models import District
from tests.factories import SupporterFactory
districts = list(District.objects.all())
for number in range({people}):
    SupporterFactory(home_district=districts[number % len(districts)])
"""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=30)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, own_environment(Path(folder)) as environment:
        environment["DJANGO_SETTINGS_MODULE"] = "bench.settings"
        with stand(environment, Path(folder) / "web.log") as site:
            shell(environment, ADD_PEOPLE.format(people=PEOPLE))
            return report(measure(site, rounds))


def measure(site: Standing, rounds: int) -> dict[str, float]:
    """Seconds of each page, by name: the median of the rounds."""
    web = http.client.HTTPConnection(urlsplit(site.address).netloc, timeout=60)
    pages = {"a bare page": (BARE, site.sessions["anonymous"])}
    for role, view in FORMS.items():
        for slug in [*(step.slug for step in view.steps), CHECK]:
            pages[f"{view.kind} {slug}"] = (url_of(view, site.begun, slug), site.sessions[role])
    seconds: dict[str, list[float]] = {name: [] for name in pages}
    for number in range(rounds + 1):
        for name, (path, session) in pages.items():
            begun = time.perf_counter()
            web.request("GET", path, headers={"Cookie": f"sessionid={session}", "Accept-Language": "ja"})
            answer = web.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status}")
            if number:  # the first round warms up
                seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(times) for name, times in seconds.items()}


def report(seconds: dict[str, float]) -> int:
    bare, *_others = seconds.values()
    print(f"{'':24}{'ms':>8}{'to bare':>10}   goal: {GOAL:.0f}")
    for name, median in seconds.items():
        print(f"{name:24}{median * 1000:8.1f}{median / bare:10.2f}")
    met = max(seconds.values()) <= GOAL * bare
    print("the goal is met" if met else "the goal was missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
