"""States move only by their verbs, each move recorded; a stale form changes none."""

import pytest

from programme.errors import ChangedMeanwhile
from programme.models import User
from supporters.models import Supporter
from tests.factories import SupporterFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def supporter(programme_facts: None) -> Supporter:
    return SupporterFactory()


def test_a_move_is_recorded_with_who_when_and_why(supporter: Supporter, coordinator: User) -> None:
    supporter.pause(by=coordinator, reason="旅行")
    move = supporter.moves.get()
    assert (move.from_status, move.to_status, move.by, move.reason) == ("active", "paused", coordinator, "旅行")


def test_of_two_who_move_one_row_the_second_is_told_that_it_changed(supporter: Supporter, coordinator: User) -> None:
    stale = Supporter.objects.get(pk=supporter.pk)
    supporter.withdraw(by=coordinator, reason="転居")
    with pytest.raises(ChangedMeanwhile, match="状態が変わりました"):
        stale.pause(by=coordinator)


def test_saving_a_stale_row_does_not_undo_a_move(supporter: Supporter, coordinator: User) -> None:
    stale = Supporter.objects.get(pk=supporter.pk)
    supporter.withdraw(by=coordinator, reason="転居")
    stale.week_limit = 5
    stale.save()
    supporter.refresh_from_db()
    assert (supporter.status, supporter.week_limit) == ("withdrawn", 5)
