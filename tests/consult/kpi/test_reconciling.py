"""The lines of honoraria come to the figures to the yen, and every difference has a name."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consult.kpi.reconciling import Part, Reconciliation, reconcile
from consult.kpi.report import report
from programme.fiscal import start_of
from programme.models import Limit, User
from supporters.honoraria import correct_amount, draw_up, pay
from supporters.models import Assignment, Honorarium, Shift, Supporter
from tests.factories import SupporterFactory
from tests.supporters.test_honoraria import MAY, a_duty, approve_all, paid, second

__all__ = ["second"]

pytestmark = pytest.mark.usefixtures("programme_facts")


@pytest.fixture(autouse=True)
def after_may(set_now: Callable[[dt.datetime], None]) -> None:
    set_now(start_of(dt.date(2026, 6, 5)) + dt.timedelta(hours=9))


def sums(found: Reconciliation) -> Part:
    parts = (found.lined, found.unproven, found.undrawn, found.changed)
    return Part(*(sum(getattr(part, name) for part in parts) for name in ("duties", "minutes", "yen")))


def test_a_month_of_all_sorts_comes_to_the_figures_to_the_yen(coordinator: User, second: User) -> None:
    chance = random.Random(7)
    people = [SupporterFactory.create(may_be_paid=chance.random() < 0.8) for _ in range(6)]
    rows = [
        a_duty(chance.randint(1, 31), minutes=chance.randint(1, 180), here=chance.random() < 0.8, person=who)
        for who in people
        for _ in range(5)
    ]
    paid(coordinator, second)
    for row in chance.sample(rows, 10):  # found out after payment, both ways
        row.refresh_from_db()
        row.record_attendance(came=chance.random() < 0.5, by=coordinator)
    a_duty(31, minutes=77)  # came in late
    draw_up(MAY, by=coordinator)
    found = reconcile(MAY)
    assert found.agrees
    assert sums(found) == found.counted
    assert found.drawn.yen == found.lined.yen
    figures = {row.definition.code: row.value for row in report(MAY).rows}
    assert (figures["honoraria"], figures["support_hours"]) == (found.counted.yen, found.counted.minutes)
    approve_all(second)
    pay(by=coordinator)
    waits = sum(line.yen for line in Honorarium.objects.filter(payment=None))  # of who was paid too much
    to_people = sum(line.yen for line in Honorarium.objects.filter(payment__isnull=False))
    assert to_people + waits + found.unproven.yen == figures["honoraria"]


def test_what_is_not_proven_and_what_is_not_drawn_up_have_their_own_lines(coordinator: User) -> None:
    a_duty(1, minutes=60)
    draw_up(MAY, by=coordinator)
    a_duty(2, minutes=90)
    unknown = a_duty(3, minutes=120, here=False)
    found = reconcile(MAY)
    assert found.to_prove == (unknown.pk,)
    assert (found.counted, found.lined, found.undrawn, found.unproven, found.changed) == (
        Part(3, 270, 2250),
        Part(1, 60, 500),
        Part(1, 90, 750),
        Part(1, 120, 1000),
        Part(0, 0, 0),
    )


def test_a_correction_that_no_line_follows_yet_is_named(coordinator: User, second: User) -> None:
    row = a_duty()
    paid(coordinator, second)
    row.record_attendance(came=False, by=coordinator)
    found = reconcile(MAY)
    assert (found.agrees, found.differing, found.counted, found.drawn) == (
        False,
        (row.pk,),
        Part(0, 0, 0),
        Part(1, 120, 1000),
    )
    draw_up(MAY, by=coordinator)
    assert reconcile(MAY).agrees


@pytest.mark.parametrize(("change", "yen"), [("rate", 1000), ("flag", 1000), ("by hand", 700)])
def test_the_figure_counts_what_is_on_a_line_whatever_changes_later(
    coordinator: User, second: User, change: str, yen: int
) -> None:
    row = a_duty()
    paid(coordinator, second)
    if change == "rate":
        Limit.objects.filter(code="honorarium_yen").update(value=1300)
    elif change == "flag":
        Supporter.objects.update(may_be_paid=False)
    else:
        correct_amount(row, yen=-300, reason="単価の誤り", by=coordinator)
    found = reconcile(MAY)
    assert (found.agrees, found.counted, sums(found)) == (True, Part(1, 120, yen), found.counted)
    assert {one.definition.code: one.value for one in report(MAY).rows}["honoraria"] == yen


def test_what_has_no_line_yet_is_counted_at_the_rate_of_today(coordinator: User) -> None:
    a_duty(1)
    draw_up(MAY, by=coordinator)
    Limit.objects.filter(code="honorarium_yen").update(value=1300)
    a_duty(2)
    found = reconcile(MAY)
    assert (found.lined.yen, found.undrawn.yen, found.counted.yen) == (1000, 1300, 2300)


def test_hours_that_are_put_right_after_payment_are_named(coordinator: User, second: User) -> None:
    row = a_duty()
    paid(coordinator, second)
    Shift.objects.filter(pk=row.shift_id).update(ends_at=row.shift.ends_at - dt.timedelta(minutes=30))
    found = reconcile(MAY)
    assert (found.changed, found.differing) == (Part(0, -30, 0), (row.pk,))


# --- The page -------------------------------------------------------------------------------------------

ADDRESS = reverse("kpi:honoraria", args=[MAY])


def test_from_records_to_a_payment_on_the_page(client: Client, coordinator: User, second: User) -> None:
    a_duty()
    client.force_login(coordinator)
    assert "まだありません" in client.get(ADDRESS).content.decode()
    page = client.post(ADDRESS, {"action": "draw_up"}, follow=True).content.decode()
    assert "実績と1円まで合っています" in page
    assert 'value="approve"' not in page  # drawn up by the same person
    client.force_login(second)
    facts = client.get(ADDRESS).context["approvable"]
    assert facts == {"number": 1, "yen": 1000}
    client.post(ADDRESS, {"action": "approve", **facts})
    client.post(ADDRESS, {"action": "pay"})
    assert Honorarium.objects.get().payment.made_by == second


def test_a_difference_is_made_on_the_page_and_wrong_ones_are_said(
    client: Client, coordinator: User, second: User
) -> None:
    row = a_duty()
    paid(coordinator, second)
    client.force_login(coordinator)
    sent: dict[str, Any] = {"action": "correct", "assignment": row.pk, "yen": "0", "reason": "誤り"}
    assert "0のほかの数を入力してください。" in client.post(ADDRESS, sent).content.decode()
    client.post(ADDRESS, sent | {"yen": "-500"})
    assert Honorarium.objects.get(cause="amount").yen == -500


def test_an_amount_is_put_right_in_a_form_that_opens_for_one_line(
    client: Client, coordinator: User, second: User
) -> None:
    row = a_duty()
    a_duty(4)
    paid(coordinator, second)
    client.force_login(coordinator)
    assert 'value="correct"' not in client.get(ADDRESS).content.decode()
    page = client.get(ADDRESS, {"correct": row.pk}).content.decode()
    assert page.count('value="correct"') == 1
    assert f'name="assignment" value="{row.pk}"' in page


def test_a_line_of_a_duty_that_no_figure_counts_is_named(coordinator: User, second: User) -> None:
    row = a_duty()
    kept = a_duty(4)
    paid(coordinator, second)
    Shift.objects.filter(pk=row.shift_id).update(cancelled_at=row.shift.starts_at, cancel_reason="誤り")
    found = reconcile(MAY)
    assert (found.differing, found.counted, found.drawn) == ((row.pk,), Part(1, 120, 1000), Part(2, 240, 2000))
    assert kept.pk not in found.differing


def test_the_page_names_the_duties_of_which_nobody_has_said_who_came(client: Client, coordinator: User) -> None:
    unknown, _known = a_duty(3, here=False), a_duty(4)
    client.force_login(coordinator)
    assert list(client.get(ADDRESS).context["to_prove"]) == [unknown]


def test_a_month_that_has_not_begun_is_not_there(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    assert client.get(reverse("kpi:honoraria", args=[MAY.next.next])).status_code == 404
    assert client.post(ADDRESS, {"action": "give"}).status_code == 404


def test_the_way_in_leads_to_where_there_is_something_to_do(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    ways = [client.get(reverse("kpi:honoraria_now")).headers["Location"]]
    duty = a_duty()
    Assignment.objects.filter(pk=duty.pk).update(status=Assignment.Status.ATTENDED)
    draw_up(MAY, by=coordinator)
    ways.append(client.get(reverse("kpi:honoraria_now")).headers["Location"])
    assert ways == [ADDRESS, ADDRESS]


def test_the_page_takes_as_many_queries_for_one_duty_as_for_three(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    counts = []
    for more in (1, 2):
        for day in range(more):
            a_duty(10 * more + day)
        draw_up(MAY, by=coordinator)
        with CaptureQueriesContext(connection) as queries:
            client.get(ADDRESS)
        counts.append(len(queries))
    assert counts[0] == counts[1]
