"""Pages for people who set their browser's letters to twice the usual size."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET, need_chromium
from tests.browser.hall import Hall
from tests.browser.standing import Standing

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

ROLES = {"anonymous": set[str](), "supporter": {"supporters:home", "consult:log", "supporters:free_times"}}
# The narrowest heading on the page, in letters.
HEADING = """
Math.min(99, ...Array.from(document.querySelectorAll("main :is(h1, h2, h3)"))
    .filter(heading => heading.checkVisibility() && heading.offsetWidth > 1)
    .map(heading => heading.offsetWidth / parseFloat(getComputedStyle(heading).fontSize)))
"""
# The share of the screen that does not scroll.
HELD = """
Array.from(document.querySelectorAll("body *"))
    .filter(it => ["sticky", "fixed"].includes(getComputedStyle(it).position) && it.checkVisibility())
    .reduce((sum, it) => sum + it.offsetHeight, 0) / innerHeight
"""


def pages_of(standing: Standing, role: str) -> dict[str, str]:
    pages = standing.pages(role)
    return {name: pages[name] for name in ROLES[role]} if ROLES[role] else pages


def faults_of(context: BrowserContext, standing: Standing, role: str, language: str) -> list[str]:
    """What is too wide, or squeezed to a column of letters, on a phone."""
    page = context.new_page()
    faults = []
    for name, path in pages_of(standing, role).items():
        page.goto(f"{standing.address}{path}?lang={language}")
        for width in (375, 320):
            page.set_viewport_size({"width": width, "height": 800})
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                faults.append(f"{name} ({language}) is {wide} px wide at {width} px")
            if (letters := page.evaluate(HEADING)) < 3:
                faults.append(f"{name} ({language}) has a heading of {letters:.1f} letters at {width} px")
    return faults


@contextmanager
def large_letters(session: str | None, address: str) -> Iterator[BrowserContext]:
    """A browser that is set to letters of twice the size."""
    need_chromium()
    with sync_playwright() as playwright:
        large = [*QUIET, "--blink-settings=defaultFontSize=32"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=large, env=dict(os.environ))
        context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
        if session:
            context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        yield context
        browser.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ROLES)
def test_letters_of_twice_the_size_fit_on_a_phone(standing: Standing, role: str) -> None:
    with large_letters(standing.sessions.get(role), standing.address) as context:
        faults = [fault for language, _ in settings.LANGUAGES for fault in faults_of(context, standing, role, language)]
    assert not faults, "\n".join(faults)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
def test_letters_of_twice_the_size_fit_on_the_page_that_logs_without_the_net(hall: Hall, language: str) -> None:
    with large_letters(hall.open_desk().session, hall.address) as context:
        page = context.new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(f"{hall.address}/desks/tap/?lang={language}")
        page.wait_for_selector("#case:not([hidden])")
        page.evaluate("document.querySelectorAll('#case details').forEach(it => { it.open = true })")
        faults = []
        for name in ("case", "list", "closing", "choose"):
            page.goto(f"{hall.address}/desks/tap/#{name}")
            page.wait_for_selector(f"#{name}:not([hidden])")
            if name == "closing":
                page.wait_for_selector("#closing-said .notice")
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > 320:
                faults.append(f"{name} is {wide} px wide")
            if name == "case" and (share := page.evaluate(HELD)) > 0.5:
                faults.append(f"what stays in sight takes {share:.0%} of the screen")
    assert not faults, "\n".join(faults)
