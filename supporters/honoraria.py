"""From a duty that was kept to money: lines are drawn up, approved by another person, and paid once (docs/adr/0031)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMinute
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.errors import ChangedMeanwhile
from programme.fiscal import Month, span
from programme.models import Limits, Programme, User
from programme.models.records import note
from programme.records import LINES_AT_MOST, Line
from supporters.errors import MadeByYourself, NothingToPay, NotPaidYet
from supporters.models import Assignment, Honorarium, Payment, Supporter

Cause = Honorarium.Cause


@dataclass(frozen=True, slots=True)
class Worth:
    minutes: int
    yen: int

    def __sub__(self, other: "Worth") -> "Worth":
        return Worth(self.minutes - other.minutes, self.yen - other.yen)


NOTHING = Worth(0, 0)


def worth_of(row: Assignment, limits: Limits) -> Worth:
    """A kept duty by the programme's rule: the planned minutes, in proportion to the rate, rounded down to a yen.

    Who may not be paid gives the same minutes for 0 yen. The figure ``honoraria`` counts by the same rule.
    """
    minutes = row.shift.minutes
    yen = minutes * limits.honorarium_yen // limits.honorarium_minutes
    return Worth(minutes, yen if row.supporter.may_be_paid else 0)


def _one_at_a_time() -> None:
    """Whoever draws up, approves or pays waits for the other."""
    Programme.objects.select_for_update(no_key=True).get(pk=1)


# --- Drawing up -----------------------------------------------------------------------------------------
@transaction.atomic
def draw_up(month: Month, *, by: Any) -> int:
    """Make the month's lines agree with what is known of its duties now. Returns how many lines were made or changed.

    What is paid stays; where it no longer agrees a line of difference is added. A line that changes loses its approval.
    """
    _one_at_a_time()
    starts, ends = span(month.first, month.last)
    duties = Assignment.objects.filter(shift__starts_at__gte=starts, shift__starts_at__lt=ends)
    proven = set(duties.proven(timezone.now()).values_list("pk", flat=True))
    concerned = duties.filter(Q(pk__in=proven) | Q(honoraria__isnull=False)).distinct().order_by("pk")
    limits = Limits.current()
    return sum(
        _agree(row, limits, was_there=row.pk in proven, by=by)
        for row in concerned.select_related("shift", "supporter").prefetch_related("honoraria__approved_by")
    )


def _agree(row: Assignment, limits: Limits, *, was_there: bool, by: Any) -> bool:
    """Whether a line of the duty was made or changed."""
    lines = list(row.honoraria.all())
    paid = [line for line in lines if line.payment_id]
    unpaid = next((line for line in lines if not line.payment_id), None)
    before = _sum(paid)
    # Rates, and who may be paid, are those of when the duty was paid: settings of later reach back to nobody.
    stands = was_there and before.minutes > 0
    rest = NOTHING if stands else (worth_of(row, limits) if was_there else NOTHING) - before
    if unpaid and stands and unpaid.cause == Cause.AMOUNT:
        return False
    if unpaid is None:
        if lines and rest == NOTHING:
            return False
        unpaid = Honorarium(assignment=row, day=row.shift.local_date)
    elif Worth(unpaid.minutes, unpaid.yen) == rest:
        return False
    if unpaid.approved_by:
        note(unpaid, {"approved_by": (str(unpaid.approved_by), "")})
    unpaid.cause = Cause.ATTENDANCE if paid else Cause.DUTY
    unpaid.minutes, unpaid.yen, unpaid.reason = rest.minutes, rest.yen, ""
    unpaid.made_at, unpaid.made_by, unpaid.approved_at, unpaid.approved_by = timezone.now(), by, None, None
    unpaid.save()
    return True


def _sum(lines: Iterable[Honorarium]) -> Worth:
    lines = list(lines)
    return Worth(sum(line.minutes for line in lines), sum(line.yen for line in lines))


@transaction.atomic
def correct_amount(assignment: Assignment, *, yen: int, reason: str, by: Any) -> Honorarium:
    """Put a paid amount right by a line of difference: ``yen`` more, or less when negative.

    Raises NotPaidYet while the duty has a line that is not paid: that one follows the records by itself.
    """
    _one_at_a_time()
    lines = Honorarium.objects.filter(assignment=assignment)
    if not lines.exists() or lines.filter(payment=None).exists():
        raise NotPaidYet
    day = assignment.shift.local_date
    return Honorarium.objects.create(
        assignment=assignment,
        day=day,
        cause=Cause.AMOUNT,
        minutes=0,
        yen=yen,
        reason=reason,
        made_at=timezone.now(),
        made_by=by,
    )


# --- Approving ------------------------------------------------------------------------------------------
@transaction.atomic
def approve_lines(month: Month, *, by: Any, seen: tuple[int, int]) -> int:
    """Approve the month's lines that wait, as far as ``by`` may; returns how many.

    ``seen``: number and yen of the lines that the approver was shown. Raises ChangedMeanwhile when they are others by
    now, and MadeByYourself when none is left that somebody else has made (limit ``honorarium_people``).
    """
    _one_at_a_time()
    lines = approvable(month, by=by)
    if not lines.exists() and Honorarium.objects.of_month(month).waiting().exists():
        raise MadeByYourself
    if count_of(lines) != seen:
        raise ChangedMeanwhile
    return lines.update(approved_at=timezone.now(), approved_by=by)


def approvable(month: Month, *, by: Any) -> QuerySet[Honorarium]:
    """The month's lines that ``by`` may approve."""
    return Honorarium.objects.of_month(month).filter(_may_approve(by))


def _may_approve(by: Any) -> Q:
    waiting = Q(approved_at=None, payment=None)  # as HonorariumQuerySet.waiting()
    return waiting & ~Q(made_by=by) if Limits.current().honorarium_people > 1 else waiting


def count_of(lines: QuerySet[Honorarium]) -> tuple[int, int]:
    """Number and yen of lines."""
    found = lines.aggregate(number=Count("pk"), yen=Sum("yen", default=0))
    return found["number"], found["yen"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a month's lines are."""

    lines: int
    waiting: int
    number: int
    """that a coordinator may approve"""
    yen: int
    """of these"""


def standing_of(month: Month, *, by: Any) -> Standing:
    """All lines, and as ``count_of(approvable(month, by=by))``; in one query."""
    may = _may_approve(by)
    counts = Honorarium.objects.of_month(month).aggregate(
        lines=Count("pk"),
        waiting=Count("pk", filter=Q(approved_at=None, payment=None)),
        number=Count("pk", filter=may),
        yen=Sum("yen", filter=may, default=0),
    )
    return Standing(**counts)


def acts_of(month: Month) -> list[Line]:
    """Who drew up, approved and paid how many of the month's lines when. In four queries, however many there are."""
    lines = Honorarium.objects.of_month(month).order_by()
    approved, paid = lines.exclude(approved_at=None), lines.exclude(payment=None)
    drawn_up = _("明細を%(number)s件作りました(今の額は%(yen)s円)")
    acts = (
        (lines, "made_by", TruncMinute("made_at"), drawn_up),
        (approved, "approved_by", F("approved_at"), _("明細を%(number)s件承認しました(%(yen)s円)")),
        (paid, "payment__made_by", F("payment__made_at"), _("明細を%(number)s件支払いました(%(yen)s円)")),
    )
    found: list[Line] = []
    for rows, who, at, said in acts:
        counted = rows.values(by=F(who), when=at).annotate(number=Count("pk"), total=Sum("yen")).order_by("-when")
        for one in counted[:LINES_AT_MOST]:
            what = said % {"number": one["number"], "yen": f"{one['total']:,}"}
            found.append(Line(one["when"], User(pk=one["by"]), by_page=True, what=what, changes=[]))
    people = User.objects.in_bulk({line.who.pk for line in found if line.who})
    return [replace(line, who=people[line.who.pk]) for line in found if line.who]


# --- Paying ---------------------------------------------------------------------------------------------
@transaction.atomic
def pay(*, by: Any) -> Payment:
    """Put all approved lines into one payment, person by person. Raises NothingToPay.

    Whose lines are less than 0 yen together is left for the next time, when more has come.
    """
    _one_at_a_time()
    of_person = defaultdict(list)
    for line in Honorarium.objects.payable().select_related("assignment"):
        of_person[line.assignment.supporter_id].append(line)
    chosen = [line.pk for lines in of_person.values() if _sum(lines).yen >= 0 for line in lines]
    if not chosen:
        raise NothingToPay
    payment = Payment.objects.create(made_at=timezone.now(), made_by=by)
    Honorarium.objects.filter(pk__in=chosen, payment=None).update(payment=payment)
    return payment


@dataclass(frozen=True, slots=True)
class Paid:
    """One person's part of a payment."""

    supporter: Supporter
    lines: list[Honorarium]

    @property
    def minutes(self) -> int:
        return _sum(self.lines).minutes

    @property
    def yen(self) -> int:
        return _sum(self.lines).yen


def people_paid(payment: Payment) -> QuerySet[Supporter]:
    """Who is paid anything, by key."""
    lines = payment.lines.values("assignment__supporter").annotate(total=Sum("yen")).filter(total__gt=0).order_by()
    return Supporter.objects.filter(pk__in=lines.values("assignment__supporter")).order_by("pk")


def people_of(payment: Payment, *, only: Iterable[Supporter] | None = None) -> list[Paid]:
    """Who is paid how much, by key; of people who are paid nothing there is no line in a file and no receipt."""
    lines = payment.lines.select_related("assignment__supporter__category", "assignment__shift__venue")
    if only is not None:
        lines = lines.filter(assignment__supporter__in=[one.pk for one in only])
    of_person: dict[Supporter, list[Honorarium]] = defaultdict(list)
    for line in lines.order_by("assignment__supporter_id", "day", "pk"):
        of_person[line.assignment.supporter].append(line)
    found = [Paid(supporter, its) for supporter, its in of_person.items()]
    return [one for one in found if one.yen > 0]
