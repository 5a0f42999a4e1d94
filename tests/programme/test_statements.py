"""A prepared statement says what the queryset says, however many keys it is given."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from consult.models import Opening
from consult.models.intake import Place
from programme.statements import Prepared
from tests.consult.rows import a_desk, an_opening

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]


@pytest.mark.parametrize("number", [1, 3])
def test_a_prepared_statement_answers_as_its_queryset(number: int) -> None:
    desk = a_desk()
    openings = [an_opening(desk, timezone.localdate() + dt.timedelta(days=days)) for days in range(4)]
    asked = [opening.pk for opening in openings[:number]]
    prepared = Prepared(lambda desk, *keys: Place.facts(Opening.objects.filter(desk=desk, pk__in=keys)))
    for _twice in range(2):
        rows = prepared.rows(connection, desk.pk, *asked)
        assert sorted(rows) == sorted(Place.facts(Opening.objects.filter(pk__in=asked)))
    assert prepared.rows(connection, desk.pk + 1, *asked) == []


def test_a_prepared_statement_is_put_into_sql_once() -> None:
    made: list[tuple[int, ...]] = []

    def make(*keys: int) -> object:
        made.append(keys)
        return Place.facts(Opening.objects.filter(pk__in=keys))

    prepared = Prepared(make)  # type: ignore[arg-type]
    assert [prepared.rows(connection, key) for key in (1, 2, 3)] == [[], [], []]
    assert len(made) == 1
    assert prepared.rows(connection, 1, 2) == []
    assert len(made) == 2
