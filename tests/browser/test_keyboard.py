"""What people do without a mouse: the focus is always seen, nothing holds it, and each form can be sent."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.hall import Hall
from tests.browser.keys import Keyboard
from tests.browser.site import Site
from tests.browser.standing import Standing
from tests.browser.visitor import Visitor

EMAIL = "kagiko@example.jp"

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]


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


def test_a_case_is_logged_undone_and_compared_by_keyboard_on_the_page_that_works_without_the_net(
    hall: Hall, browser: Browser
) -> None:
    desk = hall.open_desk()
    context = browser.new_context(viewport={"width": 375, "height": 667}, timezone_id="Asia/Tokyo", locale="ja-JP")
    context.add_cookies([{"name": "sessionid", "value": desk.session, "url": hall.address}])
    page = context.new_page()
    page.goto(f"{hall.address}/desks/tap/?lang=ja")
    page.wait_for_selector("#case:not([hidden])")
    keys = Keyboard(page)
    keys.walk_around()
    page.wait_for_selector("#case:not([hidden])")
    keys.skip_to_content()
    keys.choose_first("何の相談ですか")
    keys.choose("どうなりましたか", "解決")
    keys.tab_to("くわしく記録する")
    page.keyboard.press("Enter")
    keys.write("時間", "20")
    keys.tab_to("保存する")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("記録しました")
    keys.tab_to("取り消す")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("取り消しました")
    keys.choose_first("何の相談ですか")
    keys.choose("どうなりましたか", "解決")
    keys.tab_to("保存する")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("記録しました")
    keys.tab_to("この端末の記録を見る")
    page.keyboard.press("Enter")
    expect(page.locator("#list-title")).to_be_focused()
    expect(page.locator("#state")).to_contain_text("すべて送信ずみ")  # a case that was sent can be mended: a stop more
    keys.walk_around()
    page.wait_for_selector("#cases li")
    keys.tab_to("取り消す")
    keys.tab_to("今日の相談所を終わる")
    page.keyboard.press("Enter")
    expect(page.locator("#closing-said")).to_contain_text("1件 = 1件")


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
    keys.tick("LINE", group="教えられること")
    keys.choose("LINE: どこまで", "活用")
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
    keys.tick("LINE")
    keys.press("次へ")
    keys.choose("どのくらい", "基本")
    keys.press("次へ")
    keys.press("次へ")
    keys.tick("午後", group="都合のよい日")
    keys.press("次へ")
    keys.select("午後", "14:00")
    keys.press("次へ")
    keys.write("代表の方のお名前", "見本 鍵子")
    keys.write("電話番号", "0272241111")
    keys.press("次へ")
    keys.walk_around()
    keys.press("この内容で送る")
    expect(page.locator("h1")).to_contain_text("送りました")
