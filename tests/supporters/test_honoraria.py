"""Honoraria: drawn up from what was proven, approved by another person, paid once, put right by differences."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from programme.errors import ChangedMeanwhile
from programme.fiscal import Month, start_of
from programme.models import Limit, Role, User
from supporters.errors import MadeByYourself, NothingToPay, NotPaidYet
from supporters.honoraria import (
    Standing,
    approvable,
    approve_lines,
    correct_amount,
    count_of,
    draw_up,
    pay,
    people_of,
    standing_of,
)
from supporters.models import Assignment, CheckIn, Honorarium, Payment, Supporter
from tests.factories import SupporterFactory, a_hall, a_shift

pytestmark = pytest.mark.usefixtures("programme_facts")

Clock = Callable[[dt.datetime], None]
MAY = Month(2026, 5)


@pytest.fixture(autouse=True)
def after_may(set_now: Clock) -> None:
    set_now(start_of(dt.date(2026, 6, 5)) + dt.timedelta(hours=9))


@pytest.fixture
def second(db: None) -> User:
    return User.objects.create_user("second@example.jp", name="Bob", role=Role.COORDINATOR)


def a_duty(day: int = 10, *, minutes: int = 120, here: bool = True, person: Supporter | None = None) -> Assignment:
    """A desk duty in May at 10:00, with a check-in unless it is not known whether the person was ``here``."""
    starts_at = start_of(dt.date(2026, 5, day)) + dt.timedelta(hours=10)
    shift = a_shift()
    type(shift).objects.filter(pk=shift.pk).update(
        starts_at=starts_at, ends_at=starts_at + dt.timedelta(minutes=minutes), venue=a_hall()
    )
    person = person or SupporterFactory.create()
    row = Assignment.objects.create(
        shift=shift, supporter=person, status=Assignment.Status.ACCEPTED, seat=shift.seats.get()
    )
    shift.refresh_from_db()
    if here:
        CheckIn.objects.create(assignment=row, at=starts_at, way=CheckIn.Way.CODE)
    return row


def lines() -> list[tuple[str, int, int]]:
    return list(Honorarium.objects.order_by("pk").values_list("cause", "minutes", "yen"))


def approve_all(by: User) -> int:
    return approve_lines(MAY, by=by, seen=count_of(approvable(MAY, by=by)))


def paid(coordinator: User, second: User) -> Payment:
    draw_up(MAY, by=coordinator)
    approve_all(second)
    return pay(by=coordinator)


# --- Drawing up -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "yen"), [(120, 1000), (90, 750), (50, 416), (1, 8)])
def test_a_duty_is_worth_its_minutes_at_the_rate_rounded_down(coordinator: User, minutes: int, yen: int) -> None:
    a_duty(minutes=minutes)
    assert draw_up(MAY, by=coordinator) == 1
    assert lines() == [("duty", minutes, yen)]


def test_who_may_not_be_paid_has_hours_and_no_yen(coordinator: User) -> None:
    a_duty(person=SupporterFactory.create(may_be_paid=False))
    draw_up(MAY, by=coordinator)
    assert lines() == [("duty", 120, 0)]


def test_what_nobody_has_proven_gets_no_line_until_the_office_says_so(coordinator: User) -> None:
    row = a_duty(here=False)
    assert draw_up(MAY, by=coordinator) == 0
    row.record_attendance(came=True, by=coordinator)
    assert draw_up(MAY, by=coordinator) == 1


def test_only_the_months_own_duties_are_drawn_up_and_twice_is_once(coordinator: User) -> None:
    a_duty()
    assert [draw_up(month, by=coordinator) for month in (MAY.previous, MAY.next, MAY, MAY)] == [0, 0, 1, 0]


def test_before_payment_a_line_follows_the_records_and_loses_its_approval(coordinator: User, second: User) -> None:
    row = a_duty()
    draw_up(MAY, by=coordinator)
    approve_all(second)
    row.record_attendance(came=False, by=coordinator)
    assert draw_up(MAY, by=second) == 1
    line = Honorarium.objects.get()
    assert (line.yen, line.minutes, line.made_by, line.approved_by) == (0, 0, second, None)


def test_a_months_page_says_who_drew_up_approved_paid_and_changed(
    client: Client, coordinator: User, second: User
) -> None:
    row = a_duty()
    draw_up(MAY, by=coordinator)
    approve_all(second)
    Limit.objects.filter(code="honorarium_yen").update(value=1200)
    draw_up(MAY, by=coordinator)
    approve_all(second)
    pay(by=coordinator)
    client.force_login(coordinator)
    found = client.get(reverse("kpi:honoraria", args=[MAY])).context["record"]()
    said = [(line.who, line.what) for line in found if not line.changes]
    assert set(said) == {
        (coordinator, "明細を1件作りました(今の額は1,200円)"),
        (second, "明細を1件承認しました(1,200円)"),
        (coordinator, "明細を1件支払いました(1,200円)"),
    }
    assert {str(row.supporter) in line.what for line in found if line.changes} == {True}
    changes = {(one.label, one.before, one.after) for line in found for one in line.changes}
    assert changes == {("円", "1000", "1200"), ("承認した人", "Bob", "―")}


def test_before_payment_a_new_rate_changes_the_line(coordinator: User) -> None:
    a_duty()
    draw_up(MAY, by=coordinator)
    Limit.objects.filter(code="honorarium_yen").update(value=1200)
    draw_up(MAY, by=coordinator)
    assert lines() == [("duty", 120, 1200)]


# --- Approving ------------------------------------------------------------------------------------------


def test_who_drew_a_line_up_does_not_approve_it(coordinator: User, second: User) -> None:
    a_duty()
    draw_up(MAY, by=coordinator)
    with pytest.raises(MadeByYourself):
        approve_all(coordinator)
    assert approve_all(second) == 1
    assert Honorarium.objects.get().approved_by == second


def test_where_one_person_is_enough_they_do(coordinator: User) -> None:
    Limit.objects.filter(code="honorarium_people").update(value=1)
    a_duty()
    draw_up(MAY, by=coordinator)
    assert approve_all(coordinator) == 1


def test_only_what_was_seen_is_approved(coordinator: User, second: User) -> None:
    a_duty()
    draw_up(MAY, by=coordinator)
    seen = count_of(approvable(MAY, by=second))
    a_duty(11)
    draw_up(MAY, by=coordinator)
    with pytest.raises(ChangedMeanwhile):
        approve_lines(MAY, by=second, seen=seen)
    assert not Honorarium.objects.payable().exists()


def test_a_months_standing_says_what_each_coordinator_may_approve(coordinator: User, second: User) -> None:
    a_duty()
    paid(coordinator, second)
    a_duty(11)
    draw_up(MAY, by=coordinator)
    seen = {by: standing_of(MAY, by=by) for by in (coordinator, second)}
    assert seen[second] == Standing(2, 1, *count_of(approvable(MAY, by=second)))
    assert seen[coordinator] == Standing(2, 1, 0, 0)


# --- Paying ---------------------------------------------------------------------------------------------


def test_a_line_is_paid_once(coordinator: User, second: User) -> None:
    a_duty()
    payment = paid(coordinator, second)
    with pytest.raises(NothingToPay):
        pay(by=coordinator)
    assert draw_up(MAY, by=coordinator) == 0
    assert [line.payment for line in Honorarium.objects.all()] == [payment]


def test_what_is_not_approved_is_not_paid(coordinator: User) -> None:
    a_duty()
    draw_up(MAY, by=coordinator)
    with pytest.raises(NothingToPay):
        pay(by=coordinator)


def test_the_database_keeps_what_was_paid_whatever_the_code_does(coordinator: User, second: User) -> None:
    row = a_duty()
    paid(coordinator, second)
    for change in (
        lambda: Honorarium.objects.update(yen=2000),
        lambda: Honorarium.objects.update(payment=None),
        lambda: Honorarium.objects.all().delete(),
        lambda: Honorarium.objects.create(assignment=row, day=MAY.first, minutes=1, yen=1, made_by=second),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert lines() == [("duty", 120, 1000)]


@pytest.mark.parametrize(
    "facts",
    [
        {"yen": -1},
        {"cause": "gift"},
        {"cause": "amount", "minutes": 0},  # without a reason
        {"approved_at": timezone.now()},
    ],
)
def test_the_database_refuses_lines_that_cannot_be(coordinator: User, facts: dict[str, object]) -> None:
    row = a_duty()
    with pytest.raises(IntegrityError), transaction.atomic():
        Honorarium.objects.create(
            **{"assignment": row, "day": MAY.first, "minutes": 120, "yen": 1000, "made_by": coordinator} | facts
        )


# --- After payment --------------------------------------------------------------------------------------


def test_an_absence_that_is_found_later_becomes_a_difference_and_is_kept_back(coordinator: User, second: User) -> None:
    row = a_duty()
    paid(coordinator, second)
    row.record_attendance(came=False, by=coordinator)
    draw_up(MAY, by=coordinator)
    assert lines() == [("duty", 120, 1000), ("attendance", -120, -1000)]
    approve_all(second)
    with pytest.raises(NothingToPay):  # less than nothing: it waits until more has come
        pay(by=coordinator)
    a_duty(11, minutes=240, person=row.supporter)
    payment = paid(coordinator, second)
    assert [(one.supporter, one.minutes, one.yen) for one in people_of(payment)] == [(row.supporter, 120, 1000)]


def test_an_absence_that_was_a_mistake_is_paid_again(coordinator: User, second: User) -> None:
    row = a_duty()
    paid(coordinator, second)
    for came in (False, True):
        row.record_attendance(came=came, by=coordinator)
        draw_up(MAY, by=coordinator)
    assert lines() == [("duty", 120, 1000), ("attendance", 0, 0)]


def test_settings_of_later_reach_back_to_nothing_that_was_paid(coordinator: User, second: User) -> None:
    row = a_duty()
    paid(coordinator, second)
    Limit.objects.filter(code="honorarium_yen").update(value=500)
    Supporter.objects.filter(pk=row.supporter_id).update(may_be_paid=False)
    assert draw_up(MAY, by=coordinator) == 0


def test_a_wrong_amount_is_put_right_by_hand_with_its_reason(coordinator: User, second: User) -> None:
    row = a_duty()
    draw_up(MAY, by=coordinator)
    with pytest.raises(NotPaidYet):
        correct_amount(row, yen=-500, reason="単価の誤り", by=coordinator)
    approve_all(second)
    pay(by=coordinator)
    correct_amount(row, yen=-500, reason="単価の誤り", by=coordinator)
    assert draw_up(MAY, by=second) == 0  # stays as it was put
    assert lines() == [("duty", 120, 1000), ("amount", 0, -500)]


# --- Files and receipts ---------------------------------------------------------------------------------


def test_the_file_has_a_line_for_each_person_who_is_paid(client: Client, coordinator: User, second: User) -> None:
    person = SupporterFactory.create(name="=cmd()", kana="しえん")
    for day in (10, 11):
        a_duty(day, person=person)
    a_duty(12, person=SupporterFactory.create(may_be_paid=False))
    payment = paid(coordinator, second)
    client.force_login(coordinator)
    data = client.get(reverse("supporters:payment_file", args=[payment.pk])).content
    header, line, end = data.decode("utf-8-sig").split("\r\n")
    assert header.split(",")[3] == "氏名"
    assert line == f"{payment.pk},2026-06-05,{person.pk},'=cmd(),しえん,{person.category},2,240,2000"
    assert end == ""


def test_cp932_writes_what_it_cannot_hold_by_number(client: Client, coordinator: User, second: User) -> None:
    a_duty(person=SupporterFactory.create(name="髙﨑𠮷子"))
    payment = paid(coordinator, second)
    client.force_login(coordinator)
    address = reverse("supporters:payment_file", args=[payment.pk])
    assert "髙﨑[U+20BB7]子" in client.get(address + "?encoding=cp932").content.decode("cp932")
    assert client.get(address + "?encoding=utf-7").status_code == 404


def test_a_supporter_sees_the_own_receipt_and_no_other(client: Client, coordinator: User, second: User) -> None:
    one, other = a_duty(), a_duty(11, minutes=60)
    payment = paid(coordinator, second)
    address = reverse("supporters:receipts", args=[payment.pk])
    shown = {}
    for name, user in {"office": coordinator, "one": one.supporter.user, "other": other.supporter.user}.items():
        client.force_login(user)
        page = client.get(address).content.decode()
        shown[name] = [text in page for text in ("金 1,000円", "金 500円")]
    assert shown == {"office": [True, True], "one": [True, False], "other": [False, True]}
    client.force_login(SupporterFactory.create().user)
    assert client.get(address).status_code == 404


def test_ones_own_page_says_where_each_line_stands(client: Client, coordinator: User, second: User) -> None:
    row = a_duty()
    client.force_login(row.supporter.user)
    said = []
    steps = (lambda: draw_up(MAY, by=coordinator), lambda: approve_all(second), lambda: pay(by=coordinator))
    for step in steps:
        step()
        page = client.get(reverse("supporters:honoraria")).content.decode()
        said.append([text in page for text in ("承認を待っています", "支払いを待っています", "支払い済み")])
    assert said == [[True, False, False], [False, True, False], [False, False, True]]
