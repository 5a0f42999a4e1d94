"""Taking requests in: the rules hold without the form, and all or nothing is stored."""

from typing import Any
from unittest import mock

import pytest

from notifications.models import Contact
from programme.errors import Refused
from programme.models import User, Venue
from support_requests import services
from support_requests.errors import (
    ClosedOn,
    ContactMissing,
    OffGrid,
    OutsideHours,
    SameTimeTwice,
    TooFar,
    TooFewPeople,
    TooManyPeople,
    TooSoon,
    WrongLength,
)
from support_requests.models import Group, SupportRequest
from support_requests.services import receive, take_down
from tests.factories import a_hall, at
from tests.support_requests.asking import closed_day, open_days
from tests.support_requests.wishes import a_wish, ahead

pytestmark = pytest.mark.usefixtures("programme_facts")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"email": ""}, ContactMissing),
        ({"participants": 2}, TooFewPeople),
        ({"participants": 9999}, TooManyPeople),
        ({"minutes": 15}, WrongLength),
        ({"minutes": 600}, WrongLength),
        ({"starts": lambda: [at(0)]}, TooSoon),
        ({"starts": lambda: [at(400)]}, TooFar),
        ({"starts": lambda: [ahead(open_days()[1], 10, 5)]}, OffGrid),
        ({"starts": lambda: [ahead(closed_day())]}, ClosedOn),
        ({"starts": lambda: [ahead(open_days()[1])] * 2}, SameTimeTwice),
    ],
)
def test_the_verb_refuses_what_the_form_refuses(changes: dict[str, Any], refusal: type[Refused]) -> None:
    changes = {name: value() if callable(value) else value for name, value in changes.items()}
    with pytest.raises(refusal):
        receive(a_wish(**changes))
    assert (SupportRequest.objects.count(), Group.objects.count(), Contact.objects.count()) == (0, 0, 0)


def test_the_verb_refuses_a_time_at_which_the_hall_is_not_open() -> None:
    hall = a_hall()
    Venue.objects.filter(pk=hall.pk).update(opens="09:00", closes="17:00")
    with pytest.raises(OutsideHours):
        receive(a_wish(place=a_hall(), starts=[ahead(open_days()[1], 16, 30)]))
    with pytest.raises(OutsideHours):
        receive(a_wish(place=a_hall(), starts=[ahead(open_days()[1], 8, 45)]))


def test_a_failure_half_way_stores_nothing() -> None:
    with mock.patch.object(services, "ask_to_confirm", side_effect=RuntimeError), pytest.raises(RuntimeError):
        receive(a_wish(place=Venue(kind="own", name="集会所", address="石倉町1", district_id="D07")))
    assert (SupportRequest.objects.count(), Group.objects.count(), Contact.objects.count()) == (0, 0, 0)
    assert Venue.objects.filter(kind="own").count() == 0


def test_the_twin_that_was_stored_in_this_very_moment_is_found() -> None:
    wish = a_wish()
    first, _ = receive(wish)
    answers = iter([None, first])
    with mock.patch.object(services, "_sent_before", side_effect=lambda wish: next(answers)):
        second, is_new = receive(a_wish(form_id=wish.form_id))
    assert (second, is_new) == (first, False)
    assert (SupportRequest.objects.count(), Group.objects.count()) == (1, 1)


def test_what_a_coordinator_takes_down_is_confirmed_by_that_coordinator(coordinator: User) -> None:
    asked, is_new = take_down(a_wish(email="", phone="０２７ー２２４ー１１１１"), by=coordinator, intake="paper")
    move = asked.moves.get()
    assert (is_new, asked.status, asked.intake, asked.taken_by) == (True, "confirmed", "paper", coordinator)
    assert (move.from_status, move.to_status, move.by) == ("received", "confirmed", coordinator)


def test_who_was_on_the_telephone_need_not_be_rung_to_hear_that_it_was_received(coordinator: User) -> None:
    asked, _ = take_down(a_wish(email="", phone="027-224-1111"), by=coordinator, intake="phone")
    assert asked.group.contact.messages.count() == 0
    with_mail, _ = take_down(a_wish(), by=coordinator, intake="phone")
    assert [message.kind for message in with_mail.group.contact.messages.all()] == ["request_received"]
