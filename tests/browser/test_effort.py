"""How much the two public forms ask of a thumb: taps and typed fields on the shortest way, counted as they are made."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.site import Person, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]


class Counted(Person):
    """A field is tapped and then typed; a list is tapped open and then on its line."""

    taps = fields = 0

    def type(self, **fields: str) -> None:
        self.taps += len(fields)
        self.fields += len(fields)
        super().type(**fields)

    def choose(self, name: str, option: str) -> None:
        self.taps += 2
        super().choose(name, option)

    def tick(self, *boxes: str) -> None:
        self.taps += len(boxes)
        super().tick(*boxes)

    def send(self, button: str = "main form button") -> None:
        self.taps += 1
        super().send(button)

    def next(self, **fields: Any) -> None:
        self.type(**fields)
        self.press("次へ")


def test_a_session_is_asked_for_with_few_taps(shared_site: Site, browser: Browser) -> None:
    leader = Counted(browser, shared_site, "leader@example.jp")
    leader.open("/")
    leader.follow("出張サポートを頼む")
    leader.follow("入力を始める")
    leader.choose("district", "上川淵")
    leader.next(group_name="ひまわり会", participants="5")
    leader.choose("venue", "上川淵公民館")
    leader.next()
    leader.tick("topics=T05")
    leader.next()
    leader.tick("level=L1")
    leader.next()
    leader.next()
    leader.tick(f"slots={leader.page.locator('[name=slots]').nth(3).get_attribute('value')}")
    leader.next()
    leader.next()
    leader.next(leader="前橋花子", email=leader.email)
    leader.press("この内容で送る")
    leader.arrives_at("/requests/thanks/")
    print(f"request: {leader.taps} taps, {leader.fields} fields typed")  # noqa: T201
    assert (leader.taps, leader.fields) == (22, 4)


def test_a_supporter_registers_with_few_taps(shared_site: Site, browser: Browser) -> None:
    person = Counted(browser, shared_site, "taro@example.jp")
    person.open("/")
    person.follow("サポーターになる")
    person.type(email=person.email)
    person.send()
    person.enter_code()
    person.next(
        name="前橋太郎", kana="まえばしたろう", birth_date_year="1958", birth_date_month="4", birth_date_day="1"
    )
    person.tick("category=citizen")
    person.next()
    person.choose("home_district", "上川淵")
    person.next()
    person.tick("skills=T05")
    person.next()
    person.tick("presets=weekday_mornings")
    person.next()
    person.press("申し込む")
    person.sees("前橋太郎")
    print(f"registration: {person.taps} taps, {person.fields} fields typed")  # noqa: T201
    assert (person.taps, person.fields) == (21, 7)
