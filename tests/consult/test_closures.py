"""Closed days entered in the office: where they hold, what they touch, who is told."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consult.closures import shut, touched_by
from consult.views import closures as views
from notifications.models import Message
from programme.loading import load
from programme.models import Closure, User, Venue
from support_requests.planning.problem import build_problem
from tests.consult.rows import a_desk, an_opening
from tests.factories import SupporterFactory, SupportRequestFactory, a_hall, an_offer, at
from tests.support_requests.booking import a_booked_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

URL = "/desks/closures/"


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def a_day(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def a_closure(first: int, last: int | None, *, venue: Venue | None = None, rule: str = Closure.EVERY_DAY) -> Closure:
    """Works at the halls, or at ``venue``, from ``first`` to ``last`` days from today."""
    end = None if last is None else a_day(last)
    return Closure(calendar_id="halls", venue=venue, rule=rule, first=a_day(first), last=end, reason="工事")


def typed(first: int, last: int, where: str = "all-halls", **more: Any) -> dict[str, Any]:
    dates = {"first": a_day(first), "last": a_day(last)}
    parts = {
        f"{name}_{part}": str(getattr(day, part)) for name, day in dates.items() for part in ("year", "month", "day")
    }
    return {"where": where, "repeat": "every", "reason": "工事", **parts, **more}


def another_hall() -> Venue:
    return Venue.objects.filter(kind=Venue.Kind.HALL).order_by("pk")[1]


def test_a_closure_holds_from_its_first_to_its_last_day_at_its_hall_alone() -> None:
    a_closure(3, 5, venue=a_hall()).save()
    Closure.objects.filter(first=None).delete()
    assert list(a_hall().closed_days(a_day(0), a_day(9))) == [a_day(3), a_day(4), a_day(5)]
    assert (a_hall().closed_on(a_day(6)), another_hall().closed_on(a_day(4))) == (None, None)
    a_closure(4, 4).save()
    assert another_hall().closed_on(a_day(4)) == "工事"


def test_a_rule_may_hold_for_a_while_or_for_good() -> None:
    Closure.objects.all().delete()
    monday = 7 - timezone.localdate().weekday()
    a_closure(monday, None, rule="FREQ=WEEKLY;BYDAY=MO").save()
    assert list(a_hall().closed_days(a_day(0), a_day(monday + 10))) == [a_day(monday), a_day(monday + 7)]


def test_a_closure_that_ended_keeps_its_past_and_one_to_come_is_taken_away() -> None:
    Closure.objects.all().delete()
    begun, coming = a_closure(-3, 5), a_closure(2, 5)
    begun.save()
    coming.save()
    for closure in (begun, coming):
        closure.end(timezone.localdate())
    assert list(a_hall().closed_days(a_day(-9), a_day(9))) == [a_day(-3), a_day(-2), a_day(-1)]
    assert Closure.objects.get() == begun


def test_loading_the_facts_again_leaves_the_offices_closures_alone() -> None:
    a_closure(3, 3, rule="FREQ=MONTHLY;BYDAY=1MO,3MO").save()
    load(overwrite=True)
    assert Closure.objects.filter(reason="工事").count() == 1
    assert Closure.objects.count() == 4


def test_entering_a_closure_calls_off_the_ticked_openings_and_tells_their_people(coordinator: User) -> None:
    desk = a_desk()
    ticked, kept, later = (an_opening(desk, a_day(days)) for days in (3, 4, 9))
    elsewhere = an_opening(a_desk("別の館", venue=another_hall()), a_day(3))
    person = SupporterFactory.create()
    an_offer(ticked.shift, person).accept(by=person.user)
    closure = a_closure(3, 5, venue=a_hall())
    assert touched_by(closure).openings == [ticked, kept]
    assert shut(closure, call_off={ticked.pk, later.pk, elsewhere.pk}, by=coordinator) == 1
    for opening in (ticked, kept, later, elsewhere):
        opening.shift.refresh_from_db()
        assert opening.is_cancelled == (opening == ticked)
    assert ticked.shift.cancel_reason == "工事"
    assert person.contact.messages.latest("pk").kind == "cancelled"
    assert touched_by(closure).openings == [kept]


def test_no_dates_are_made_nor_sessions_planned_on_closed_days() -> None:
    request = SupportRequestFactory(wishes=[at(14)])
    a_closure(14, 14).save()
    assert at(14).date() in a_desk().plan_dates(a_day(10), a_day(20)).closed
    problem, mapped = build_problem(a_day(1), a_day(28), timezone.now())
    assert problem.tasks == ()
    assert [one.level for one in mapped[f"request:{request.pk}"].dropped] == ["closed"]


def test_the_page_shows_what_is_touched_and_enters_it_once_it_was_seen(office: Client) -> None:
    opening, session = an_opening(a_desk(), a_day(3)), a_booked_session(wishes=[at(4)])
    page = office.post(URL, typed(3, 5, preview="1")).content.decode()
    assert f'name="call_off" value="{opening.pk}" checked' in page
    assert str(session.request.group) in page
    assert not Closure.objects.filter(reason="工事").exists()
    page = office.post(URL, typed(3, 5, call_off=[opening.pk]), follow=True).content.decode()
    assert "中止にした開設日 1日" in page
    closure = Closure.objects.get(reason="工事")
    assert (closure.venue, closure.first, closure.last) == (None, a_day(3), a_day(5))
    opening.shift.refresh_from_db()
    session.shift.refresh_from_db()
    assert (opening.is_cancelled, session.shift.cancelled_at) == (True, None)
    assert reverse("support_requests:detail", args=[session.request_id]) in page
    assert "工事" in office.get(URL).content.decode()
    office.post(reverse("consult:closure", args=[closure.pk]))
    assert not Closure.objects.filter(reason="工事").exists()
    assert not Message.objects.filter(recipient=session.request.group.contact, kind="request_off").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first_day": ""}, "first"),
        ({"last_year": "", "last_month": "", "last_day": ""}, "last"),
        ({"repeat": "weekly"}, "weekdays"),
        ({"reason": " "}, "reason"),
        ({"where": "hall-0"}, "where"),
    ],
)
def test_what_was_typed_wrongly_is_told_at_its_field(office: Client, wrong: dict[str, Any], field: str) -> None:
    page = office.post(URL, typed(3, 5) | wrong)
    assert list(page.context["form"].errors) == [field]
    assert not Closure.objects.filter(reason="工事").exists()


def test_the_pages_ask_the_same_for_one_row_and_for_three(office: Client) -> None:
    counts: list[tuple[int, int]] = []
    for number in range(1, 4):
        an_opening(a_desk(f"相談所{number}"), a_day(3))
        a_booked_session(wishes=[at(3, 10 + number)])
        closure = a_closure(3, 5, venue=a_hall())
        closure.save()
        asked = []
        for address in (URL, reverse("consult:closure", args=[closure.pk])):
            with CaptureQueriesContext(connection) as queries:
                office.get(address)
            asked.append(len(queries))
        counts.append((asked[0], asked[1]))
    assert counts[0] == counts[2]


def test_of_what_a_closure_touches_a_page_shows_the_soonest(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "SHIFTS_A_PAGE", 2)
    desk = a_desk()
    first, _between, last = (an_opening(desk, a_day(days)) for days in (3, 4, 10))
    session = a_booked_session(wishes=[at(3, 16)])
    weekday = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[a_day(3).weekday()]
    closure = a_closure(3, None, rule=f"FREQ=WEEKLY;BYDAY={weekday}")
    closure.save()
    address = reverse("consult:closure", args=[closure.pk])
    pages = [office.get(address, {"page": number}).context["touched"] for number in (1, 2)]
    assert [(one.openings, one.sessions) for one in pages] == [([first], [session]), ([last], [])]
