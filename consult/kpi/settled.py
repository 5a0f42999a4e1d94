"""What a closed month does not take from the settings of today.

The rate of the honorarium, who may be paid, and which districts are in use are settings, not records. They change, and
the months that were closed before do not follow: when such a month is counted again, a row that was counted then
stays as it was for as long as its record stands. A figure that is not in ``SETTLED`` rests on its records alone.
"""

import datetime as dt
from dataclasses import dataclass, replace

from django.db.models import Case, IntegerField, Value, When

from consult.kpi.counting import Counted, Statement, state
from consult.kpi.definition import Definition
from consult.kpi.rows import duties, places
from consult.kpi.rows.base import Rows, Selection
from consult.kpi.tally import Breakdown
from programme.fiscal import Month


@dataclass(frozen=True, slots=True)
class Settled:
    """``facts``: the figure's rows whatever is set, each by what its record says.

    A row that was counted stays while it is among them; with ``amounts`` its amount stays too. With ``whole`` no row
    comes that was not counted then.
    """

    facts: Selection
    amounts: bool = False
    whole: bool = False


# By the figure's code and version.
SETTLED = {
    ("honoraria", 1): Settled(duties.minutes, amounts=True),
    ("districts_reached", 1): Settled(places.reached_ever),
    ("districts_share", 1): Settled(places.districts_ever, whole=True),
}


def settle(definition: Definition, month: Month, then: Counted, now: Statement) -> Statement:
    """``now`` without what only settings have changed since ``then``. Two statements of SQL, if anything differs."""
    settled = SETTLED.get((definition.code, definition.version))
    if settled is None or now.counted.rows == then.rows:
        return now
    facts = dict(_state(definition, month, settled.facts).counted.rows)
    before = dict(then.rows)
    kept = {row: amount if settled.amounts else facts[row] for row, amount in then.rows if row in facts}
    came = {} if settled.whole else {row: amount for row, amount in now.counted.rows if row not in before}
    rows = kept | came
    if not rows:
        return Statement(Counted((), definition.measure), Breakdown())

    def chosen(first: dt.date, last: dt.date) -> Rows:
        found: Rows = settled.facts.source(first, last).filter(pk__in=list(rows))
        return found

    by_amount: dict[int, list[str]] = {}
    for row, amount in rows.items():
        by_amount.setdefault(amount, []).append(row)
    amounts = [When(pk__in=ids, then=Value(amount)) for amount, ids in by_amount.items()]
    stays = Case(*amounts, default=Value(0), output_field=IntegerField())
    return _state(definition, month, replace(settled.facts, source=chosen, amount=stays))


def _state(definition: Definition, month: Month, rows: Selection) -> Statement:
    return state([replace(definition, rows=rows)], month.first, month.last)[definition.code]
