"""The log without the net, in a browser: it opens, keeps, sends, and says what it does."""

import datetime as dt
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from consult.personal_data import has_personal_data
from tests.browser.hall import CLOCK, Desk, Hall, wifi_before
from tests.browser.standing import HTTPS, Standing
from tests.consult.test_personal_data import HARMLESS, PERSONAL
from tests.processes import shell, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

PAGE = "/desks/tap/"
AT_MOST = 80_000  # bytes, head and body of everything that the page and its worker load
NO_STORE = (
    "Object.defineProperty(window, 'indexedDB', { value: { open() { throw new DOMException('', 'SecurityError'); } } })"
)
FULL = """IDBObjectStore.prototype.put = new Proxy(IDBObjectStore.prototype.put, { apply(put, store, values) {
  if (store.name === "cases") throw new DOMException("", "QuotaExceededError");
  return Reflect.apply(put, store, values);
} })"""
INVITE = """
from consult.models import Desk
from consult.models.devices import Invitation
from programme.models import Role, User
desk = Desk.objects.get(pk=%d)
office = User.objects.get_or_create(email="office-of-tablets@example.jp", defaults={"role": Role.COORDINATOR})[0]
print(Invitation.objects.make(desk=desk, name="受付", by=office)[1])
"""
VOID_ONE = """
from consult.models import Consultation
from programme.models import Role, User
office = User.objects.get_or_create(email="office-of-cases@example.jp", defaults={"role": Role.COORDINATOR})[0]
Consultation.objects.filter(desk=%d, topic="T01").get().void(by=office, reason="練習")
"""
SIGN_OUT = """
from django.contrib.sessions.models import Session
Session.objects.filter(session_key="%s").delete()
"""
MOVE_ACCOUNT = """
from consult.models import Desk
Desk.objects.get(pk=%d).accounts.clear()
"""
GIVE_BACK = """
from consult.models import Desk
from programme.models import User
Desk.objects.get(pk=%d).accounts.set(User.objects.filter(email="desk%d@example.jp"))
"""
REVOKE = """
from consult.models import Desk
from programme.models import User
[tablet] = Desk.objects.get(pk=%d).tablets.all()
tablet.revoke(by=User.objects.get(email="office-of-tablets@example.jp"))
"""
CHANGE_DESK = """
from consult.models import Desk
Desk.objects.get(pk=%d).accounts.set(Desk.objects.get(pk=%d).accounts.all())
Desk.objects.get(pk=%d).accounts.clear()
"""
# For as long as the page stands: windows of one device take turns.
ANOTHER_WINDOW_SENDS = """
new Promise(held => { navigator.locks.request("mdeji-desk-log", () => { held(); return new Promise(() => {}); }); })
"""
MINUTE, DAY = 60_000, 86_400_000


@pytest.fixture
def desk(hall: Hall) -> Iterator[Desk]:
    yield hall.open_desk()
    hall.wifi.cut, hall.wifi.faults, hall.wifi.breaks_at = False, 0.0, ""


Opener = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, hall: Hall, desk: Desk) -> Opener:
    """``visit()``: the page on a phone of its own, signed in as the desk; ``visit(context)``: in one more window."""

    def open_page(context: BrowserContext | None = None, *, language: str = "ja", script: str = "") -> Page:
        if context is None:
            context = browser.new_context(viewport={"width": 375, "height": 667}, timezone_id="Asia/Tokyo")
            context.add_cookies([{"name": "sessionid", "value": desk.session, "url": hall.address}])
            if script:
                context.add_init_script(script)
        page = context.new_page()
        page.goto(f"{hall.address}{PAGE}?lang={language}")
        return page

    return open_page


def tap(page: Page, topic: str = "T05", outcome: str = "solved") -> None:
    page.wait_for_selector("#case:not([hidden])")
    for name, code in (("topic", topic), ("outcome", outcome)):
        tile = page.locator(f"#case label:has(> input[name='{name}'][value='{code}'])")
        if not tile.is_visible():
            page.locator("#topics-more > summary").click()
        tile.click()
    page.locator("#case .save > button").click()


def log(page: Page, topic: str = "T05", outcome: str = "solved") -> None:
    tap(page, topic, outcome)
    page.wait_for_selector("#case:not(:has([name=topic]:checked))")


def installed(page: Page) -> None:
    page.wait_for_selector("#ready:not([hidden])", state="attached")


def a_tablet(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 768, "height": 1024}, timezone_id="Asia/Tokyo").new_page()


def enrol(page: Page, hall: Hall, desk: Desk) -> Page:
    """Follow the link of a new QR code, and go on to the log."""
    secret = shell(hall.environment, INVITE % desk.number).split()[-1]
    page.goto(f"{hall.address}/desks/tablets/enrol/{secret}/?lang=ja")
    page.get_by_role("button", name="この端末を登録する").click()
    page.locator(f"a[href^='{PAGE}']").click()
    return page


def waiting(page: Page, count: int) -> None:
    expect(page.locator("#state")).to_have_attribute("data-waiting", str(count))


@pytest.mark.parametrize(
    ("language", "waits", "sent"),
    [
        ("ja", "送信待ち 2件", "すべて送信ずみ"),
        ("ja-easy", "まだ", "ぜんぶ"),
        ("en", "Waiting to be sent: 2", "All sent"),
    ],
)
def test_after_one_visit_it_opens_and_works_without_the_net(
    hall: Hall, desk: Desk, visit: Opener, language: str, waits: str, sent: str
) -> None:
    page = visit(language=language)
    installed(page)
    hall.wifi.cut = True
    page.reload()
    assert page.locator("html").get_attribute("data-language") == language
    log(page)
    page.reload()
    log(page, "T13")
    waiting(page, 2)
    expect(page.locator("#state")).to_contain_text(waits)
    assert hall.rows(desk) == []
    hall.wifi.cut = False
    page.reload()
    waiting(page, 0)
    expect(page.locator("#state")).to_contain_text(sent)
    assert [row["topic"] for row in hall.rows(desk)] == ["T13", "T05"]


def test_without_the_net_it_opens_in_each_language_in_which_it_was_once_opened_and_else_in_the_last(
    hall: Hall, visit: Opener
) -> None:
    page = visit(language="en")
    installed(page)
    page.get_by_role("link", name="日本語", exact=True).click()
    page.wait_for_selector("html[data-language=ja] #case:not([hidden])")
    hall.wifi.cut = True
    for asked, shown in (("", "ja"), ("?lang=en", "en"), ("", "en"), ("?lang=ja-easy", "en"), ("?lang=ja", "ja")):
        page.goto(f"{hall.address}{PAGE}{asked}")
        page.wait_for_selector(f"html[data-language={shown}] #case:not([hidden])")


def test_a_case_is_three_taps_and_two_hasty_taps_on_save_are_one(hall: Hall, desk: Desk, visit: Opener) -> None:
    page = visit()
    first = page.locator("#topics-common .choice, #topics-rest .choice").locator("visible=true").first
    first.click()
    page.locator("[data-field=outcome] .choice").first.click()
    page.locator("#case .save > button").dblclick()
    expect(page.locator("#said")).to_contain_text("記録しました")
    waiting(page, 0)
    assert page.locator("#case .error").count() == 0
    assert len(hall.rows(desk)) == 1


def test_two_devices_at_one_desk_and_two_windows_of_one_count_every_case_once(
    hall: Hall, desk: Desk, visit: Opener
) -> None:
    one, other = visit(), visit()
    second = visit(one.context)
    hall.wifi.cut = True
    for page, count in ((one, 3), (second, 2), (other, 4)):
        for _ in range(count):
            log(page)
    hall.wifi.cut = False
    for page in (one, second, other):
        page.goto(f"{hall.address}{PAGE}#list")
        page.locator("#send").click()
        waiting(page, 0)
    assert len(hall.rows(desk)) == 9
    for page, own in ((one, 5), (other, 4)):
        page.goto(f"{hall.address}{PAGE}#closing")
        expect(page.locator("#closing-said")).to_contain_text(f"{own}件 = {own}件")
        expect(page.locator("[data-figure=all]")).to_have_text("9")


def test_closing_counts_no_case_that_the_office_made_void(hall: Hall, desk: Desk, visit: Opener) -> None:
    one, other = visit(), visit()
    for page, topic in ((one, "T01"), (one, "T05"), (other, "T05"), (other, "T05")):
        log(page, topic)
    for page in (one, other):
        waiting(page, 0)
    shell(hall.environment, VOID_ONE % desk.number)
    one.goto(f"{hall.address}{PAGE}#closing")
    expect(one.locator("#closing-said")).to_contain_text("1件 = 1件")
    expect(one.locator("[data-figure=server]")).to_have_text("1")
    expect(one.locator("#closing-topics")).to_contain_text("ほかの端末・画面・紙の記録 2件")
    one.goto(f"{hall.address}{PAGE}#list")
    expect(one.locator("#list .status.over")).to_have_count(1)


def test_a_case_undone_before_it_was_sent_never_reaches_the_server_and_one_sent_is_made_void(
    hall: Hall, desk: Desk, visit: Opener
) -> None:
    page = visit()
    installed(page)
    log(page, "T01")
    waiting(page, 0)
    page.locator("#undo").click()
    wait_until(lambda: all(row["void"] for row in hall.rows(desk)), seconds=20)
    waiting(page, 0)
    hall.wifi.cut = True
    page.reload()
    page.evaluate(ANOTHER_WINDOW_SENDS)  # or else this one tries before the undo, and has to tell the server of it
    log(page, "T03")
    page.locator("#undo").click()
    expect(page.locator("#said")).to_contain_text("取り消しました")
    waiting(page, 0)
    hall.wifi.cut = False
    log(page, "T08")
    page.reload()
    waiting(page, 0)
    assert {(row["topic"], row["void"]) for row in hall.rows(desk) if row["topic"] != "T03"} == {
        ("T01", True),
        ("T08", False),
    }
    assert [row for row in hall.rows(desk) if row["topic"] == "T03" and not row["void"]] == []


def test_cases_wait_when_the_account_is_signed_out_and_the_page_says_so(hall: Hall, desk: Desk, visit: Opener) -> None:
    page = visit()
    installed(page)
    log(page)
    waiting(page, 0)
    shell(hall.environment, SIGN_OUT % desk.session)
    log(page)
    expect(page.locator("#notices")).to_contain_text("ログインが必要です")
    page.reload()
    waiting(page, 1)
    log(page)
    waiting(page, 2)
    assert len(hall.rows(desk)) == 1


def test_a_tablet_enrolled_by_the_link_of_its_qr_code_logs_at_once_without_signing_in(
    browser: Browser, hall: Hall, desk: Desk
) -> None:
    page = enrol(a_tablet(browser), hall, desk)
    log(page)
    waiting(page, 0)
    assert page.locator("#notices").inner_text() == ""
    [row] = hall.rows(desk)
    assert (row["topic"], row["date"]) == ("T05", desk.today)
    # It has no account: what takes one is not offered.
    expect(page.locator("#menu a[href='#list']")).to_be_visible()
    expect(page.locator("#menu a[href='/desks/log/']")).to_be_hidden()
    page.locator("#menu a[href='#list']").click()
    expect(page.locator("#cases li")).to_have_count(1)
    assert page.locator("#cases a").count() == 0


def test_a_tablet_that_was_taken_out_says_so_and_sends_what_it_kept_when_it_is_enrolled_again(
    browser: Browser, hall: Hall, desk: Desk
) -> None:
    page = enrol(a_tablet(browser), hall, desk)
    log(page)
    waiting(page, 0)
    shell(hall.environment, REVOKE % desk.number)
    log(page)
    expect(page.locator("#notices")).to_contain_text("この端末の登録は、取り消されています")
    page.reload()
    expect(page.locator("#notices")).to_contain_text("この端末の登録は、取り消されています")
    waiting(page, 1)
    enrol(page, hall, desk)
    waiting(page, 0)
    assert len(hall.rows(desk)) == 2


def test_a_tablet_enrolled_for_another_desk_logs_for_that_one(browser: Browser, hall: Hall, desk: Desk) -> None:
    page = enrol(a_tablet(browser), hall, desk)
    log(page)
    waiting(page, 0)
    other = hall.open_desk()
    enrol(page, hall, other)
    log(page, "T01")
    waiting(page, 0)
    assert [row["topic"] for row in hall.rows(desk)] == ["T05"]
    assert [row["topic"] for row in hall.rows(other)] == ["T01"]


def test_an_opening_asked_for_without_the_net_is_that_one_or_none(hall: Hall, desk: Desk, visit: Opener) -> None:
    page = visit()
    installed(page)
    log(page)
    waiting(page, 0)
    [yesterday] = [number for day, number in desk.openings.items() if day < desk.today]
    hall.wifi.cut = True
    page.goto(f"{hall.address}{PAGE}#opening={yesterday}")
    expect(page.locator("#notices")).to_contain_text("今日ではなく")
    log(page, "T01")
    page.goto(f"{hall.address}{PAGE}#opening=987654321")
    expect(page.locator("#notices")).to_contain_text("この端末にまだ入っていません")
    expect(page.locator("#case")).to_be_hidden()
    page.reload()
    expect(page.locator("#notices")).to_contain_text("この端末にまだ入っていません")
    expect(page.locator("#case")).to_be_hidden()
    hall.wifi.cut = False
    page.locator("#notices [data-retry]").click()
    expect(page.locator("#notices")).to_contain_text("この相談所には、記録できません")
    page.locator("#openings button").first.click()
    log(page, "T08")
    waiting(page, 0)
    assert {(row["topic"], row["date"] == desk.today) for row in hall.rows(desk)} == {
        ("T05", True),
        ("T01", False),
        ("T08", True),
    }


def test_a_case_refused_for_its_desk_goes_by_itself_once_the_sender_may_log_there(
    hall: Hall, desk: Desk, visit: Opener
) -> None:
    page = visit()
    installed(page)
    shell(hall.environment, MOVE_ACCOUNT % desk.number)
    log(page)
    expect(page.locator("#state")).to_have_attribute("data-refused", "1")
    shell(hall.environment, GIVE_BACK % (desk.number, desk.number))
    page.reload()
    expect(page.locator("#state")).to_have_attribute("data-refused", "0")
    waiting(page, 0)
    assert len(hall.rows(desk)) == 1


def test_each_case_is_sent_with_the_day_of_its_opening(desk: Desk, visit: Opener) -> None:
    page = visit()
    with page.expect_request("**/api/v1/consultations/*") as sent:
        log(page)
    [row] = sent.value.post_data_json
    assert (row["day"], row["opening"]) == (desk.today, desk.openings[desk.today])


def test_a_refused_case_stays_with_its_reason_and_is_given_up_with_one(hall: Hall, desk: Desk, visit: Opener) -> None:
    page = visit()
    log(page)
    waiting(page, 0)
    shell(hall.environment, MOVE_ACCOUNT % desk.number)
    log(page)
    expect(page.locator("#state")).to_contain_text("送れない記録 1件")
    page.locator("#state").click()
    first = page.locator("#cases > li").first
    expect(first).to_contain_text("この相談所の記録はできません")
    first.get_by_role("button", name="送るのをやめる").click()
    first.get_by_role("button", name="この記録を送らない").click()
    expect(first).to_contain_text("やめる理由を入力してください")
    first.get_by_label("やめる理由").fill("練習でした")
    first.get_by_role("button", name="この記録を送らない").click()
    expect(page.locator("#cases > li").first).to_contain_text("送りません(練習でした)")
    expect(page.locator("#state")).to_contain_text("すべて送信ずみ")
    assert len(hall.rows(desk)) == 1


def test_a_case_that_was_refused_is_mended_on_the_device_and_keeps_its_id(
    hall: Hall, desk: Desk, visit: Opener
) -> None:
    page, other = visit(), hall.open_desk()
    installed(page)
    shell(hall.environment, CHANGE_DESK % (other.number, desk.number, desk.number))
    with page.expect_request("**/api/v1/consultations/*") as sent:
        log(page)
    [refused] = sent.value.post_data_json
    expect(page.locator("#state")).to_contain_text("送れない記録 1件")
    page.goto(f"{hall.address}{PAGE}#choose")
    page.locator("#openings button:has-text('今日')").click()
    expect(page.locator("#case")).to_be_visible()
    page.goto(f"{hall.address}{PAGE}#list")
    page.locator("#cases > li").get_by_role("button", name="直す").click()
    expect(page.locator("#mending-why")).to_contain_text("この相談所の記録はできません")
    expect(page.locator("#mending-where")).to_contain_text("の記録になります")
    assert page.locator("[name=topic]:checked").input_value() == "T05"
    page.locator("#case label:has(> input[name='outcome'][value='referred'])").click()
    page.locator("#case .save > button").click()
    expect(page.locator("#said")).to_contain_text("直しました")
    expect(page.locator("#mending")).to_be_hidden()
    waiting(page, 0)
    expect(page.locator("#state")).to_contain_text("すべて送信ずみ")
    assert hall.rows(desk) == []
    [row] = hall.rows(other)
    mended = (refused["id"], "T05", "referred", other.openings[other.today])
    assert (row["id"], row["topic"], row["outcome"], row["opening"]) == mended


def test_a_case_that_the_server_breaks_at_does_not_hold_up_the_others(hall: Hall, desk: Desk, visit: Opener) -> None:
    page = visit()
    installed(page)
    hall.wifi.cut = True
    for topic in ("T01", "T13", "T03", "T05", "T08", "T01", "T03"):
        log(page, topic)
    hall.wifi.cut, hall.wifi.breaks_at = False, '"topic":"T13"'
    page.goto(f"{hall.address}{PAGE}#list")
    wait_until(lambda: _sent_but(page, 1), seconds=60)
    expect(page.locator("#state")).to_contain_text("送信待ち 1件")
    assert sorted(row["topic"] for row in hall.rows(desk)) == ["T01", "T01", "T03", "T03", "T05", "T08"]
    hall.wifi.breaks_at = ""
    wait_until(lambda: _sent_but(page, 0), seconds=60)
    assert Counter(row["topic"] for row in hall.rows(desk))["T13"] == 1


def _sent_but(page: Page, count: int) -> bool:
    """Press the button; whether no more than ``count`` cases wait."""
    page.locator("#send").click()
    page.wait_for_timeout(300)
    return int(page.locator("#state").get_attribute("data-waiting") or 0) <= count


def test_a_wrong_clock_is_seen_and_put_right(hall: Hall, desk: Desk, visit: Opener) -> None:
    fast = "{ const right = Date.now.bind(Date); Date.now = () => right() + 7200000; }"
    page = visit(script=fast)
    log(page)
    expect(page.locator("#notices")).to_contain_text("120分 進んでいます")
    waiting(page, 0)
    [row] = hall.rows(desk)
    assert abs(row["happened_at"] - dt.datetime.now(dt.UTC).timestamp()) < 60


def test_a_browser_that_keeps_nothing_says_so_before_the_first_case(hall: Hall, visit: Opener) -> None:
    page = visit(script=NO_STORE)
    expect(page.locator("#notices")).to_contain_text("記録をためておけません")
    assert page.locator("#case").is_hidden()
    assert page.locator("#notices a").get_attribute("href") == "/desks/log/"


def test_a_full_device_says_so_and_loses_nothing_typed(hall: Hall, desk: Desk, visit: Opener) -> None:
    page = visit(script=FULL)
    tap(page)
    expect(page.locator("#notices")).to_contain_text("保存できませんでした")
    assert page.locator("[name=topic]:checked").input_value() == "T05"
    assert hall.rows(desk) == []


def test_a_note_that_was_refused_and_put_right_is_saved_at_the_first_tap(hall: Hall, desk: Desk, visit: Opener) -> None:
    page = visit()
    page.wait_for_selector("#case:not([hidden])")
    page.locator("#details > summary").click()
    page.locator("#note").fill("090-1234-5678")
    tap(page)
    expect(page.locator("[data-field=note] .error")).to_be_visible()
    page.locator("#note").fill("12")
    page.locator("#case .save > button").scroll_into_view_if_needed()
    box = page.locator("#case .save > button").bounding_box()
    assert box
    # As a finger does it: what the page does when the focus leaves the note comes between pressing and letting go.
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(100)
    page.mouse.up()
    waiting(page, 0)
    expect(page.locator("#said")).to_contain_text("記録しました")
    assert len(hall.rows(desk)) == 1


def test_a_case_that_a_wrong_clock_put_on_a_day_to_come_goes_to_its_own_day(
    hall: Hall, desk: Desk, visit: Opener
) -> None:
    page = visit(script=CLOCK)
    installed(page)
    hall.wifi.cut = True
    page.evaluate(f"localStorage.setItem('wrong-by', '{DAY}')")
    page.goto(f"{hall.address}{PAGE}#choose")
    page.locator("#openings button:has-text('今日')").click()
    log(page)
    waiting(page, 1)
    hall.wifi.cut = False
    page.reload()
    waiting(page, 0)
    assert [row["date"] for row in hall.rows(desk)] == [desk.today]


def test_a_clock_put_right_by_weeks_makes_the_device_forget_nothing(hall: Hall, desk: Desk, visit: Opener) -> None:
    page = visit(script=f"localStorage.getItem('wrong-by') ?? localStorage.setItem('wrong-by', '{-30 * DAY}'); {CLOCK}")
    log(page)
    waiting(page, 0)
    page.evaluate("localStorage.setItem('wrong-by', '0')")
    page.reload()
    page.goto(f"{hall.address}{PAGE}#closing")
    expect(page.locator("#closing-said")).to_contain_text("1件 = 1件")


def test_a_topic_with_a_rule_says_it_and_a_note_about_a_person_is_refused_kindly(visit: Opener) -> None:
    page = visit()
    page.wait_for_selector("#case:not([hidden])")
    tile = page.locator("#case label:has(> input[name='topic'][value='T19'])")
    if not tile.is_visible():
        page.locator("#topics-more > summary").click()
    tile.click()
    expect(page.locator(".rule:visible")).to_contain_text("#9110")
    page.locator("#details > summary").click()
    page.locator("[name=note]").fill("電話は 090-1234-5678")
    page.locator("[data-field=outcome] .choice").first.click()
    page.locator("#case .save > button").click()
    expect(page.locator("[data-field=note] .error")).to_contain_text("個人のことは書かないでください")
    assert page.evaluate("document.activeElement.name") == "note"
    assert page.locator("[name=note]").input_value() == "電話は 090-1234-5678"


def test_a_second_topic_with_a_rule_says_it_beside_its_tile(visit: Opener) -> None:
    page = visit()
    page.wait_for_selector("#case:not([hidden])")
    page.locator("#case label:has(> input[name='topic'])").first.click()
    page.locator("#details > summary").click()
    tile = page.locator("#case label:has(> input[name='more_topics'][value='T19'])")
    expect(tile.locator(".rule")).to_be_hidden()
    tile.click()
    expect(tile.locator(".rule")).to_contain_text("#9110")
    expect(tile.locator(".rule")).to_be_visible()


def test_the_device_and_the_server_judge_notes_alike(visit: Opener) -> None:
    page, rng = visit(), random.Random(7)
    signs = "0123456789０５９〇一九①@＠-ー―〜･・ 　.()_\u200b年月時円aあ/:#,"
    notes = PERSONAL + HARMLESS + ["".join(rng.choices(signs, k=rng.randint(1, 14))) for _ in range(3000)]
    judged = page.evaluate(
        "async notes => notes.map((await import('/static/consult/tap/form.js')).hasPersonalData)", notes
    )
    assert [
        note for note, is_personal in zip(notes, judged, strict=True) if is_personal != has_personal_data(note)
    ] == []


SERVER = int(dt.datetime(2026, 2, 1, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=9))).timestamp() * 1000)


@pytest.mark.parametrize(
    ("row", "contact", "told"),
    [
        # Tapped at 23:58 on 31 January, sent at 00:05 on 1 February: the month is January's.
        ({"ago": 7}, {}, "2026-01-31T23:58"),
        # The clock is 3 h fast, then and now.
        ({"ago": 7, "wrong": 180}, {"wrong": 180}, "2026-01-31T23:58"),
        # Right at the tap; set back a day since, with the page reloaded in between.
        ({"ago": 7}, {"wrong": -1440}, "2026-01-31T23:58"),
        # Set forward two days before the tap, in the same visit: the page has counted on.
        ({"ago": 7, "wrong": 2880, "known": 0, "life": "same"}, {"wrong": 2880}, "2026-01-31T23:58"),
        # Never a contact before the tap: the clock as it is now.
        ({"ago": 7, "wrong": 600, "since": None}, {"wrong": 600}, "2026-01-31T23:58"),
        # Nothing fits: at least not after now.
        ({"ago": 7, "wrong": 9999}, {"wrong": -9999}, "2026-02-01T00:05"),
    ],
)
def test_when_a_case_happened_is_told_by_the_servers_clock(
    visit: Opener, row: dict[str, Any], contact: dict[str, Any], told: str
) -> None:
    """``ago``: minutes before the contact; ``wrong``: how fast the clock was; ``known``: what was known of that."""
    wrong = row.get("wrong", 0)
    known = row.get("known", wrong if wrong != 9999 else 0)
    sent = {
        "device": SERVER + (wrong - row["ago"]) * MINUTE,
        "mono": 10 * MINUTE - row["ago"] * MINUTE,
        "life": row.get("life", "before"),
        "since": {"server": SERVER - 30 * MINUTE, "offset": -known * MINUTE} if "since" not in row else None,
    }
    now = {"server": SERVER, "offset": -contact.get("wrong", 0) * MINUTE, "mono": 10 * MINUTE, "life": "same"}
    moment = visit().evaluate(
        """async ([row, contact]) => {
          const clock = await import("/static/consult/tap/device.js");
          const moment = clock.timeOf(row, contact);
          return [clock.iso(moment), clock.dayOf(moment)];
        }""",
        [sent, now],
    )
    assert (moment[0][:16], moment[1]) == (told, told[:10])


def test_the_first_visit_and_all_that_is_kept_for_later_are_light(production: Standing, browser: Browser) -> None:
    server = int(production.address.rpartition(":")[2])
    with wifi_before(server, HTTPS) as wifi:
        context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
        context.add_cookies([{"name": "sessionid", "value": production.sessions["desk"], "url": wifi.address}])
        page = context.new_page()
        page.goto(wifi.address + PAGE)
        installed(page)
        page.wait_for_selector("main > :is(form, section):not([hidden])")
        weight = wifi.bytes_of.total()
        context.close()
    logging.getLogger(__name__).info("the log weighs %s bytes: %s", weight, wifi.bytes_of.most_common())
    assert weight <= AT_MOST
