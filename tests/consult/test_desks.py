"""Openings come from the desk's rule, skip closed days, and are made once."""

import datetime as dt
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.errors import OpeningOver, ReasonMissing
from consult.models import Desk, Opening
from notifications.models import Message
from programme.models import Role, Topic, User
from supporters.models import Assignment, Claim
from supporters.owners import Link, links_of
from tests.consult.rows import a_desk, an_opening
from tests.engines import on_postgresql
from tests.factories import SupporterFactory, an_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MONDAYS = "FREQ=WEEKLY;BYDAY=MO"


def days(openings: list[Opening]) -> list[dt.date]:
    return [opening.date for opening in openings]


def next_week() -> dt.date:
    return timezone.localdate() + dt.timedelta(days=7)


def test_openings_skip_the_halls_first_and_third_monday() -> None:
    desk = a_desk(rule=MONDAYS)
    made = desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    assert days(made) == [dt.date(2027, 2, 8), dt.date(2027, 2, 22)]


def test_openings_skip_the_turn_of_the_year() -> None:
    made = a_desk().open_dates(dt.date(2026, 12, 27), dt.date(2027, 1, 5))
    # 4 January 2027 is the first Monday.
    assert days(made) == [dt.date(2026, 12, 27), dt.date(2026, 12, 28), dt.date(2027, 1, 5)]


def test_a_plan_of_dates_says_what_is_closed_and_why_and_what_is_there() -> None:
    desk = a_desk(rule=MONDAYS)
    desk.open_dates(dt.date(2027, 2, 8), dt.date(2027, 2, 8))
    plan = desk.plan_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    assert plan.new == [dt.date(2027, 2, 22)]
    assert plan.closed == {dt.date(2027, 2, 1): "第1・第3月曜日", dt.date(2027, 2, 15): "第1・第3月曜日"}
    assert plan.there == [dt.date(2027, 2, 8)]


def test_making_openings_twice_makes_them_once() -> None:
    desk = a_desk(rule=MONDAYS)
    desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28))
    assert desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28)) == []
    assert desk.openings.count() == 2


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_two_coordinators_making_the_same_openings_at_once_make_them_once() -> None:
    desk = a_desk(rule=MONDAYS)

    def make(_number: int) -> int:
        try:
            return len(desk.open_dates(dt.date(2027, 2, 1), dt.date(2027, 2, 28)))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(8)))
    assert sorted(made) == [0] * 7 + [2]
    assert desk.openings.count() == 2


def test_an_opening_is_a_shift_with_the_desks_hours_people_and_topics() -> None:
    desk = a_desk(seats=3, needs_lead=False)
    desk.topics.add(Topic.objects.get(pk="T05"))
    [opening] = desk.open_dates(dt.date(2027, 2, 9), dt.date(2027, 2, 9))
    shift, tokyo = opening.shift, ZoneInfo("Asia/Tokyo")
    assert shift.starts_at == dt.datetime(2027, 2, 9, 10, tzinfo=tokyo)
    assert shift.ends_at == dt.datetime(2027, 2, 9, 12, tzinfo=tokyo)
    assert (shift.purpose, shift.venue, shift.needed, shift.needs_lead) == ("desk", desk.venue, 3, False)
    assert shift.seats.count() == 3
    assert [(need.topic_id, need.level) for need in shift.topics.all()] == [("T05", 1)]


def test_a_date_that_was_called_off_does_not_come_back(coordinator: User) -> None:
    desk = a_desk()
    [opening] = desk.open_dates(next_week(), next_week())
    opening.call_off(by=coordinator, reason="会場の工事")
    assert desk.open_dates(next_week(), next_week()) == []
    assert list(Opening.objects.standing()) == []


def test_two_desks_open_on_the_same_day_without_a_clash() -> None:
    day = dt.date(2027, 2, 9)
    assert [len(a_desk(name).open_dates(day, day)) for name in ("上川淵", "大胡")] == [1, 1]
    assert Opening.objects.filter(date=day).count() == 2


def test_calling_off_tells_people_and_frees_their_time(
    coordinator: User, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    opening = an_opening(a_desk(), next_week())
    accepted, asked, proposed = (SupporterFactory.create() for _person in range(3))
    an_offer(opening.shift, accepted).accept(by=accepted.user)
    an_offer(opening.shift, asked)
    Assignment.objects.create(shift=opening.shift, supporter=proposed)
    assert Claim.objects.filter(supporter=accepted).count() == 8

    opening.call_off(by=coordinator, reason="大雪のため")
    opening.call_off(by=coordinator, reason="大雪のため")

    opening.refresh_from_db()
    assert opening.is_cancelled
    assert Claim.objects.count() == 0
    told = Message.objects.filter(kind="cancelled")
    # Who was only proposed never heard of it, and hears nothing now.
    assert {message.recipient for message in told} == {accepted.contact, asked.contact}
    assert len(told) == 2
    assert all("大雪のため" in message.body for message in told)
    statuses = {assignment.status for assignment in opening.shift.assignments.all()}
    assert statuses == {Assignment.Status.CANCELLED}


def test_calling_off_needs_a_reason(coordinator: User) -> None:
    opening = an_opening(a_desk(), next_week())
    with pytest.raises(ReasonMissing):
        opening.call_off(by=coordinator, reason=" ")
    assert not opening.is_cancelled


def test_a_desk_that_has_opened_cannot_be_called_off(coordinator: User) -> None:
    opening = an_opening(a_desk(), timezone.localdate() - dt.timedelta(days=1))
    with pytest.raises(OpeningOver):
        opening.call_off(by=coordinator, reason="大雪のため")
    opening.refresh_from_db()
    assert not opening.is_cancelled


def test_letting_accounts_in_makes_new_ones_and_shuts_out_the_others(desk_account: User) -> None:
    desk = a_desk()
    desk.accounts.add(desk_account)
    desk.let_in(["Tablet@example.jp", "tablet@example.jp"])
    account = desk.accounts.get()
    assert (account.email, account.role) == ("tablet@example.jp", Role.DESK)
    desk.let_in(["tablet@example.jp", "desk@example.jp"])
    assert set(desk.accounts.all()) == {account, desk_account}


def test_who_sees_which_desks_and_openings(
    desk: Desk,
    opening: Opening,
    coordinator: User,
    officer: User,
    desk_account: User,
    other_desk_account: User,
    on_duty: User,
    off_duty: User,
) -> None:
    another = Desk.objects.exclude(pk=desk.pk).get()

    def seen(user: User) -> tuple[set[Desk], set[Opening]]:
        return set(Desk.objects.visible_to(user)), set(Opening.objects.visible_to(user))

    assert seen(coordinator) == ({desk, another}, {opening})
    assert seen(desk_account) == ({desk}, {opening})
    assert seen(other_desk_account) == ({another}, set())
    assert seen(on_duty) == ({desk}, {opening})
    assert seen(off_duty) == (set(), set())
    assert seen(officer) == (set(), set())


def test_a_supporters_own_page_leads_to_the_log_from_the_day_on(
    client: Client, opening: Opening, on_duty: User
) -> None:
    log_url = reverse("consult:log", args=[opening.pk])
    assert links_of([opening.shift]) == {opening.shift_id: [Link("相談を記録する", log_url)]}
    client.force_login(on_duty)
    assert log_url in client.get(reverse("supporters:home")).content.decode()


def test_before_its_day_an_opening_has_no_link_to_its_log(desk: Desk) -> None:
    tomorrow = an_opening(desk, timezone.localdate() + dt.timedelta(days=1))
    assert links_of([tomorrow.shift]) == {}


def test_an_account_that_was_let_in_signs_in_by_a_code_and_logs(
    client: Client, desk: Desk, opening: Opening, mailoutbox: list[EmailMessage]
) -> None:
    desk.let_in(["tablet@example.jp"])
    client.post(reverse("account_request_login_code"), {"email": "tablet@example.jp"})
    code = re.search(r"^\s*([0-9A-Z]{3,}-?[0-9A-Z]{3,})\s*$", str(mailoutbox[0].body), re.MULTILINE)
    assert code is not None
    client.post(reverse("account_confirm_login_code"), {"code": code[1]})
    page = client.get(reverse("consult:log_home"))
    assert (page.status_code, page["Location"]) == (302, reverse("consult:log", args=[opening.pk]))
