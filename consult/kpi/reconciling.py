"""Do the lines of honoraria come to what the figures say? Every yen between the two has a name, or the page says so."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone

from consult.kpi.counting import state
from consult.kpi.definitions import in_force
from programme.fiscal import Month, span
from supporters.models import Assignment, Honorarium

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

    ``changed``: where lines and figures differ for the same duty, as after a correction that no line follows yet, or a
    setting that has changed since. ``drawn``: all lines; what they have beyond ``lined`` is of duties that no figure
    counts any more.
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
    """In a fixed number of queries."""
    definitions = [each for each in in_force(month.first) if each.code in (YEN, MINUTES)]
    stated = state(definitions, month.first, month.last)
    yen = {int(row): amount for row, amount in stated[YEN].counted.rows}
    minutes = {int(row): amount for row, amount in stated[MINUTES].counted.rows}
    lines = Honorarium.objects.of_month(month).values("assignment").annotate(m=Sum("minutes"), y=Sum("yen"))
    drawn = {line["assignment"]: (line["m"], line["y"]) for line in lines.order_by()}
    starts, ends = span(month.first, month.last)
    proven = set(
        Assignment.objects.proven(timezone.now())
        .filter(shift__starts_at__gte=starts, shift__starts_at__lt=ends)
        .values_list("pk", flat=True)
    )
    counted = {pk: (minutes[pk], yen.get(pk, 0)) for pk in minutes}
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
