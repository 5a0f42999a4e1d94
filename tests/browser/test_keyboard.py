"""What people do without a mouse: the focus is always seen, nothing holds it, and each form can be sent."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.keys import Keyboard
from tests.browser.standing import Standing
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_case_is_logged_by_keyboard(standing: Standing, browser: Browser) -> None:
    page = Visitor(browser, standing, "desk", "ja").page
    page.goto(standing.address)
    keys = Keyboard(page)
    keys.press("相談の記録")
    keys.walk_around()
    keys.skip_to_content()
    keys.choose("何の相談ですか", "LINE")
    keys.choose("どうなりましたか", "解決")
    keys.press("保存する")
    expect(page.locator("main")).to_contain_text("記録しました")
