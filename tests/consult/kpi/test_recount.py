"""Random small programmes: each figure and each of its cells equals a recount in plain Python.

``RECOUNT_EXAMPLES=1000`` looks at as many programmes.
"""

import datetime as dt
import os
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.kpi import ledger
from consult.kpi.dimensions import DIMENSIONS
from consult.kpi.report import Row, report
from consult.models import Activity
from programme.fiscal import Month
from programme.models import User
from tests.consult.kpi.records import tokyo
from tests.consult.kpi.recount import (
    Case,
    Done,
    Duty,
    Open,
    Person,
    Span,
    Visit,
    Wish,
    World,
    cells,
    entries,
    store,
    value,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

# Two fiscal years meet in the middle; 2024 has a leap day.
FIRST, LAST = dt.date(2024, 2, 20), dt.date(2024, 5, 10)
MONTHS = [Month(2024, 2), Month(2024, 3), Month(2024, 4), Month(2024, 5)]

# Of age on the last day of the fiscal year, on the first of the next, born on a leap day, over a hundred.
BIRTHS = [dt.date(2006, 3, 31), dt.date(2006, 4, 1), dt.date(2004, 2, 29), dt.date(1914, 5, 1), dt.date(1960, 5, 1)]

days = st.dates(FIRST, LAST)
two = st.integers(0, 1)
topics = st.sampled_from(["T01", "T05", "T13"])
spans = st.tuples(days, st.none() | st.integers(0, 60)).map(
    lambda pair: (pair[0], None if pair[1] is None else pair[0] + dt.timedelta(days=pair[1]))
)


def one_open_at_most(person: list[Span]) -> bool:
    return sum(ended_on is None for _started_on, ended_on in person) <= 1


people = st.builds(
    Person,
    spans=st.lists(spans, min_size=1, max_size=3).filter(one_open_at_most),
    born=st.sampled_from(BIRTHS),
    category=two,
    district=st.integers(0, 15),
    skills=st.sets(topics),
    paid=st.booleans(),
)
visits = st.builds(
    Visit,
    starts_at=st.builds(lambda day, minute: tokyo(day, *divmod(minute, 60)), days, st.sampled_from([0, 600, 1439])),
    waited=st.integers(0, 40),
    group=two,
    attendees=st.none() | st.integers(0, 9),
    cancelled=st.booleans(),
    venue=two,
    topics=st.sets(topics),
    feedback=st.none() | st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
duties = st.builds(
    Duty,
    shift=st.integers(0, 9),
    person=st.integers(0, 3),
    status=st.sampled_from(
        ["attended", "accepted", "standing_in_wanted", "released", "absent", "declined", "lapsed", "cancelled"]
    ),
    answer=st.none() | st.tuples(st.sampled_from(["accepted", "declined", "lapsed", "cancelled"]), days),
    wanted=st.booleans(),
)
cases = st.builds(
    Case,
    day=days,
    voided=st.booleans(),
    desk=two,
    topic=topics,
    device=st.none() | st.sampled_from(["iphone", "unknown"]),
    age_band=st.none() | st.sampled_from(["A80", "unknown"]),
    visit=st.none() | st.sampled_from(["first", "again"]),
    outcome=st.sampled_from(["solved", "referred"]),
    follow_up=st.booleans(),
)
wishes = st.builds(
    Wish,
    received=days,
    group=two,
    intake=st.sampled_from(["web", "phone", "paper"]),
    closed=st.none() | st.tuples(st.sampled_from(["withdrawn", "declined", "reported"]), days),
    venue=two,
)
worlds = st.builds(
    World,
    people=st.lists(people, max_size=4),
    visits=st.lists(visits, max_size=5),
    openings=st.lists(
        st.builds(Open, day=days, desk=two, minutes=st.sampled_from([61, 180]), cancelled=st.booleans()), max_size=4
    ),
    duties=st.lists(duties, max_size=8),
    wishes=st.lists(wishes, max_size=4),
    cases=st.lists(cases, max_size=6),
    done=st.lists(
        st.builds(
            Done, kind=st.sampled_from(Activity.Kind.values), day=days, attendees=st.integers(0, 30), district=two
        ),
        max_size=5,
    ),
).map(World.made_possible)


@settings(
    max_examples=int(os.environ.get("RECOUNT_EXAMPLES", "6")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds, closed=st.sets(st.sampled_from(MONTHS)))
def test_each_figure_and_each_cell_equals_a_recount_in_plain_python(
    coordinator: User, world: World, closed: set[Month]
) -> None:
    """Of open months and of closed ones, whichever those are."""
    with transaction.atomic():
        codes = store(world, coordinator)
        for month in closed:
            ledger.close_month(month, by=coordinator)
        reports = [report(month) for month in MONTHS]
        transaction.set_rollback(True)
    for found in reports:
        month = found.month
        for row in found.rows:
            code = row.definition.code
            of_month = entries(world, codes, code, month.first, month.last)
            to_date = of_month
            if not row.definition.is_stock:
                to_date = entries(world, codes, code, month.fiscal_year_first, month.last)
            assert (code, row.value) == (code, value(code, of_month))
            assert (code, row.year_to_date) == (code, value(code, to_date))
            assert (code, shown(row, "value")) == (code, listed(cells(code, of_month)))
            assert (code, shown(row, "year_to_date")) == (code, listed(cells(code, to_date)))
            assert_parts_make_the_whole(row)
    for before, after in pairwise(reports):
        assert after.row("supporters").value == (
            before.row("supporters").value
            + after.row("supporters_new").value
            + after.row("supporters_returned").value
            - after.row("supporters_withdrawn").value
        )


def shown(row: Row, field: str) -> dict[str, dict[str, int]]:
    """The cells that are not 0."""
    found = {
        dimension: {cell.key: getattr(cell, field) for cell in there if getattr(cell, field)}
        for dimension, there in row.cells.items()
    }
    return {dimension: there for dimension, there in found.items() if there}


def listed(found: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    return {dimension: there for dimension, there in found.items() if DIMENSIONS[dimension].listed}


def assert_parts_make_the_whole(row: Row) -> None:
    for dimension, there in row.cells.items():
        if row.definition.measure.partitions and not DIMENSIONS[dimension].overlapping:
            assert (row.definition.code, dimension, sum(cell.value for cell in there)) == (
                row.definition.code,
                dimension,
                row.value,
            )
