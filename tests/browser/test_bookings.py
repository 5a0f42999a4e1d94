"""A booking from the telephone to the honorarium, and a week arranged on the board: by pages alone, each person on
their own phone, on real processes (see tests/browser/conftest.py). The clock is the only thing that a test sets.
"""

import csv
import datetime as dt
import io

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from mdeji.demo import LOGINS
from programme.fiscal import Month
from tests.browser.site import Person, Site, link_in
from tests.processes import shell

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

GROUP = "見本 けやきの会"
# Nobody of the demo knows T21: one of these three goes, or nobody.
THREE = [f"keyaki-{number}@example.jp" for number in (1, 2, 3)]
SECOND = "second-coordinator@example.jp"
PEOPLE = f"""
from allauth.account.models import EmailAddress
from programme.models import District, User
from supporters.models import Assignment, Skill
from tests.factories import ContactFactory, SupporterFactory, UserFactory, a_shift
second = User.objects.create_user({SECOND!r}, name="見本 二人目", role="coordinator")
home = District.objects.get(name="上川淵")
for number, email in enumerate({THREE!r}, start=1):
    user, contact = UserFactory(email=email), ContactFactory(name=f"見本 けやき{{number}}", email=email)
    one = SupporterFactory(
        user=user, contact=contact, name=contact.name, kana=f"みほん けやき{{number}}", home_district=home
    )
    one.skills.all().delete()
    Skill.objects.create(supporter=one, topic_id="T21", level=3)
    before = a_shift(days=-90, hour=9 + 3 * number)  # a newcomer is sent beside somebody else
    Assignment.objects.create(shift=before, supporter=one, status="attended", seat=before.seats.get())
for user in (second, *User.objects.filter(email__in={THREE!r})):
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""
# The session begins in ten minutes, or ended this moment.
MOVE = """
import datetime as dt
from django.utils import timezone
from supporters.models import Shift
shift = Shift.objects.get(title__contains="けやきの会")
length, now = shift.ends_at - shift.starts_at, timezone.now()
starts_at = now + dt.timedelta(minutes=10) if {begins} else now - length
Shift.objects.filter(pk=shift.pk).update(starts_at=starts_at, ends_at=starts_at + length)
"""


def test_a_booking_is_walked_from_the_telephone_to_the_honorarium(site: Site, browser: Browser) -> None:
    shell(site.environment, PEOPLE)
    coordinator, second = Person(browser, site, LOGINS["コーディネーター"]), Person(browser, site, SECOND)
    leader = Person(browser, site, "keyaki-leader@example.jp")
    three = {email: Person(browser, site, email) for email in THREE}

    coordinator.sign_in()
    take_down_by_telephone(coordinator, leader.email)
    coordinator.open("/requests/plans/")
    coordinator.press("計算を始める")
    coordinator.page.wait_for_selector("button[value=approve]", timeout=120_000)
    coordinator.press("今の状況と比べる")  # a large plan is compared when asked to
    coordinator.sees("承認すると変わること", "新しく決まる")
    coordinator.looks_right()
    coordinator.send("button[value=approve]")
    coordinator.sees("承認済み")

    first, link = asked(site, THREE)
    three[first].open(link)
    three[first].page.get_by_text("見送る理由を書く").click()
    three[first].type(reason="孫の世話")
    three[first].press("今回は見送ります")
    three[first].sees("今回は見送り")
    three[first].open(link)  # a link used twice
    three[first].sees("お返事をいただきました")

    left = [email for email in THREE if email != first]
    falls_ill, link = asked(site, left)
    three[falls_ill].open(link)
    three[falls_ill].press("引き受けます")
    three[falls_ill].sees("引き受け済み")
    site.mail_to(falls_ill, "【決定】")
    status = site.link_to(leader.email, "サポーターが決まりました")
    leader.open(status)
    leader.sees("決定", three_name(falls_ill))

    three[falls_ill].open(link)
    three[falls_ill].page.locator("summary", has_text="行けなくなりました").click()
    three[falls_ill].type(reason="熱が出ました")
    three[falls_ill].press("代わりの人を探してもらう")
    three[falls_ill].sees("決まるまでは、あなたの担当のままです")

    (stands_in,) = (email for email in left if email != falls_ill)
    link = site.link_to(stands_in, GROUP)
    three[stands_in].open(link)
    three[stands_in].press("引き受けます")
    three[stands_in].sees("引き受け済み")
    site.mail_to(falls_ill, "【交代】")
    leader.open(status)
    leader.sees(three_name(stands_in))

    reschedule(coordinator)
    site.mail_to(stands_in, "【変更】")
    site.mail_to(leader.email, "日時が変わりました")

    shell(site.environment, MOVE.format(begins=True))
    three[stands_in].open(link)
    three[stands_in].press("着きました")
    three[stands_in].sees("着いたことを記録しました")
    shell(site.environment, MOVE.format(begins=False))
    three[stands_in].sign_in()
    three[stands_in].report(attendees="５")

    yen = pay(coordinator, second, three_name(stands_in))
    assert yen > 0
    three[stands_in].open("/supporters/honoraria/")
    three[stands_in].sees(f"{yen:,}円", "領収書")


def three_name(email: str) -> str:
    return f"見本 けやき{THREE.index(email) + 1}"


def asked(site: Site, people: list[str]) -> tuple[str, str]:
    """Who of ``people`` is asked, and the link of the offer."""
    email, text = site.mail_to_one_of(people, GROUP)
    return email, link_in(text)


def take_down_by_telephone(coordinator: Person, email: str) -> None:
    coordinator.open("/requests/phone/")
    coordinator.type(
        group_name=GROUP, participants="５人", leader="見本 佐藤", email=email, phone="０２７ー２２４ー１１１２"
    )
    coordinator.choose("district", "上川淵")
    coordinator.choose("venue", "上川淵公民館")
    coordinator.tick("topics=T21", "level=L1")
    # Halls close on some Mondays; Tuesdays they are open.
    days = coordinator.page.locator("[name=start_1_day] option").all()
    keys = [str(day.get_attribute("value")) for day in days if day.get_attribute("value")]
    tuesdays = [key for key in keys if dt.date.fromisoformat(key).weekday() == 1]
    for rank, day in enumerate((tuesdays[1], tuesdays[2]), start=1):
        coordinator.page.select_option(f"[name=start_{rank}_day]", day)
        coordinator.page.select_option(f"[name=start_{rank}_time]", "10:00")
    coordinator.press("登録する")
    coordinator.arrives_at("/requests/list/")
    coordinator.sees("受付番号は", GROUP)


def reschedule(coordinator: Person) -> None:
    coordinator.open("/requests/list/")
    coordinator.follow(GROUP)
    coordinator.follow("日時を変える")
    coordinator.sees("全員が行けます")
    coordinator.page.locator("main label:has(input[name=wish])").first.click()
    coordinator.type(reason="会場のつごう")
    coordinator.press("この日時に変える")
    coordinator.arrives_at("/requests/list/")


def pay(coordinator: Person, second: Person, name: str) -> int:
    """One draws up the month's lines, another approves them; what the payment's file says for ``name``, in yen."""
    month = Month.of(timezone.localdate())
    coordinator.open(f"/kpi/honoraria/{month}/")
    coordinator.press("明細を作る")
    coordinator.sees("ほかのコーディネーターが承認してください", "実績と1円まで合っています")
    second.sign_in()
    second.open(f"/kpi/honoraria/{month}/")
    second.press("この月の明細を承認する")
    second.page.locator("main button", has_text="支払いを作る").first.click()
    second.send("main [popover] button[value=pay]")
    second.open("/supporters/payments/")
    file = second.page.locator("main a[download]").first.get_attribute("href")
    answer = second.page.request.get(f"{second.site.address}{file}")
    rows = csv.DictReader(io.StringIO(answer.body().decode("utf-8-sig")))
    (row,) = (row for row in rows if row["氏名"] == name)
    return int(row["支払額(円)"])


# --- The week board ------------------------------------------------------------------------------------

WEEK = """
import datetime as dt
from django.utils import timezone
from supporters.models import Assignment
from tests.factories import ContactFactory, SupporterFactory, a_shift
monday = timezone.localdate() + dt.timedelta(days=14 - timezone.localdate().weekday())
def on(day, hour, title):
    days = (monday - timezone.localdate()).days + day
    return a_shift(days=days, hour=hour, needed=1, title=title, needs_lead=False)
def person(name):
    return SupporterFactory(name=name, kana=name, contact=ContactFactory(name=name))
here, free, full = on(0, 9, "表の活動あ"), on(1, 9, "表の活動い"), on(2, 9, "表の活動う")
Assignment.take(here, person("はこばれる人"), by=None)
Assignment.take(full, person("すわっている人"), by=None)
print(monday.isoformat())
"""
# Somebody else, at another desk of the office, puts a person down meanwhile.
MEANWHILE = """
from supporters.models import Assignment, Shift, Supporter
Assignment.objects.get(supporter__name="すわっている人", status="accepted").take_off(by=None)
shift, one = Shift.objects.get(title="表の活動い"), Supporter.objects.get(name="すわっている人")
Assignment.take(shift, one, by=None)
"""


def card(page: Page, title: str) -> Locator:
    return page.locator(".place", has_text=title)


def chip(page: Page, title: str) -> Locator:
    return card(page, title).locator(".chip", has_text="はこばれる人")


def drag(page: Page, what: Locator, to: Locator) -> None:
    """With the mouse, a step at a time, as a hand does it."""
    what.scroll_into_view_if_needed()
    start, end = what.bounding_box(), to.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + start["width"] / 2 + 8, start["y"] + start["height"] / 2 + 8, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=8)
    with page.expect_navigation():
        page.mouse.up()


def test_a_week_is_arranged_by_mouse_and_by_keyboard_and_taken_back(site: Site, browser: Browser) -> None:
    week = shell(site.environment, WEEK).splitlines()[-1]
    person = Person(browser, site, LOGINS["コーディネーター"])
    person.sign_in()
    page = person.page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site.address}/requests/board/?week={week}")
    proposals = page.locator("#proposals")

    drag(page, chip(page, "表の活動あ"), card(page, "表の活動う"))  # one place, and somebody sits there
    expect(proposals).to_contain_text("できません")
    expect(proposals).to_contain_text("この活動には、空いた所がありません。")
    expect(proposals.get_by_role("button", name="1件を確定する")).to_have_count(0)
    with page.expect_navigation():
        proposals.get_by_role("button", name="この案をやめる").click()

    drag(page, chip(page, "表の活動あ"), card(page, "表の活動い"))
    expect(proposals).to_contain_text("表の活動い")
    page.reload()  # what was proposed stays
    with page.expect_navigation():
        proposals.get_by_role("button", name="1件を確定する").click()
    expect(chip(page, "表の活動い")).to_be_visible()
    expect(chip(page, "表の活動あ")).to_have_count(0)
    undo(page)
    expect(chip(page, "表の活動あ")).to_be_visible()

    # The same without a mouse, and too late: the place has gone meanwhile.
    chip(page, "表の活動あ").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("main button", has_text="お願いを送る案にする").filter(has_text="表の活動い").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    shell(site.environment, MEANWHILE)
    button = proposals.get_by_role("button", name="1件を確定する")
    button.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("画面を開いた後で、次が変わりました")
    expect(proposals).to_contain_text("はこばれる人")  # nothing is lost
    assert person.errors == []


def undo(page: Page) -> None:
    page.locator("#proposals button", has_text="確定したものを元に戻す").click()
    with page.expect_navigation():
        page.locator("#proposals [popover] button[value=undo]").click()
