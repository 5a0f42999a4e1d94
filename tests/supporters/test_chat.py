"""行けます and 行けません in a chat call the verbs of the link."""

import pytest

from notifications import replies
from notifications.models import Message
from programme.errors import Refused
from programme.wording import say_moment
from supporters.errors import OfferMoved
from supporters.models import Assignment
from tests.factories import SupporterFactory, a_shift, an_offer, at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]


def offered() -> tuple[Assignment, Message]:
    assignment = an_offer(a_shift(), SupporterFactory())
    return assignment, Message.objects.get(kind="offer", subject=f"assignment:{assignment.pk}")


def test_an_offer_carries_its_answers_in_the_language_of_its_reader() -> None:
    _assignment, message = offered()
    assert message.answers == [["accept", "行けます"], ["decline", "行けません"]]


@pytest.mark.parametrize(("word", "status"), [("accept", "accepted"), ("decline", "declined")])
def test_an_answer_calls_the_verb(word: str, status: str) -> None:
    assignment, message = offered()
    assert replies.answer(message, word)
    assignment.refresh_from_db()
    assert assignment.status == status


def test_an_answer_that_comes_too_late_is_refused_in_words() -> None:
    assignment, message = offered()
    assignment.decline(by=None)
    with pytest.raises(Refused):
        replies.answer(message, "accept")


@pytest.mark.parametrize("word", ["accept", "decline"])
def test_a_button_answers_no_other_time_than_its_message_named(word: str) -> None:
    assignment, message = offered()
    assignment.shift.move_to(at(9), at(9, 12), by=None, reason="会場の都合")
    with pytest.raises(OfferMoved) as refused:
        replies.answer(message, word)
    assert say_moment(at(9)) in str(refused.value)
    assignment.refresh_from_db()
    assert assignment.status == "offered"
    message.refresh_from_db()
    moved = Message.objects.get(kind="moved")
    assert (message.state, message.replaced_by, moved.answers) == ("replaced", moved, message.answers)
    replies.answer(moved, word)
    assignment.refresh_from_db()
    assert assignment.status == {"accept": "accepted", "decline": "declined"}[word]


def test_an_offer_that_was_declined_meanwhile_does_not_wait_any_more() -> None:
    assignment, message = offered()
    assignment.decline(by=None)
    message.refresh_from_db()
    assert message.state == "cancelled"


def test_a_yes_takes_the_place_of_an_offer_that_has_not_left() -> None:
    assignment, message = offered()
    assignment.accept(by=None)
    message.refresh_from_db()
    assert (message.state, message.replaced_by) == ("replaced", Message.objects.get(kind="accepted"))
