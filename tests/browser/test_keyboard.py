"""What people do without a mouse: the focus is always seen, nothing holds it, and each form can be sent."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.keys import Keyboard
from tests.browser.site import Site
from tests.browser.standing import Standing
from tests.browser.visitor import Visitor

EMAIL = "kagiko@example.jp"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def code_sent_to(standing: Standing, email: str) -> str:
    """The code in the mail that the site has just sent."""
    mail = Site({}, standing.address, standing.mailbox).mail_to(email, "コード")
    match = re.search(r"^\s*(\d{6})\s*$", mail, re.MULTILINE)
    assert match
    return match.group(1)


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


def test_somebody_registers_by_keyboard(standing: Standing, browser: Browser) -> None:
    page = Visitor(browser, standing, "newcomer", "ja").page
    page.goto(standing.address)
    keys = Keyboard(page)
    keys.press("サポーターになる")
    keys.write("メールアドレス", EMAIL)
    keys.press("コードを送る")
    keys.write("コード", code_sent_to(standing, EMAIL))
    keys.press("次へ進む")
    keys.walk_around()
    keys.write("お名前", "見本 鍵子")
    keys.write("ふりがな", "みほん かぎこ")
    for part, number in {"年": "1958", "月": "4", "日": "1"}.items():
        keys.write(part, number, group="生年月日")
    keys.press("次へ")
    keys.choose("あてはまるもの", "市民")
    keys.press("次へ")
    keys.select("お住まいの地区", "上川淵")
    keys.press("次へ")
    keys.tab_to("LINE")
    keys.arrow_to("活用")
    keys.press("次へ")
    keys.tick("平日の午前", group="まとめて選ぶ")
    keys.press("もどる")
    keys.press("次へ")
    keys.press("次へ")
    keys.walk_around()
    keys.press("申し込む")
    expect(page.locator("main")).to_contain_text("申込みを受け付けました")


def test_a_group_asks_for_a_session_by_keyboard(standing: Standing, browser: Browser) -> None:
    page = Visitor(browser, standing, "newcomer", "ja").page
    page.goto(standing.address)
    keys = Keyboard(page)
    keys.press("出張サポートを")
    keys.press("入力を始める")
    keys.walk_around()
    keys.write("団体・グループの名前", "見本 鍵盤の会")
    keys.choose("団体の種類", "住民")
    keys.select("団体の地区", "上川淵")
    keys.write("参加する人数", "5")
    keys.press("次へ")
    keys.select("場所", "上川淵公民館")
    keys.press("次へ")
    keys.select("日", "月", group="第1希望")
    keys.select("始まる時間", "10:00", group="第1希望")
    keys.press("次へ")
    keys.tick("LINE")
    keys.press("次へ")
    keys.choose("どのくらい", "基本")
    keys.press("次へ")
    keys.press("次へ")
    keys.write("代表の方のお名前", "見本 鍵子")
    keys.write("電話番号", "0272241111")
    keys.press("次へ")
    keys.walk_around()
    keys.press("この内容で送る")
    expect(page.locator("h1")).to_contain_text("送りました")
