"""A hall with bad wifi: the web process, a proxy that loses, doubles and delays requests, devices that break down."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, Playwright

from tests.processes import ROOT, a_free_port, manage, shell, wait_until

OPEN_DESK = """
import datetime as dt, json
from django.test import Client
from django.utils import timezone
from consult.models import Desk
from programme.models import Role, User, Venue
today = timezone.localdate()
row = Desk.objects.create(
    name="見本の相談所", venue=Venue.objects.all()[0], rule="FREQ=DAILY", opens=dt.time(0), closes=dt.time(23, 59)
)
account = User.objects.create_user(f"desk{row.pk}@example.jp", name="見本の端末", role=Role.DESK)
row.accounts.add(account)
client = Client()
client.force_login(account)
openings = row.open_dates(today - dt.timedelta(days=1), today + dt.timedelta(days=1))
print(json.dumps({
    "number": row.pk,
    "today": str(today),
    "openings": {str(one.date): one.pk for one in openings},
    "session": client.cookies["sessionid"].value,
}))
"""
ROWS = """
import json
from consult.models import Consultation
rows = Consultation.objects.filter(desk=%d)
print(json.dumps([{
    "id": str(row.pk), "opening": row.opening_id, "date": str(row.date), "topic": row.topic_id,
    "outcome": row.outcome_id, "happened_at": row.happened_at.timestamp(), "void": row.is_void,
} for row in rows]))
"""
# The device's clock can be set, and stays set over reloads.
CLOCK = """{
  const right = Date.now.bind(Date);
  Date.now = () => right() + Number(localStorage.getItem("wrong-by") ?? 0);
}"""


@dataclass
class Wifi:
    """What lies between the devices and the web process. Requests to the API meet ``faults`` at random."""

    server: int
    rng: random.Random
    port: int = 0
    cut: bool = False
    faults: float = 0.0
    met: Counter[str] = field(default_factory=Counter)
    bytes_of: Counter[str] = field(default_factory=Counter)
    """what came back to the devices, head and body, by path"""
    held: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)
    breaks_at: str = ""
    """the web process answers 500 to whatever bears this text"""
    said: dict[str, str] = field(default_factory=dict)
    """headers that each request gets on its way"""
    lock: threading.Lock = field(default_factory=threading.Lock)

    KINDS = ("error before", "error after", "lost before", "lost after", "doubled", "late", "slow", "portal")

    def fate(self, path: str) -> str:
        with self.lock:
            if self.cut:
                kind = "cut"
            elif path.startswith("/api/") and self.rng.random() < self.faults:
                kind = self.rng.choice(self.KINDS)
            else:
                kind = "clean"
            self.met[kind] += 1
            return kind

    def pass_on(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        web = http.client.HTTPConnection("127.0.0.1", self.server, timeout=20)
        try:
            web.request(method, path, body, headers | self.said)
            answer = web.getresponse()
            head, content = answer.getheaders(), answer.read()
            lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in head), ""]
            with self.lock:
                self.bytes_of[path] += len(content) + sum(len(line) + 2 for line in lines)
            return answer.status, head, content
        finally:
            web.close()

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def deliver_late(self) -> None:
        """Requests that were given up long ago arrive after all, the last one first."""
        with self.lock:
            held, self.held = self.held[::-1], []
        for request in held:
            self.pass_on(*request)


class Passing(BaseHTTPRequestHandler):
    wifi: Wifi

    def handle_one(self) -> None:
        wifi = self.wifi
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        request = (self.command, self.path, body, headers)
        breaks = bool(wifi.breaks_at) and wifi.breaks_at.encode() in body
        kind = "error before" if breaks else wifi.fate(self.path)
        self.close_connection = True
        if kind in ("cut", "lost before"):
            return
        if kind == "late":
            with wifi.lock:
                wifi.held.append(request)
            return
        if kind == "error before":
            self.answer(500, [], b"Internal Server Error")
            return
        if kind == "portal":
            self.answer(200, [("Content-Type", "text/html")], b"<h1>Please accept our terms</h1>")
            return
        if kind == "slow":
            time.sleep(0.3)
        try:
            status, head, content = wifi.pass_on(*request)
            if kind == "doubled":
                status, head, content = wifi.pass_on(*request)
        except OSError:  # the web process is being started anew
            return
        if kind == "lost after":
            return
        if kind == "error after":
            self.answer(502, [], b"Bad Gateway")
            return
        self.answer(status, head, content)

    def answer(self, status: int, head: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in head:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = handle_one  # noqa: N815  (the library's names)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):  # the device broke down while it was told
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Desk:
    """A desk that opens yesterday, today and tomorrow, and the session of its account."""

    number: int
    today: str
    openings: dict[str, int]
    session: str


@dataclass
class Hall:
    """The programme's web process behind the wifi."""

    environment: dict[str, str]
    wifi: Wifi
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return self.wifi.address

    def open_desk(self) -> Desk:
        return Desk(**json.loads(shell(self.environment, OPEN_DESK).splitlines()[-1]))

    def rows(self, desk: Desk) -> list[dict[str, Any]]:
        """The desk's cases as the server has them."""
        found: list[dict[str, Any]] = json.loads(shell(self.environment, ROWS % desk.number).splitlines()[-1])
        return found

    def open_web(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:mdeji.gunicorn", "mdeji.wsgi"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(lambda: _answers(self.wifi.server), seconds=120)

    def break_web(self) -> None:
        """The web process dies in the midst of whatever it does."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def wifi_before(server: int, said: dict[str, str] | None = None) -> Iterator[Wifi]:
    """The wifi between the devices and the web process at port ``server``; ``said``: headers that requests get."""
    wifi = Wifi(server=server, rng=random.Random(0), said=said or {})
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Passing,), {"wifi": wifi}))
    wifi.port = proxy.server_address[1]
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield wifi
    finally:
        proxy.shutdown()
        proxy.server_close()


@contextlib.contextmanager
def open_hall(environment: dict[str, str], folder: Path) -> Iterator[Hall]:
    with wifi_before(a_free_port()) as wifi:
        environment |= {"PORT": str(wifi.server), "WEB_WORKERS": "1", "BROKER_URL": "filesystem://localhost"}
        manage(environment, "load_programme", "--verbosity=0")
        hall = Hall(environment, wifi, folder / "web.log")
        hall.open_web()
        try:
            yield hall
        finally:
            hall.break_web()
    assert "Traceback" not in hall.log.read_text(), hall.log.read_text()[-3000:]


class Device:
    """A phone or tablet with a browser of its own, whose profile outlives the browser."""

    def __init__(self, playwright: Playwright, hall: Hall, desk: Desk, profile: Path, chromium: list[str]) -> None:
        self.playwright, self.hall, self.desk, self.profile, self.chromium = playwright, hall, desk, profile, chromium
        self.browser: Browser
        self.page: Page
        self.failures: list[str] = []
        self.switch_on()

    def switch_on(self) -> None:
        marker = self.profile / "DevToolsActivePort"
        marker.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*self.chromium, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self.profile}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(lambda: marker.exists() and len(marker.read_text().splitlines()) == 2, seconds=60)
        self.browser = self.playwright.chromium.connect_over_cdp(
            f"http://127.0.0.1:{marker.read_text().splitlines()[0]}"
        )
        context = self.browser.contexts[0]
        context.add_init_script(CLOCK)
        context.add_cookies([{"name": "sessionid", "value": self.desk.session, "url": self.hall.address}])
        self.open()

    def battery_dies(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.browser.close()

    def switch_off(self) -> None:
        self.battery_dies()

    def open(self) -> None:
        """The page in a new window; the others are gone."""
        self.page = self.browser.contexts[0].new_page()
        self.page.set_viewport_size({"width": 375, "height": 667})
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.goto(f"{self.hall.address}/desks/tap/?lang=ja")
        self.ready()

    def ready(self) -> None:
        """Wait for the page, and say which desk when it asks: today's."""
        self.page.wait_for_selector("#case:not([hidden]), #choose:not([hidden])")
        while self.page.locator("#choose:not([hidden])").count():
            day = self.desk.today.split("-")
            words = f"{int(day[0])}年{int(day[1])}月{int(day[2])}日"
            self.page.locator(f"#openings button:has-text('{words}')").click()
            self.page.wait_for_selector("#case:not([hidden])")

    def installed(self) -> None:
        """Wait until the browser keeps the page."""
        self.page.wait_for_selector("#ready:not([hidden])", state="attached")

    def reload(self) -> None:
        self.page.reload()
        self.ready()

    def page_crashes(self) -> None:
        """The renderer dies. The page object is of no use any more."""
        crash = self.browser.contexts[0].new_cdp_session(self.page)
        with contextlib.suppress(Error):  # the dying do not answer
            crash.send("Page.crash", timeout=300)
        self.page.close()
        self.open()

    def set_clock(self, wrong_by: float) -> None:
        """The device's clock is wrong from now on, by seconds."""
        self.page.evaluate("ms => localStorage.setItem('wrong-by', ms)", int(wrong_by * 1000))

    def choose(self, name: str, code: str) -> None:
        tile = self.page.locator(f"#case label:has(> input[name='{name}'][value='{code}'])")
        if not tile.is_visible():
            self.page.locator("#topics-more > summary").click()
        tile.click()

    def tap(self, topic: str, outcome: str) -> None:
        """A case in three taps, up to the last one."""
        self.ready()
        self.choose("topic", topic)
        self.choose("outcome", outcome)
        self.page.locator("#case .save > button").click()

    def saved(self) -> None:
        """Wait for the page to say that it has the case."""
        self.page.wait_for_selector("#case:not(:has([name=topic]:checked))")
        self.page.wait_for_selector("#said:has-text('記録しました')")

    def counted(self) -> int:
        """How many cases the device says that it has."""
        text = self.page.locator("#list-count").text_content() or ""
        return int("".join(sign for sign in text if sign.isdigit()))

    def send_all(self) -> None:
        """Press the button until nothing waits."""
        self.page.goto(f"{self.hall.address}/desks/tap/#list")

        def sent() -> bool:
            if self.page.locator("#state").get_attribute("data-waiting") == "0":
                return True
            self.page.locator("#send").click()
            self.page.wait_for_timeout(300)
            return False

        wait_until(sent, seconds=60)
        assert self.page.locator("#state").get_attribute("data-refused") == "0", self.page.locator(
            "#cases"
        ).inner_text()

    def close_desk(self) -> str:
        """What the page says when the day's counts are compared."""
        self.page.goto(f"{self.hall.address}/desks/tap/#closing")
        self.page.wait_for_selector("#closing-said .notice")
        return self.page.locator("#closing-said").inner_text()


def _answers(port: int) -> bool:
    with socket.socket() as web:
        return web.connect_ex(("127.0.0.1", port)) == 0
