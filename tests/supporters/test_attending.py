"""着きました: when it may be said, how, and what it proves."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import links
from programme.errors import Refused
from programme.models import Limits, User
from supporters.attending import Door, check_in, door
from supporters.errors import CheckInOver, OfferClosed, ReasonNeeded, ShiftCancelled, TooEarlyToCheckIn
from supporters.messages import OFFER
from supporters.models import Assignment, CheckIn, Shift
from supporters.views.checking_in import HERE
from tests.factories import SupporterFactory, a_shift, an_offer

pytestmark = pytest.mark.usefixtures("programme_facts")

Clock = Callable[[dt.datetime], None]
MINUTE = dt.timedelta(minutes=1)
CODE, PAGE = CheckIn.Way.CODE, CheckIn.Way.PAGE


@pytest.fixture
def duty() -> Assignment:
    """A desk duty of 10:00 to 12:00 in a week."""
    duty = an_offer(a_shift(), SupporterFactory.create())
    duty.accept(by=None)
    return Assignment.objects.select_related("shift", "supporter__user").get(pk=duty.pk)


def midnight_after(shift: Shift) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(shift.local_date + dt.timedelta(days=1), dt.time()))


# --- The verb -------------------------------------------------------------------------------------------


def test_from_half_an_hour_before_the_start_a_tap_is_enough(duty: Assignment, set_now: Clock) -> None:
    set_now(duty.shift.starts_at - 31 * MINUTE)
    with pytest.raises(TooEarlyToCheckIn, match="9:30"):
        check_in(duty, by=None, way=PAGE)
    set_now(duty.shift.starts_at - 30 * MINUTE)
    check_in(duty, by=duty.supporter.user, way=CODE)
    found = CheckIn.objects.get()
    assert (found.assignment, found.at, found.way, found.late_because, found.by) == (
        duty,
        duty.shift.starts_at - 30 * MINUTE,
        "code",
        "",
        duty.supporter.user,
    )


def test_a_second_tap_changes_nothing(duty: Assignment, set_now: Clock) -> None:
    set_now(duty.shift.starts_at)
    first = check_in(duty, by=None, way=CODE)
    set_now(duty.shift.starts_at + 50 * MINUTE)
    assert check_in(duty, by=None, way=PAGE) == first
    assert CheckIn.objects.get().at == duty.shift.starts_at


def test_where_there_was_no_network_the_tap_counts_later_that_day_with_its_reason(
    duty: Assignment, set_now: Clock
) -> None:
    set_now(midnight_after(duty.shift) - MINUTE)
    for reason in ("", "weather"):
        with pytest.raises(ReasonNeeded):
            check_in(duty, by=None, way=PAGE, late_because=reason)
    check_in(duty, by=None, way=PAGE, late_because="network")
    assert CheckIn.objects.get().late_because == "network"


def test_the_next_day_it_is_for_the_office_to_say(duty: Assignment, set_now: Clock) -> None:
    set_now(midnight_after(duty.shift))
    with pytest.raises(CheckInOver):
        check_in(duty, by=None, way=PAGE, late_because="network")


def test_a_tap_in_time_keeps_no_reason(duty: Assignment, set_now: Clock) -> None:
    set_now(duty.shift.ends_at - MINUTE)
    assert check_in(duty, by=None, way=PAGE, late_because="forgot").late_because == ""


def test_who_is_not_on_the_shift_cannot_check_in(set_now: Clock) -> None:
    shift = a_shift()
    asked = an_offer(shift, SupporterFactory.create())
    set_now(shift.starts_at)
    with pytest.raises(OfferClosed):
        check_in(asked, by=None, way=CODE)


def test_nobody_checks_in_where_the_shift_was_called_off(duty: Assignment, set_now: Clock) -> None:
    Shift.objects.filter(pk=duty.shift_id).update(cancelled_at=timezone.now(), cancel_reason="大雪")
    set_now(duty.shift.starts_at)
    with pytest.raises(ShiftCancelled):
        check_in(duty, by=None, way=CODE)


@pytest.mark.parametrize("facts", [{"way": "shout"}, {"way": "page", "late_because": "rain"}])
def test_the_database_knows_the_ways_and_the_reasons(duty: Assignment, facts: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckIn.objects.create(assignment=duty, **facts)


def test_the_database_holds_one_check_in_for_each_duty(duty: Assignment) -> None:
    CheckIn.objects.create(assignment=duty, way=PAGE)
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckIn.objects.create(assignment=duty, way=CODE)


def test_the_door_of_a_duty_that_ends_at_midnight_closes_with_its_day(duty: Assignment) -> None:
    night = midnight_after(duty.shift)
    Shift.objects.filter(pk=duty.shift_id).update(ends_at=night)
    duty.refresh_from_db()
    limits = Limits.current()
    assert [door(duty, limits, night + delta) for delta in (-MINUTE, dt.timedelta(), dt.timedelta(hours=1))] == [
        Door.OPEN,
        Door.OVER,
        Door.OVER,
    ]


# --- What proves that somebody was there ----------------------------------------------------------------


def test_a_desk_duty_is_proven_by_its_check_in_or_by_the_office(duty: Assignment, set_now: Clock) -> None:
    other = an_offer(a_shift(days=8), SupporterFactory.create())
    other.accept(by=None)
    set_now(duty.shift.starts_at)
    check_in(duty, by=None, way=CODE)
    now = other.shift.ends_at
    set_now(now)
    assert list(Assignment.objects.proven(now)) == [duty]
    other.record_attendance(came=True, by=None)
    assert set(Assignment.objects.proven(now)) == {duty, other}


def test_a_session_is_proven_by_its_report_alone(set_now: Clock) -> None:
    shift = a_shift(purpose="session")
    row = Assignment.objects.create(
        shift=shift, supporter=SupporterFactory.create(), status="accepted", seat=shift.seats.get()
    )
    set_now(shift.starts_at)
    check_in(row, by=None, way=CODE)
    assert not Assignment.objects.proven(shift.ends_at).exists()
    row.record_attendance(came=True, by=None)
    assert Assignment.objects.proven(shift.ends_at).get() == row


# --- Pages ----------------------------------------------------------------------------------------------


def code_of(shift: Shift) -> str:
    return reverse("supporters:here", args=[links.token(HERE, shift.pk)])


def test_opening_the_code_changes_nothing_and_its_button_checks_in(
    client: Client, duty: Assignment, set_now: Clock
) -> None:
    set_now(duty.shift.starts_at)
    client.force_login(duty.supporter.user)
    assert "着きました</button>" in client.get(code_of(duty.shift)).content.decode()
    assert CheckIn.objects.count() == 0
    page = client.post(code_of(duty.shift), follow=True).content.decode()
    assert "着いたことを記録しました" in page
    assert CheckIn.objects.get().way == "code"


def test_the_code_asks_who_it_is_and_comes_back(client: Client, duty: Assignment) -> None:
    address = code_of(duty.shift)
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


def test_the_code_of_another_shift_says_so_and_takes_no_tap(client: Client, duty: Assignment, set_now: Clock) -> None:
    client.force_login(SupporterFactory.create().user)
    set_now(duty.shift.starts_at)
    assert "この活動の担当になっていません" in client.get(code_of(duty.shift)).content.decode()
    assert client.post(code_of(duty.shift)).status_code == 404
    assert CheckIn.objects.count() == 0


def test_a_code_that_was_altered_is_refused_in_a_sentence(client: Client, duty: Assignment) -> None:
    client.force_login(duty.supporter.user)
    assert "正しく読み取れませんでした" in client.get(code_of(duty.shift)[:-3] + "/").content.decode()


def test_the_button_is_on_ones_own_page_while_it_helps(client: Client, duty: Assignment, set_now: Clock) -> None:
    client.force_login(duty.supporter.user)
    shown = []
    for now in (-31 * MINUTE, dt.timedelta(), 3 * dt.timedelta(hours=1)):
        set_now(duty.shift.starts_at + now)
        page = client.get("/supporters/").content.decode()
        shown.append(("着きました</button>" in page, "行ったことを知らせる</button>" in page))
    assert shown == [(False, False), (True, False), (False, True)]


def test_ones_own_page_checks_in_and_nobody_elses(client: Client, duty: Assignment, set_now: Clock) -> None:
    set_now(duty.shift.ends_at)
    address = reverse("supporters:arrive", args=[duty.pk])
    client.force_login(SupporterFactory.create().user)
    assert client.post(address).status_code == 404
    client.force_login(duty.supporter.user)
    page = client.post(address, follow=True).content.decode()
    assert "わけを選んで、もう一度押してください" in page
    client.post(address, {"late_because": "busy"})
    assert (CheckIn.objects.get().way, CheckIn.objects.get().late_because) == ("page", "busy")


def test_the_link_of_a_duty_checks_in_without_signing_in(client: Client, duty: Assignment, set_now: Clock) -> None:
    set_now(duty.shift.starts_at)
    address = reverse("supporters:offer", args=[links.token(OFFER, duty.pk)])
    assert "着きました</button>" in client.get(address).content.decode()
    client.post(address, {"answer": "arrive"})
    assert CheckIn.objects.get().by == duty.supporter.user


def test_the_poster_leads_to_the_page_by_its_code(
    client: Client, coordinator: User, duty: Assignment, monkeypatch: Any
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr("supporters.views.checking_in.qr_code", lambda address, **_: drawn.append(address) or "")
    client.force_login(coordinator)
    client.get(reverse("supporters:poster", args=[duty.shift_id]))
    (address,) = drawn
    client.force_login(duty.supporter.user)
    assert client.get(address.removeprefix(links.absolute(""))).context["row"] == duty


def test_the_office_notes_who_was_at_a_desk_and_who_was_not(
    client: Client, coordinator: User, duty: Assignment, set_now: Clock
) -> None:
    client.force_login(coordinator)
    address = reverse("supporters:shift", args=[duty.shift_id])
    client.post(address, {"assignment": duty.pk, "answer": "came"})  # before the start: not yet
    set_now(duty.shift.ends_at)
    states = [Assignment.objects.get().status]
    for answer in ("absent", "came"):
        assert f'value="{answer}"' in client.get(address).content.decode()
        client.post(address, {"assignment": duty.pk, "answer": answer})
        states.append(Assignment.objects.get().status)
    assert states == ["accepted", "absent", "attended"]


def test_who_was_at_a_session_only_its_report_says(client: Client, coordinator: User, set_now: Clock) -> None:
    shift = a_shift(purpose="session")
    row = Assignment.objects.create(
        shift=shift, supporter=SupporterFactory.create(), status="accepted", seat=shift.seats.get()
    )
    set_now(shift.ends_at)
    client.force_login(coordinator)
    address = reverse("supporters:shift", args=[shift.pk])
    assert 'value="came"' not in client.get(address).content.decode()
    assert client.post(address, {"assignment": row.pk, "answer": "came"}).status_code == 404


def test_the_verb_refuses_in_sentences(duty: Assignment) -> None:
    with pytest.raises(Refused) as refusal:
        check_in(duty, by=None, way=PAGE)
    assert "から押せます" in str(refusal.value)
