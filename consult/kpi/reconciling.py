"""Do the lines of honoraria come to what the figures say? Every yen between the two has a name, or the page says so."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Sum, When

from consult.kpi.definitions import in_force
from programme.fiscal import Month
from supporters.models import Honorarium
from supporters.models.assignments import proof

YEN, MINUTES = "honoraria", "support_hours"


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the month's duties."""

    duties: int
    minutes: int
    yen: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """``counted`` = ``lined`` + ``unproven`` + ``undrawn`` + ``changed``, in duties, minutes and yen.

    ``changed``: where lines and figures differ for the same duty, as after its hours were put right. A yen that is on a
    line is what the figure counts, whatever the rate is now. ``drawn``: all lines; what they have beyond ``lined`` is
    of duties that no figure counts any more.
    """

    counted: Part  # what the figures count
    lined: Part  # the lines of these duties
    unproven: Part  # nobody has said that the person was there
    undrawn: Part  # proven, and no line was drawn up
    changed: Part
    drawn: Part
    to_prove: tuple[int, ...]  # the assignments of ``unproven``
    differing: tuple[int, ...]  # assignments whose lines do not come to what the figures count

    @property
    def agrees(self) -> bool:
        return not self.differing


def reconcile(month: Month) -> Reconciliation:
    """In two queries."""
    rows = {each.code: each.rows for each in in_force(month.first) if each.code in (YEN, MINUTES)}
    hours, yen = rows[MINUTES], rows[YEN]
    # Both figures count the same duties, the one of fewer people.
    duties = (
        hours.source(month.first, month.last)
        .filter(hours.only)
        .annotate(
            worth_minutes=hours.amount,
            worth_yen=Case(When(yen.only, then=yen.amount), default=0, output_field=IntegerField()),
            was_proven=Case(When(proof(), then=True), default=False),
        )
    )
    counted: dict[int, tuple[int, int]] = {}
    proven: set[int] = set()
    for pk, minutes, amount, is_proven in duties.values_list("pk", "worth_minutes", "worth_yen", "was_proven"):
        counted[pk] = (minutes, amount)
        if is_proven:
            proven.add(pk)
    lines = Honorarium.objects.of_month(month).order_by().values_list("assignment")
    drawn = {pk: (m, y) for pk, m, y in lines.annotate(m=Sum("minutes"), y=Sum("yen"))}
    lined = {pk: drawn[pk] for pk in counted if pk in drawn}
    left = {pk: worth for pk, worth in counted.items() if pk not in drawn}
    differing = sorted(pk for pk in drawn if drawn[pk] != counted.get(pk, (0, 0)))
    return Reconciliation(
        counted=_part(counted.values()),
        lined=_part(lined.values()),
        unproven=_part(worth for pk, worth in left.items() if pk not in proven),
        undrawn=_part(worth for pk, worth in left.items() if pk in proven),
        changed=Part(
            0,
            sum(counted[pk][0] - lined[pk][0] for pk in lined),
            sum(counted[pk][1] - lined[pk][1] for pk in lined),
        ),
        drawn=_part(drawn.values()),
        to_prove=tuple(sorted(pk for pk in left if pk not in proven)),
        differing=tuple(differing),
    )


def _part(worths: Iterable[tuple[int, int]]) -> Part:
    found = list(worths)
    return Part(len(found), sum(minutes for minutes, _yen in found), sum(yen for _minutes, yen in found))
