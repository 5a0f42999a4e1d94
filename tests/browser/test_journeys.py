"""The two public forms from the first page to the last, on the narrowest phone, in each language, with and without
scripts, back and reloaded at each step, typed as Japanese keyboards and people type. Keyboard alone: test_keyboard.py.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from programme.steps import StepsView
from support_requests.views.intake import IntakeView
from supporters.views.registering import RegistrationView
from tests.browser.site import Site
from tests.browser.standing import Standing
from tests.browser.visitor import NARROWEST

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

# What stands in the fields of the page's form: that of the step, without its token.
TYPED = """() => [...new FormData(document.querySelector("main form[novalidate]"))]
  .filter(([name]) => name != "csrfmiddlewaretoken")"""
NEXT, BACK = "main form[novalidate] button:not([name])", "main form[novalidate] button[name=back]"

# language, whether scripts run, whether people go back by the browser's button or by the page's
WAYS = [("ja", True, "page"), ("ja-easy", False, "browser"), ("en", True, "browser")]
NAME, GROUP = "𠮷田 髙子", "𠮷岡町・髙崎の会"


@dataclass
class Walker:
    """Somebody with a phone of 320 px who goes through a form in steps."""

    page: Page
    back: str

    def fill(self, **typed: Any) -> None:
        """Type texts, choose from lists and tap tiles, each by its field's name."""
        for name, value in typed.items():
            field = self.page.locator(f"main [name='{name}']").first
            kind = field.evaluate("it => it.type")
            if kind in ("checkbox", "radio"):
                tile = self.page.locator(f"main label:has([name='{name}'][value='{value}'])")
                tile.click()
            elif kind == "select-one":
                field.select_option(value)
            else:
                field.fill(value)

    def press(self, button: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(button).first.click()
        assert self.page.evaluate("document.documentElement.scrollWidth") <= NARROWEST, self.page.url

    def next(self) -> None:
        """Send the page, reload the one after it, go back, find everything as it was typed, and send it again."""
        here, typed = self.page.url, self.page.evaluate(TYPED)
        self.press(NEXT)
        assert self.page.url != here, self.page.locator("main").inner_text()
        self.page.reload()
        if self.back == "page" and self.page.locator(BACK).count():
            self.press(BACK)
        else:
            self.page.go_back()
        assert self.page.url == here
        assert self.page.evaluate(TYPED) == typed
        assert self.page.locator("[role=alert]").count() == 0
        self.press(NEXT)


@pytest.fixture(params=WAYS, ids=lambda way: way[0])
def walker(request: pytest.FixtureRequest, browser: Browser, standing: Standing) -> Iterator[Walker]:
    language, scripts, back = request.param
    context = on_a_small_phone(browser, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{standing.address}/?lang={language}")
    yield Walker(page, back)
    context.close()


def on_a_small_phone(browser: Browser, **options: Any) -> BrowserContext:
    size: Any = {"width": NARROWEST, "height": 640}
    return browser.new_context(viewport=size, locale="ja-JP", timezone_id="Asia/Tokyo", **options)


ANSWERS: dict[str, Callable[[Walker], None]] = {
    "group": lambda it: it.fill(group_name=GROUP, district="D03", participants="１２人"),
    "place": lambda it: it.fill(venue="own", own_name="𠮷岡集会所", own_address="前橋市大手町１−１"),
    "topics": lambda it: it.fill(topics="T05"),
    "level": lambda it: it.fill(level="L1"),
    "helps": lambda it: it.fill(note="耳の遠い方が〜２人"),
    "days": lambda it: it.page.locator("main label:has([name=slots])").nth(3).click(),
    "times": lambda it: None,
    "contact": lambda it: it.fill(leader=NAME, phone="０９０ー１２３４〜５６７８", email="ｈａｎａｋｏ＠example.jp"),
    "you": lambda it: it.fill(
        name=NAME, kana="ﾖｼﾀﾞ ﾀｶｺ", birth_date_year="１９５８", birth_date_month="４", birth_date_day="1"
    ),
    "about": lambda it: it.fill(category="citizen", phone="０２７ー２２４〜１１１１"),
    "where": lambda it: it.fill(home_district="D03"),
    "skills": lambda it: it.fill(skills="T05", **{"skills-T05": "2"}),
}
"""What is typed on each page, by its step."""


def walk_through(walker: Walker, view: type[StepsView], times: Callable[[Walker], None] | None = None) -> str:
    """Answer every step that is asked; the text of the summary."""
    for step in view.steps:
        if f"/{step.slug}/" not in walker.page.url:
            continue  # not asked
        (times if times and step.slug == "times" else ANSWERS[step.slug])(walker)
        walker.next()
    assert "/check/" in walker.page.url
    return str(walker.page.locator("main").inner_text())


def test_a_group_asks_for_a_session(walker: Walker, standing: Standing) -> None:
    walker.page.goto(f"{standing.address}/requests/")
    walker.press("main a[href$='/group/']")
    said = walk_through(walker, IntakeView)
    for words in (GROUP, NAME, "12", "𠮷岡集会所", "０９０ー１２３４〜５６７８", "hanako@example.jp"):
        assert words in said, words
    walker.press(NEXT)
    assert "/requests/thanks/" in walker.page.url, walker.page.locator("main").inner_text()


def sign_up(walker: Walker, standing: Standing, email: str) -> None:
    """As far as the first page of the registration."""
    walker.page.goto(f"{standing.address}/accounts/signup/")
    walker.fill(email=email)
    walker.press("main form button")
    code = re.search(r"^\s*(\d{6})\s*$", Site({}, standing.address, standing.mailbox).mail_to(email, ""), re.MULTILINE)
    assert code
    walker.fill(code=code.group(1))
    walker.press("main form button")


def test_somebody_becomes_a_supporter(walker: Walker, standing: Standing) -> None:
    language = walker.page.locator("html").get_attribute("lang")
    sign_up(walker, standing, f"takako-{language}-{walker.back}@example.jp")
    said = walk_through(walker, RegistrationView, lambda it: it.fill(presets="weekday_mornings"))
    for words in (NAME, "ﾖｼﾀﾞ ﾀｶｺ", "1958", "０２７ー２２４〜１１１１", "LINE"):
        assert words in said, words
    walker.press(NEXT)
    assert walker.page.url.endswith("/supporters/"), walker.page.locator("main").inner_text()


def test_one_form_in_two_tabs_is_sent_once(browser: Browser, standing: Standing) -> None:
    context = on_a_small_phone(browser)
    one = Walker(context.new_page(), "page")
    one.page.goto(f"{standing.address}/requests/?lang=ja")
    one.press("main a[href$='/group/']")
    for step in IntakeView.steps:
        ANSWERS[step.slug](one)
        one.press(NEXT)
    other = Walker(context.new_page(), "page")
    other.page.goto(one.page.url)
    other.page.locator("main .change a").first.click()
    other.fill(group_name="もう一つの窓の会")
    other.press(NEXT)
    assert "もう一つの窓の会" in other.page.locator("main").inner_text()
    one.press(NEXT)  # which has not shown that name
    assert "もう一つの窓の会" in one.page.locator("main").inner_text()
    for tab in (one, other):
        tab.press(NEXT)
    assert one.page.url == other.page.url
    assert "/requests/thanks/" in one.page.url
    context.close()


def begin(context: BrowserContext, standing: Standing) -> Walker:
    """On the first page of a request."""
    walker = Walker(context.new_page(), "page")
    walker.page.goto(f"{standing.address}/requests/?lang=ja")
    walker.press("main a[href$='/group/']")
    return walker


def test_what_is_typed_outlives_a_dead_battery(browser: Browser, standing: Standing) -> None:
    context = on_a_small_phone(browser)
    page = begin(context, standing).page
    with page.expect_response(lambda answer: answer.status == 204):
        page.fill("main [name=group_name]", GROUP)
    address = page.url
    kept: Any = [cookie for cookie in context.cookies() if cookie["expires"] > 0]  # a browser that ends keeps no others
    context.close()
    again = on_a_small_phone(browser)
    again.add_cookies(kept)
    page = again.new_page()
    page.goto(address)
    assert page.input_value("main [name=group_name]") == GROUP
    assert page.locator("[role=alert]").count() == 0
    again.close()


def test_an_answer_waits_for_nothing_and_what_was_typed_before_it_comes_too_late(
    browser: Browser, standing: Standing
) -> None:
    context = on_a_small_phone(browser)
    walker, held = begin(context, standing), []

    def hold(route: Route) -> None:
        if 'name="keep"' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    walker.press(NEXT)  # which is wrong, and begins a session
    walker.page.route("**/group/", hold)
    with walker.page.expect_request(lambda request: 'name="keep"' in (request.post_data or "")):
        ANSWERS["group"](walker)
    walker.page.fill("main [name=group_name]", "あとの名前の会")
    walker.press(NEXT)  # while what is kept hangs
    assert "/place/" in walker.page.url
    late, here = held[0].request, walker.page.url
    answer = context.request.post(late.url, headers=late.headers, data=late.post_data_buffer)
    assert answer.status == 204
    walker.page.unroute("**/group/")
    walker.page.goto(late.url)
    assert walker.page.input_value("main [name=group_name]") == "あとの名前の会"
    walker.page.goto(here)
    assert walker.page.url == here
    context.close()


def test_a_registration_in_two_tabs_sends_what_was_shown_and_once(browser: Browser, standing: Standing) -> None:
    context = on_a_small_phone(browser)
    one, other = (Walker(context.new_page(), "page") for _tab in range(2))
    sign_up(one, standing, "two-tabs@example.jp")
    for step in RegistrationView.steps:
        if f"/{step.slug}/" in one.page.url:
            one.fill(presets="weekday_mornings") if step.slug == "times" else ANSWERS[step.slug](one)
            one.press(NEXT)
    other.page.goto(one.page.url)
    other.page.locator("main .change a").first.click()
    other.fill(name="もう一つの窓の人")
    other.press(NEXT)
    one.press(NEXT)
    assert "/check/" in one.page.url
    assert "もう一つの窓の人" in one.page.locator("main").inner_text()
    for tab in (one, other):
        tab.press(NEXT)
        assert tab.page.url.endswith("/supporters/")
        assert "もう一つの窓の人" in tab.page.locator("main").inner_text()
    context.close()


def test_a_registration_outlives_a_dead_battery(browser: Browser, standing: Standing) -> None:
    context = on_a_small_phone(browser)
    walker = Walker(context.new_page(), "page")
    sign_up(walker, standing, "battery@example.jp")
    with walker.page.expect_response(lambda answer: answer.status == 204):
        walker.fill(name=NAME)
    address = walker.page.url
    kept: Any = [cookie for cookie in context.cookies() if cookie["expires"] > 0]  # a browser that ends keeps no others
    context.close()
    again = on_a_small_phone(browser)
    again.add_cookies(kept)
    page = again.new_page()
    page.goto(f"{standing.address}/supporters/register/")
    assert page.url == address
    assert page.input_value("main [name=name]") == NAME
    again.close()


def test_what_is_hidden_is_not_seen_and_text_keeps_off_a_card(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<button class='secondary' hidden>…</button><div class='card'><p>…</p></div><p id='after'>…</p>")
    for style in ("tokens", "page", "forms", "parts"):
        page.add_style_tag(path=f"mdeji/static/mdeji/{style}.css")
    assert not page.locator("button").is_visible()
    card, after = (page.locator(it).bounding_box() for it in (".card", "#after"))
    assert card
    assert after
    assert after["y"] - card["y"] - card["height"] >= 12
    page.close()
