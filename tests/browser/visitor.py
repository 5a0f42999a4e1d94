"""Somebody who opens pages and notes whatever is wrong with them: see test_tour.py."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Request

from tests.browser.standing import Standing

PHONE, DESK, NARROWEST = 375, 1280, 320
# A folder to keep pictures of all pages in: they take longer than looking does.
SHOTS = os.environ.get("TOUR_SHOTS")
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
# Colours are the same in each language, and their contrast takes most of the time.
NO_COLOURS = {"color-contrast": {"enabled": False}}
# ja-easy is our own name for a way of writing Japanese.
TONGUES = {"ja": "ja", "ja-easy": "ja", "en": "en"}
NOTE_VIOLATIONS = """
addEventListener("securitypolicyviolation", e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))
"""

PARTS = "Array.from(document.body.children, part => part.outerHTML)"
TOKEN = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+')


class Visitor:
    """A browser of one role, reading in one language."""

    def __init__(self, browser: Browser, site: Standing, role: str, language: str) -> None:
        self.site, self.role, self.language = site, role, language
        self.context: BrowserContext = browser.new_context(
            # What is still arriving has not its colours yet.
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            reduced_motion="reduce",
        )
        if role in site.sessions:
            self.context.add_cookies([{"name": "sessionid", "value": site.sessions[role], "url": site.address}])
        self.context.add_init_script(NOTE_VIOLATIONS)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.heard.append(str(error.error)))
        self.context.on("request", self._ask)
        self.heard: list[str] = []
        self.seen: set[str] = set()
        self.page = self.context.new_page()

    def _hear(self, line: ConsoleMessage) -> None:
        # The log that works without the net asks the API, which knows nobody before somebody signs in.
        stranger = line.location["url"].partition("?")[0].endswith("/api/v1/desk/") and "status of 401" in line.text
        if line.type in ("error", "warning") and not stranger:
            self.heard.append(f"console: {line.text} {line.location['url']}")

    def _ask(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in ("", urlsplit(self.site.address).netloc):
            self.heard.append(f"asks another host: {request.url}")

    def faults_of(self, name: str, path: str, *, status: int = 200) -> list[str]:
        """What is wrong with the page at ``path``; nothing when it leads to one that was looked at already."""
        answer = self.page.goto(f"{self.site.address}{path}?lang={self.language}")
        assert answer
        if answer.status == status != 200:  # which the browser notes as a failed load
            self.heard = [line for line in self.heard if f"status of {status}" not in line]
        faults = [] if answer.status == status else [f"answers {answer.status}"]
        shown = self.page.url.partition("?")[0]
        faults += self._faults_here(name) if shown not in self.seen else []
        self.seen.add(shown)
        return self._named(name, faults)

    def faults_when_empty(self, name: str, path: str) -> list[str]:
        """What is wrong with the answer to the form at ``path``, sent with nothing filled in."""
        self.page.goto(f"{self.site.address}{path}?lang={self.language}")
        with self.page.expect_navigation():
            self.page.locator("main form[method=post][novalidate] button").first.click()
        faults = [] if self.page.locator("[role=alert]").count() else ["says no error"]
        return self._named(f"{name}, empty", [*faults, *self._faults_here(f"{name}-empty")])

    def _named(self, name: str, faults: list[str]) -> list[str]:
        faults += self.heard
        self.heard = []
        return [f"{name} ({self.language}) {fault}" for fault in faults]

    def _faults_here(self, name: str) -> Iterator[str]:
        """What is wrong with the page that stands open; keeps pictures of what is new."""
        page = self.page
        if page.locator("html").get_attribute("lang") != TONGUES[self.language]:
            yield "is in another language"
        if not re.match(r"[^|]*\w[^|]*\|", page.title()):
            yield f"has no title but {page.title()!r}"
        if page.locator("h1").count() != 1:
            yield f"has {page.locator('h1').count()} h1"
        new = self._is_new()
        if new:
            page.evaluate(AXE_SCRIPT)
        for width in (PHONE, DESK, NARROWEST):
            page.set_viewport_size({"width": width, "height": 800})
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                yield f"is {wide} px wide at {width} px"
            # What stands beside what at the desk is the same in each language: axe need not look thrice.
            if new and (width == PHONE or (width == DESK and self.language == settings.LANGUAGE_CODE)):
                yield from (f"at {width} px: {fault}" for fault in self._barriers())
            if new and SHOTS and width != NARROWEST:
                self._keep(Path(SHOTS), f"{name}-{width}")

    def _is_new(self) -> bool:
        """False when every part of the page was examined already, when another role came by, say."""
        parts = {self.language + TOKEN.sub("", part) for part in self.page.evaluate(PARTS)}
        new = not parts <= self.site.examined
        self.site.examined.update(parts)
        return new

    def _barriers(self) -> Iterator[str]:
        rules = RULES if self.language == settings.LANGUAGE_CODE else {**RULES, "rules": NO_COLOURS}
        for broken in self.page.evaluate("options => axe.run(options)", rules)["violations"]:
            for node in broken["nodes"]:
                yield f"{broken['id']}: {node['html'][:200]} {node['failureSummary']}"

    def _keep(self, shots: Path, name: str) -> None:
        folder = shots / self.language / self.role
        folder.mkdir(parents=True, exist_ok=True)
        file = re.sub(r"[: ]", ".", f"{name}.jpg")
        self.page.screenshot(path=folder / file, type="jpeg", quality=60, full_page=True)
