"""Everybody at once, on PostgreSQL: a few rounds here, a thousand by hand (see booking_storm.py)."""

import pytest

from tests.engines import on_postgresql
from tests.support_requests import booking_storm
from tests.support_requests.lifecycle import broken


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_accepting_standing_in_moving_and_cancelling_at_once_breaks_nothing(programme_facts: None) -> None:
    answers, found = booking_storm.play(5)
    assert found == []
    assert answers["RoomTaken"]


def test_a_fault_ends_the_storm(monkeypatch: pytest.MonkeyPatch, programme_facts: None) -> None:
    monkeypatch.setattr(booking_storm, "_round", lambda dice: [])
    monkeypatch.setattr(booking_storm, "at_once", lambda verbs: ["done", "fault Deadlock: x"])
    answers, found = booking_storm.play(3)
    assert (answers["done"], found) == (1, ["fault Deadlock: x"])


def test_what_is_broken_is_seen(programme_facts: None) -> None:
    from supporters.models import Claim
    from tests.support_requests.booking import a_booked_session

    a_booked_session()
    assert broken() == []
    Claim.objects.all()[0].delete()
    assert len(broken()) == 1
