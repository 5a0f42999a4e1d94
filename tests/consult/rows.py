"""Rows of the desks for tests. They need the ``programme_facts`` fixture."""

import datetime as dt
from typing import Any

from django.db import connection

from consult.models import Desk, Opening
from tests.factories import a_hall

# What PostgreSQL is asked in one trip, others are asked apart: see programme/statements.py.
APART = 0 if connection.vendor == "postgresql" else 1
EVERY_DAY = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"


def a_desk(name: str = "よろず相談所", *, rule: str = EVERY_DAY, **facts: Any) -> Desk:
    """A desk at a hall, 10:00 to 12:00, with two seats; it opens every day that the hall does."""
    facts.setdefault("venue", a_hall())
    return Desk.objects.create(name=name, rule=rule, opens=dt.time(10), closes=dt.time(12), **facts)


def an_opening(desk: Desk, day: dt.date) -> Opening:
    """The opening of ``desk`` on ``day``, whether or not the hall is closed then."""
    return desk._open_on(day, [])
