"""A random day at a desk ends with every case on the server, each once. OFFLINE_SEEDS, OFFLINE_CASES: more of it."""

import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET, need_chromium
from tests.browser.hall import Device, Hall

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

SEEDS = [int(seed) for seed in os.environ.get("OFFLINE_SEEDS", "1").split(",")]
CASES = int(os.environ.get("OFFLINE_CASES", "30"))
TOPICS = ["T01", "T03", "T05", "T08", "T13", "T19", "T99"]
OUTCOMES = ["solved", "referred"]
HOUR = 3600
JUMPS = [-30 * HOUR, -2 * HOUR, -600, 0, 900, 5 * HOUR, 30 * HOUR]
SLACK = 180  # seconds


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    need_chromium()
    with sync_playwright() as running:
        yield running


log = logging.getLogger(__name__).info


class Day:
    """Somebody at a desk, to whom all sorts of things happen."""

    def __init__(self, hall: Hall, phone: Device, rng: random.Random) -> None:
        self.hall, self.phone, self.rng = hall, phone, rng
        self.tapped: Counter[tuple[str, str]] = Counter()
        self.happened: Counter[str] = Counter()

    @property
    def count(self) -> int:
        return self.tapped.total()

    def something(self) -> None:
        events: list[tuple[int, str, Callable[[], None]]] = [
            (60, "nothing", lambda: None),
            (8, "reload", self.phone.reload),
            (5, "crash", self.phone.page_crashes),
            (2, "battery", self.battery),
            (8, "clock", lambda: self.phone.set_clock(self.rng.choice(JUMPS))),
            (8, "net", self.net),
            (2, "server", self.server),
            (4, "late", self.hall.wifi.deliver_late),
            (3, "two windows", self.phone.open),
        ]
        [(_weight, name, act)] = self.rng.choices(events, [weight for weight, _name, _act in events])
        self.happened[name] += 1
        act()

    def battery(self) -> None:
        self.phone.battery_dies()
        self.phone.switch_on()

    def net(self) -> None:
        self.hall.wifi.cut = not self.hall.wifi.cut

    def server(self) -> None:
        self.hall.break_web()
        self.hall.open_web()

    def case(self) -> None:
        """A case; now and then the page dies at the very tap, and the person looks whether it is there."""
        topic, outcome = self.rng.choice(TOPICS), self.rng.choice(OUTCOMES)
        before = self.phone.counted()
        assert before == self.count
        self.phone.tap(topic, outcome)
        if self.rng.random() < 0.05:
            self.happened["crash at the tap"] += 1
            self.phone.page_crashes()
            if self.phone.counted() == before:
                return
        else:
            self.phone.saved()
            if self.rng.random() < 0.05:
                self.happened["undone"] += 1
                self.phone.page.locator("#undo").click()
                self.phone.page.wait_for_selector("#said:has-text('取り消しました')")
                return
        self.tapped[topic, outcome] += 1


@pytest.mark.timeout(60 + 12 * CASES)  # a browser and a web process that start many times over
@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_breakdowns_ends_with_every_case_on_the_server_once(
    playwright: Playwright, hall: Hall, tmp_path: Path, seed: int
) -> None:
    desk = hall.open_desk()
    phone = Device(playwright, hall, desk, tmp_path / "profile", [str(CHROMIUM), *QUIET])
    day = Day(hall, phone, random.Random(seed))
    hall.wifi.rng, hall.wifi.met = random.Random(seed), Counter()
    try:
        phone.installed()
        began = time.time()
        hall.wifi.faults = 0.5
        while day.count < CASES:
            day.something()
            day.case()
        hall.wifi.deliver_late()
        hall.wifi.cut, hall.wifi.faults = False, 0.0
        phone.set_clock(0)
        phone.send_all()
        said = phone.close_desk()
        log(f"seed {seed}: {CASES} cases in {time.time() - began:.0f} s, {dict(day.happened)}, {dict(hall.wifi.met)}")
        assert phone.failures == []
    finally:
        hall.wifi.cut, hall.wifi.faults = False, 0.0
        phone.switch_off()
    rows = [row for row in hall.rows(desk) if not row["void"]]
    assert len(rows) == CASES
    assert Counter((row["topic"], row["outcome"]) for row in rows) == day.tapped
    assert {(row["opening"], row["date"]) for row in rows} == {(desk.openings[desk.today], desk.today)}
    assert all(began - SLACK < row["happened_at"] < time.time() + SLACK for row in rows)
    assert f"{CASES}件 = {CASES}件" in said
