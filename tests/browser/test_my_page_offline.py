"""マイページ without the net: the next duties of whoever is signed in, and of nobody after signing out."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.hall import Hall
from tests.processes import shell, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

SUPPORTER = """
import json, uuid
from django.test import Client
from tests.factories import SupporterFactory, a_shift, an_offer
person = SupporterFactory(name="見本 花子", user__email=f"{uuid.uuid4().hex}@example.jp")
an_offer(a_shift(title=%r, days=3), person).accept(by=None)
waiting = an_offer(a_shift(title=%r, days=5), person)
client = Client()
client.force_login(person.user)
from supporters.messages import offer_url
offer = offer_url(waiting).partition("/supporters/")[2]
print(json.dumps({"session": client.cookies["sessionid"].value, "offer": offer}))
"""
KEPT = "async () => (await (await caches.open('my-duties')).keys()).length"
TEXT = "caches.open('my-duties').then(kept => kept.match('/supporters/offline/')).then(page => page.text())"
REFUSALS = "addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective}`))"


class Phone:
    """A supporter's phone on the hall's wifi."""

    def __init__(self, browser: Browser, hall: Hall, *titles: str) -> None:
        self.hall, self.heard = hall, []
        made = json.loads(shell(hall.environment, SUPPORTER % titles).splitlines()[-1])
        self.offer = f"/supporters/{made['offer']}"
        context = browser.new_context(viewport={"width": 375, "height": 667}, timezone_id="Asia/Tokyo")
        context.add_init_script(REFUSALS)
        self.page: Page = context.new_page()
        self.page.on("console", lambda line: self.heard.append(line.text) if "policy" in line.text else None)
        self.sign_in(made["session"])

    def sign_in(self, session: str) -> None:
        self.page.context.add_cookies([{"name": "sessionid", "value": session, "url": self.hall.address}])

    def open(self, path: str = "/supporters/", language: str = "ja") -> None:
        self.page.goto(f"{self.hall.address}{path}?lang={language}")

    def keeps_duties(self) -> bool:
        return bool(self.page.evaluate(KEPT))

    def installed(self) -> None:
        self.open()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        wait_until(self.keeps_duties, seconds=30)


@pytest.fixture
def phone(browser: Browser, hall: Hall) -> Iterator[Phone]:
    made = Phone(browser, hall, "上川淵の相談所", "南橘の相談所")
    yield made
    hall.wifi.cut = False
    assert made.heard == []


def test_after_one_visit_the_next_duties_are_there_without_the_net(phone: Phone) -> None:
    phone.installed()
    phone.hall.wifi.cut = True
    phone.open()
    main = phone.page.locator("main")
    expect(main).to_contain_text("インターネットにつながっていません")
    expect(main).to_contain_text("上川淵の相談所")
    expect(main).not_to_contain_text("南橘の相談所")
    assert phone.page.evaluate("getComputedStyle(document.querySelector('.card')).borderTopStyle") == "solid"
    phone.open("/supporters/free-times/")  # every page becomes this one
    expect(main).to_contain_text("上川淵の相談所")
    phone.hall.wifi.cut = False
    phone.page.get_by_role("link", name="もう一度つなぐ").click()
    expect(main).to_contain_text("マイページ")


def test_a_duty_that_was_just_accepted_is_among_them(phone: Phone) -> None:
    phone.installed()
    phone.open(phone.offer)
    with phone.page.expect_navigation():
        phone.page.locator("main button", has_text="引き受けます").click()
    expect(phone.page.locator("main")).to_contain_text("南橘の相談所")
    wait_until(lambda: "南橘の相談所" in phone.page.evaluate(TEXT), seconds=30)


def test_it_speaks_the_language_of_the_last_visit(phone: Phone) -> None:
    phone.installed()
    phone.open(language="en")
    wait_until(lambda: 'lang="en"' in phone.page.evaluate(TEXT), seconds=30)
    phone.hall.wifi.cut = True
    phone.page.reload()
    expect(phone.page.locator("h1")).to_have_text("Coming activities")


def test_signing_out_leaves_no_duties_behind(phone: Phone) -> None:
    phone.installed()
    phone.open("/accounts/logout/")
    with phone.page.expect_navigation():
        phone.page.locator("main form button").click()
    wait_until(lambda: not phone.keeps_duties(), seconds=30)
    phone.hall.wifi.cut = True
    phone.open()
    expect(phone.page.locator("main")).to_contain_text("電波のよい所で")
    expect(phone.page.locator("main")).not_to_contain_text("上川淵の相談所")


def test_a_session_that_ended_takes_the_duties_with_it_at_the_next_visit(phone: Phone) -> None:
    phone.installed()
    phone.page.context.clear_cookies()
    phone.open()
    wait_until(lambda: not phone.keeps_duties(), seconds=30)


def test_who_signs_in_next_sees_none_of_the_one_before(browser: Browser, phone: Phone) -> None:
    phone.installed()
    other = Phone(browser, phone.hall, "大胡の相談所", "芳賀の相談所")
    phone.page.context.clear_cookies()
    phone.sign_in(next(one["value"] for one in other.page.context.cookies() if one["name"] == "sessionid"))
    phone.open()
    wait_until(lambda: "大胡の相談所" in phone.page.evaluate(TEXT), seconds=30)
    phone.hall.wifi.cut = True
    phone.page.reload()
    expect(phone.page.locator("main")).to_contain_text("大胡の相談所")
    expect(phone.page.locator("main")).not_to_contain_text("上川淵の相談所")


def test_the_desk_log_stays_with_its_own_worker(phone: Phone) -> None:
    phone.installed()
    phone.open("/desks/tap/")
    phone.page.wait_for_selector("#ready", state="attached")
    scopes = (
        "navigator.serviceWorker.getRegistrations().then(all => all.map(one => new URL(one.scope).pathname).sort())"
    )
    wait_until(lambda: phone.page.evaluate(scopes) == ["/desks/tap/", "/supporters/"], seconds=30)
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    wait_until(lambda: {"my-duties", "desk-log-settings"} <= set(phone.page.evaluate("caches.keys()")), seconds=30)


def test_the_browser_finds_nothing_that_stands_against_installing(phone: Phone) -> None:
    phone.installed()
    devtools = phone.page.context.new_cdp_session(phone.page)
    faults = {each["errorId"] for each in devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert faults <= {"in-incognito"}  # as every browser context of a test is
    found = devtools.send("Page.getAppManifest")
    assert found["errors"] == []
    assert json.loads(found["data"])["scope"] == "/supporters/"
