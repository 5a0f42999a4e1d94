"""The whole line as its people live it, each on a phone, on real processes: see tests/browser/conftest.py."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from mdeji.demo import LOGINS
from programme.fiscal import Month
from tests.browser.site import Person, Site
from tests.processes import shell

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GROUP = "見本 𠮷井のスマホ会"
# Nobody of the demo knows T21: only the supporter who registers here can be sent.
TOPIC = "T21"
# The day of the session has come.
A_MONTH_LATER = """
import datetime as dt
from django.db.models import F
from supporters.models import Shift
from django.utils import timezone
shift = Shift.objects.get(title__contains="𠮷井")
length = shift.ends_at - shift.starts_at
now = timezone.now()
Shift.objects.filter(pk=shift.pk).update(starts_at=now - length, ends_at=now)
"""


def figures(coordinator: Person, month: Month) -> dict[str, Decimal]:
    """The month's counted figures, as the CSV export gives them."""
    answer = coordinator.page.request.get(f"{coordinator.site.address}/kpi/{month}/export.csv")
    rows = csv.DictReader(io.StringIO(answer.body().decode("utf-8-sig")))
    return {row["指標コード"]: Decimal(row["値"] or 0) for row in rows if row["区分"] == "集計値"}


def test_four_people_live_through_the_whole_programme(site: Site, browser: Browser) -> None:
    supporter = Person(browser, site, "aratani@example.jp")
    leader = Person(browser, site, "yoshii@example.jp")
    coordinator = Person(browser, site, LOGINS["コーディネーター"])
    desk = Person(browser, site, LOGINS["相談所の端末 (desk)"])
    month = Month.of(timezone.localdate())

    coordinator.sign_in()
    coordinator.open("/office/")
    before = figures(coordinator, month)

    register(supporter)
    take_in(coordinator)
    request_session(leader)
    plan_and_approve(coordinator)

    supporter.open(site.link_to(supporter.email, GROUP))
    supporter.press("引き受けます")
    supporter.sees("引き受け")
    site.mail_to(supporter.email, GROUP)  # the invitation

    leader.open(site.link_to(leader.email, "決ま"))
    leader.sees("決定", "見本 新谷")

    shell(site.environment, A_MONTH_LATER)
    supporter.report(attendees="４")
    log_case(desk)

    after = figures(coordinator, month)
    expected = {"supporters": 1, "supporters_new": 1, "sessions": 1, "participants": 4, "groups_served": 1}
    expected["consultations"] = 1
    assert {code: after[code] - before[code] for code in expected} == expected
    coordinator.open(f"/kpi/{month}/")
    coordinator.sees("参加者", "相談")


def register(supporter: Person) -> None:
    supporter.open("/accounts/signup/")
    supporter.type(email=supporter.email)
    supporter.send()
    supporter.enter_code()
    supporter.type(name="見本 新谷", birth_date_year="１９５８", birth_date_month="4", birth_date_day="1")
    supporter.press("次へ")
    supporter.sees("ふりがなを入力してください")  # and nothing that was typed is lost
    supporter.type(kana="みほん あらたに")
    supporter.press("次へ")
    supporter.tick("category=citizen")
    supporter.press("次へ")
    supporter.choose("home_district", "上川淵")
    supporter.press("次へ")
    supporter.tick(f"skills={TOPIC}", f"skills-{TOPIC}=3")
    supporter.press("次へ")
    supporter.tick("presets=weekday_mornings", "presets=weekday_afternoons", "presets=weekends")
    supporter.press("次へ")
    supporter.sees("みほん あらたに", "上川淵")
    supporter.press("申し込む")
    supporter.sees("見本 新谷")


def take_in(coordinator: Person) -> None:
    coordinator.open("/supporters/people/")
    coordinator.page.get_by_role("link", name="見本 新谷").click()
    coordinator.press("登録する")
    coordinator.press("修了を記録する")
    coordinator.page.locator("main a[href*='do=flags']").click()
    coordinator.page.locator("main input[name$='is_lead']").locator("xpath=ancestor::label").click()
    coordinator.press("保存する")
    coordinator.press("活動を始める")
    coordinator.sees("活動中")


def request_session(leader: Person) -> None:
    leader.open("/requests/")
    leader.follow("入力を始める")
    leader.type(group_name=GROUP, participants="2")
    leader.choose("district", "上川淵")
    leader.press("次へ")
    leader.sees("3人以上")  # two are too few; nothing is lost
    leader.type(participants="５人")
    leader.press("次へ")
    leader.choose("venue", "上川淵公民館")
    leader.press("次へ")
    leader.tick(f"topics={TOPIC}")
    leader.press("次へ")
    leader.tick("level=L1")
    leader.press("次へ")
    leader.press("次へ")  # nothing to add
    # Halls close on some Mondays; Tuesdays they are open, and the supporter is free.
    keys = [str(box.get_attribute("value")) for box in leader.page.locator("[name=slots]").all()]
    tuesdays = [key for key in keys if dt.date.fromisoformat(key[:10]).weekday() == 1]
    leader.tick(*(f"slots={key}" for key in (tuesdays[0], tuesdays[1], tuesdays[3])))
    leader.press("次へ")
    leader.press("次へ")
    leader.type(leader="見本 𠮷井", email=leader.email, phone="０２７ー２２４ー１１１１")
    leader.press("次へ")
    leader.sees(GROUP, "上川淵公民館", "見本 𠮷井")
    leader.press("この内容で送る")
    leader.arrives_at("/requests/thanks/")
    leader.open(leader.site.link_to(leader.email, GROUP))
    leader.press("この内容で申し込みます")
    leader.sees(GROUP)


def plan_and_approve(coordinator: Person) -> None:
    coordinator.open("/requests/plans/")
    coordinator.press("計算を始める")
    coordinator.page.wait_for_selector("button[value=approve]", timeout=60_000)  # the page reloads itself
    coordinator.looks_right()
    while GROUP not in coordinator.page.locator("main").inner_text():
        coordinator.follow("次へ")
    coordinator.sees(GROUP, "見本 新谷")
    coordinator.send("button[value=approve]")
    coordinator.sees("承認")


def log_case(desk: Person) -> None:
    desk.sign_in()
    desk.open("/desks/log/")
    desk.tick("topic=T05", "outcome=solved")
    desk.press("保存する")
    desk.sees("記録しました")
