"""Whom the programme never reached, and where one more supporter would serve more."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consult.models import Desk
from consult.reach import places, unreached_groups
from programme.models import District, User, Venue
from programme.wording import say_moment
from support_requests.models import Plan, Session, SupportRequest
from support_requests.planning.solving import solve
from support_requests.planning.wanted import wanted
from tests.consult.kpi.records import a_session
from tests.consult.rows import a_desk
from tests.factories import GroupFactory, SupporterFactory, SupportRequestFactory, at

pytestmark = pytest.mark.usefixtures("programme_facts")

REACH = "/desks/reach/"


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def solved() -> Plan:
    plan = Plan.objects.create(first=at(1).date(), last=at(28).date())
    solve(plan.pk)
    plan.refresh_from_db()
    return plan


# --- Districts and groups --------------------------------------------------------------------------------
def test_a_district_is_reached_by_a_held_session_or_a_desk() -> None:
    first, second, third = Venue.objects.filter(kind=Venue.Kind.HALL).order_by("pk")[:3]
    Desk.objects.filter(pk=a_desk().pk).update(venue=first)
    a_session(venue=second)
    a_session(venue=third, attendees=0)
    reached = {place.district for place in places({}) if place.reached}
    assert reached == {first.district, second.district}
    Desk.objects.update(active=False)
    assert [place.district for place in places({}) if place.reached] == [second.district]


def test_a_group_is_reached_when_any_request_of_its_name_and_district_was_held() -> None:
    district, elsewhere = District.objects.all()[:2]
    served = a_session(group=GroupFactory(name="ひまわり会", district=district)).request.group
    GroupFactory(name="ヒマワリ会", district=district)
    other = GroupFactory(name="ひまわり会", district=elsewhere)
    nobody_came = a_session(group=GroupFactory(district=district), attendees=0).request.group
    assert set(unreached_groups()) == {other, nobody_came}
    Session.objects.filter(request__group=served).update(request=SupportRequestFactory(group=other, status="reported"))
    served.support_requests.update(status="confirmed")
    assert set(unreached_groups().values_list("search_key", "district")) == {
        (served.search_key, district.pk),
        (nobody_came.search_key, district.pk),
    }


def test_a_group_that_asked_twice_stands_once_as_it_asked_last() -> None:
    GroupFactory(name="ひまわり会")
    last = GroupFactory(name="ひまわり会")
    assert list(unreached_groups()) == [last]


# --- Whom to look for ------------------------------------------------------------------------------------
def test_one_more_supporter_is_said_with_place_time_topic_and_what_it_would_serve(office: Client) -> None:
    request = SupportRequestFactory(needs=["sign"], wishes=[at(14)])
    SupporterFactory()
    plan = solved()
    (one,) = [each for each in wanted(timezone.now()) if each.tasks[0].title == str(request.group)]
    assert (one.district, len(one.tasks), one.plan) == (request.venue.district_id, 1, plan)
    text = office.get(REACH).content.decode()
    assert "「手話」に当てはまる人" in text
    assert f"あと{len(one.tasks)}件" in text
    assert say_moment(at(14)) in text
    assert reverse("support_requests:detail", args=[request.pk]) in text
    assert ">+1</text>" in text


def test_what_waits_no_more_and_what_is_past_is_not_said(set_now: Callable[[dt.datetime], None]) -> None:
    request = SupportRequestFactory(needs=["sign"], wishes=[at(14)])
    SupporterFactory()
    solved()
    SupportRequest.objects.filter(pk=request.pk).update(status="withdrawn")
    assert wanted(timezone.now()) == []
    SupportRequest.objects.filter(pk=request.pk).update(status="confirmed")
    assert len(wanted(timezone.now())) == 1
    set_now(at(14, 11))
    assert wanted(timezone.now()) == []


def test_of_two_plans_the_newer_one_speaks_for_a_request() -> None:
    SupportRequestFactory(needs=["sign"], wishes=[at(14)])
    SupporterFactory()
    solved()
    newer = solved()
    assert [one.plan for one in wanted(timezone.now())] == [newer]
    SupporterFactory(brings=["sign"])
    solved()  # serves it: nobody is wanted any more
    assert wanted(timezone.now()) == []


def test_a_plan_that_nobody_wants_says_nothing(coordinator: User) -> None:
    SupportRequestFactory(needs=["sign"], wishes=[at(14)])
    SupporterFactory()
    Plan.objects.filter(pk=solved().pk).update(status=Plan.Status.DISCARDED)
    assert wanted(timezone.now()) == []


# --- The page --------------------------------------------------------------------------------------------
def _row() -> None:
    SupportRequestFactory(needs=["sign"], wishes=[at(14)])
    SupporterFactory()
    solved()


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(REACH).status_code == 200
    return len(queries)


def test_the_page_needs_as_many_queries_for_three_rows_as_for_one(office: Client) -> None:
    _row()
    one = _queries(office)
    _row()
    _row()
    assert len(office.get(REACH).context["page"].object_list) == 3
    assert _queries(office) == one


def test_the_sessions_of_each_district_are_counted_for_who_asks(office: Client) -> None:
    venue = a_session().shift.venue
    a_session(venue=venue)
    text = office.get(REACH).content.decode()
    assert '<text class="number"' in text
    assert "行った出張サポート</th>" not in text
    assert 'href="?districts=1#district-list"' in text
    there = {place.district: place for place in office.get(REACH, {"districts": "1"}).context["places"]}[venue.district]
    assert (there.visited, there.sessions) == (True, 2)
    assert "行った出張サポート</th>" in office.get(REACH, {"districts": "1"}).content.decode()


def test_with_nothing_to_look_for_the_page_leads_to_the_plans(office: Client) -> None:
    text = office.get(REACH).content.decode()
    assert "1人増えれば行ける活動がありません" in text
    assert "申し込んだ団体には、みな一度は行っています。" in text
