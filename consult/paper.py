"""Entering a day sheet: how many rows its marks stand for, once what was tapped is taken into account."""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.errors import PersonalData, ReasonMissing
from consult.models import Consultation, Opening
from consult.models.devices import Tablet
from consult.models.intake import Case, Place
from consult.models.paper import DaySheet, DaySheetEntry, Tally
from consult.personal_data import has_personal_data
from programme.errors import Refused

IDS = uuid.UUID("6f2f6f0e-5f0e-5b0a-9d5e-2b7c1f1d7a10")
"""the namespace of the ids of rows from paper, so that a sheet entered twice makes the same rows"""

Cell = tuple[str, str]
"""(topic, outcome)"""


class SheetSaysNothing(Refused):
    sentence = _("数字を1つも入れていません。紙の数を入れてください。")


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What entering a tally would do."""

    written: int
    """marks on the paper"""
    tapped: int
    """cases from screens that count"""
    add: dict[Cell, int]
    take_back: dict[Cell, int]
    total: int
    """cases of the opening afterwards"""
    is_short: bool
    """whether the paper says that it has the tapped cases in it, and has fewer marks than they are"""

    @property
    def added(self) -> int:
        return sum(self.add.values())

    @property
    def taken_back(self) -> int:
        return sum(self.take_back.values())


def cells(tally: Tally) -> Counter[Cell]:
    return Counter({(topic, outcome): n for topic, row in tally.items() for outcome, n in row.items() if n})


def reckon(opening: Opening, tally: Tally, *, includes_taps: bool) -> Reckoning:
    """Compare the marks with what the opening has. Two queries.

    A sheet that counts the tapped cases too adds only what they lack, topic by topic, and never more than its
    own total leaves: a case tapped under another topic than it was marked under is still one case.
    """
    standing = Consultation.objects.counted().filter(opening=opening).order_by()
    has: dict[str, Counter[Cell]] = {source: Counter() for source in Consultation.Source.values}
    for source, topic, outcome in standing.values_list("source", "topic", "outcome"):
        has[source][topic, outcome] += 1
    taps, paper = has[Consultation.Source.TAP], has[Consultation.Source.PAPER]
    marks = cells(tally)
    wanted = _without_tapped(marks, taps) if includes_taps else marks
    return Reckoning(
        written=marks.total(),
        tapped=taps.total(),
        add=dict(wanted - paper),
        take_back=dict(paper - wanted),
        total=taps.total() + wanted.total(),
        is_short=includes_taps and marks.total() < taps.total(),
    )


def _without_tapped(marks: Counter[Cell], taps: Counter[Cell]) -> Counter[Cell]:
    room = max(0, marks.total() - taps.total())
    tapped_of: Counter[str] = Counter()
    marked_of: Counter[str] = Counter()
    for (topic, _outcome), number in taps.items():
        tapped_of[topic] += number
    for (topic, _outcome), number in marks.items():
        marked_of[topic] += number
    missing_of = marked_of - tapped_of
    wanted: Counter[Cell] = Counter()
    # First the cells that no tap matches, then those that one may have been tapped for with another outcome.
    for lacking in (marks - taps, marks):
        for cell, number in sorted(lacking.items()):
            take = min(number - wanted[cell], missing_of[cell[0]], room)
            if take > 0:
                wanted[cell] += take
                missing_of[cell[0]] -= take
                room -= take
    return wanted


@transaction.atomic
def enter(opening: Opening, tally: Tally, *, includes_taps: bool, by: Any, reason: str = "") -> DaySheetEntry:
    """Make the opening's rows from paper what ``tally`` says; the entry stays in the trail.

    Sending it again changes nothing and gives the entry that is there. Entering other numbers takes rows back,
    with the reason, or adds some. Raises SheetSaysNothing, ReasonMissing when numbers change, PersonalData for a
    reason by which a person could be found, and what ``Consultation.objects.log`` raises.
    """
    # Of two people at once, the second sees the first's; a case that is being stored is waited for, and one that comes
    # now waits, and meets what was entered here.
    Opening.objects.select_for_update().get(pk=opening.pk)
    sheet, is_first = DaySheet.objects.get_or_create(
        opening=opening, defaults={"tally": tally, "includes_taps": includes_taps}
    )
    last = sheet.entries.order_by("-at", "-pk").first()
    if is_first and not cells(tally):
        raise SheetSaysNothing
    plan = reckon(opening, tally, includes_taps=includes_taps)
    same = (sheet.tally, sheet.includes_taps) == (tally, includes_taps)
    if last and same and not plan.add and not plan.take_back:
        return last
    if last and not same and not reason.strip():
        raise ReasonMissing
    if has_personal_data(reason):
        raise PersonalData
    reason = reason.strip() or str(_("画面の記録との数合わせ") if last else _("日計表の入力"))
    sheet.tally, sheet.includes_taps = tally, includes_taps
    sheet.save()
    return _carry_out(plan, sheet, by=by, tablet=None, reason=reason, noted=reason if last else "")


def entered_among(openings: Collection[int]) -> set[int]:
    """Those of ``openings`` whose paper was entered; of the others none is until the caller's transaction ends."""
    list(Opening.objects.select_for_update().filter(pk__in=openings).order_by("pk"))
    return set(DaySheet.objects.filter(opening__in=openings).values_list("opening", flat=True))


@transaction.atomic
def meet_taps(opening: int, *, by: Any, tablet: Tablet | None = None, reason: str) -> None:
    """Keep the count at what the paper says after tapped cases of ``opening`` came, went or changed.

    Whoever entered the paper said whether it counts these cases too. If so, the sheet is reckoned again, as if it were
    entered now, by whoever sent or changed them: ``by``, or ``tablet``.
    """
    Opening.objects.select_for_update().get(pk=opening)  # as whoever enters the paper does
    sheet = DaySheet.objects.filter(opening=opening, includes_taps=True).select_related("opening").first()
    if sheet is None:
        return
    plan = reckon(sheet.opening, sheet.tally, includes_taps=True)
    if plan.add or plan.take_back:
        _carry_out(plan, sheet, by=by, tablet=tablet, reason=reason, noted=reason)


def _carry_out(
    plan: Reckoning, sheet: DaySheet, *, by: Any, tablet: Tablet | None, reason: str, noted: str
) -> DaySheetEntry:
    _take_back(sheet.opening, plan.take_back, by=by, tablet=tablet, reason=reason)
    _add(sheet.opening, plan.add, by=by, tablet=tablet)
    return sheet.entries.create(
        by=None if tablet else by,
        tablet=tablet,
        tally=sheet.tally,
        includes_taps=sheet.includes_taps,
        tapped=plan.tapped,
        added=plan.added,
        voided=plan.taken_back,
        reason=noted,
    )


def _take_back(opening: Opening, cells: dict[Cell, int], *, by: Any, tablet: Tablet | None, reason: str) -> None:
    if not cells:
        return
    rows = opening.consultations.counted().filter(source=Consultation.Source.PAPER)
    left, chosen = Counter(cells), []
    for pk, topic, outcome in rows.order_by("-logged_at", "pk").values_list("pk", "topic", "outcome"):
        if left[topic, outcome] > 0:
            left[topic, outcome] -= 1
            chosen.append(pk)
    rows.filter(pk__in=chosen).update(
        voided_at=timezone.now(), voided_by=None if tablet else by, voided_on=tablet, void_reason=reason
    )


def _add(opening: Opening, cells: dict[Cell, int], *, by: Any, tablet: Tablet | None) -> None:
    if not cells:
        return
    there = set(opening.consultations.filter(source=Consultation.Source.PAPER).values_list("pk", flat=True))
    place = Place.of(Opening.objects.filter(pk=opening.pk))[opening.pk]
    cases: list[Case] = []
    for (topic, outcome), number in cells.items():
        turn = 0
        for _row in range(number):
            turn += 1
            while (pk := uuid.uuid5(IDS, f"{opening.pk}/{topic}/{outcome}/{turn}")) in there:
                turn += 1
            there.add(pk)
            cases.append(Case(pk=pk, place=place, topic=topic, outcome=outcome, source=Consultation.Source.PAPER))
    for fate in Consultation.objects.log_many(cases, by=by, tablet=tablet):
        if fate.refusal:
            raise fate.refusal
