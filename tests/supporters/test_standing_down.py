"""A minor beside whom no adult goes is freed and told; nobody else is."""

import datetime as dt
from collections.abc import Callable

import pytest

from notifications.models import Message
from supporters.models import Assignment, Consent, Shift, Supporter
from tests.factories import ContactFactory, SupporterFactory, a_shift, an_offer

pytestmark = pytest.mark.usefixtures("programme_facts")

Clock = Callable[[dt.datetime], None]


@pytest.fixture
def shift() -> Shift:
    return a_shift(needed=2)


@pytest.fixture
def adult(shift: Shift) -> Assignment:
    row = an_offer(shift, SupporterFactory.create())
    row.accept(by=None)
    return row


@pytest.fixture
def minor(shift: Shift, adult: Assignment) -> Assignment:
    young = SupporterFactory.create(birth_date=shift.local_date - dt.timedelta(days=16 * 366))
    Consent.objects.create(supporter=young, guardian=ContactFactory.create()).give()
    row = an_offer(shift, young)
    row.accept(by=None)
    return row


def told(person: Supporter) -> list[str]:
    kinds = Message.objects.filter(recipient=person.contact).order_by("pk").values_list("kind", flat=True)
    return [kind for kind in kinds if kind == "stood_down"]


def test_a_minor_beside_whom_nobody_goes_is_freed_and_told(adult: Assignment, minor: Assignment) -> None:
    adult.want_stand_in(by=None)
    Assignment.objects.get(pk=adult.pk)._leave(Assignment.Status.RELEASED, by=None)
    sequence = minor.shift.sequence
    assert minor.stand_down() is True
    minor.refresh_from_db()
    assert (minor.status, minor.seat, minor.claims.count()) == ("cancelled", None, 0)
    assert minor.moves.last().reason == "18歳未満の方は、大人のサポーターと一緒の活動だけに参加できます。"
    assert told(minor.supporter) == ["stood_down"]
    assert Shift.objects.get().sequence > sequence  # so that calendars believe it
    assert minor.stand_down() is False
    assert told(minor.supporter) == ["stood_down"]


def test_beside_an_adult_a_minor_stays(minor: Assignment) -> None:
    assert minor.stand_down() is False
    assert (Assignment.objects.get(pk=minor.pk).status, told(minor.supporter)) == ("accepted", [])


def test_an_adult_is_never_stood_down(adult: Assignment) -> None:
    assert adult.stand_down() is False


def test_what_has_begun_stays_as_it_is(adult: Assignment, minor: Assignment, set_now: Clock) -> None:
    adult.want_stand_in(by=None)
    Assignment.objects.get(pk=adult.pk)._leave(Assignment.Status.RELEASED, by=None)
    set_now(minor.shift.starts_at)
    assert minor.stand_down() is False
