"""The inbox: what there is to do in the office, in one list by the time by which it wants to be done.

What somebody has put off (``Snooze``) is left out until its day.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consult.models import MonthReport
from mdeji.looking import LOOKS, ROWS_OF_A_KIND, Clock, Waiting, look
from mdeji.models import Snooze
from mdeji.work import DAY, Kind, Kinds, Press
from programme.fiscal import Month, start_of
from programme.models import Limits
from programme.wording import say_day, say_moment, say_month
from supporters.models import Honorarium

TASKS_AT_MOST = 20
MONTH, HONORARIA = "month", "honoraria"
HONORARIA_DUE = 40 * DAY
"""after the duty: by the 10th or so of the month after"""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do."""

    kind: str
    key: int
    title: str
    about: str
    detail: str
    due: dt.datetime
    url: str
    pressing: bool
    press: Press | None

    @property
    def subject(self) -> str:
        return f"{self.kind}:{self.key}"

    @property
    def due_by(self) -> str:
        """In words."""
        return _("%(due)sまでに") % {"due": say_day(self.due)}

    @classmethod
    def of(cls, kind: Kind, row: Any) -> "Task":
        return cls(
            kind=kind.slug,
            key=getattr(row, kind.key),
            title=kind.title,
            about=kind.about(row),
            detail=kind.detail(row),
            due=kind.due_of(row),
            url=kind.url(row),
            pressing=kind.pressing,
            press=kind.press(row) if kind.press else None,
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One kind in numbers: how many there are, the first of them, and the page on which they are done."""

    title: str
    count: int
    detail: str
    page: str
    """name of the URL"""
    query: str = ""
    pressing: bool = False

    @property
    def number(self) -> str:
        """In words."""
        return _("%(count)s件") % {"count": self.count}


@dataclass(slots=True)
class Inbox:
    """``tasks`` in the order of work, the first of them; ``jobs`` all by kind; ``put_off`` what waits for its day.

    One query looks for all kinds; the rows are read of those kinds alone of which something is shown.
    """

    now: dt.datetime
    jobs: list[Job] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    put_off: list[Snooze] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.put_off = list(Snooze.objects.lasting(timezone.localdate(self.now)).select_related("by"))
        limits = Limits.current()
        found = look(Clock(self.now, limits))
        waiting = [(kind, found[kind.slug]) for kind in Kinds(limits).all() if found[kind.slug]]
        for kind, rows in waiting:
            says = kind.says % {"moment": say_moment(rows[0].moment)}
            self.jobs.append(Job(kind.title, rows[0].of_all, says, kind.page, kind.query, kind.pressing))
        put_off = {(row.kind, row.key) for row in self.put_off}
        if (HONORARIA, 0) not in put_off:
            self._honoraria()
        self._months({key for kind, key in put_off if kind == MONTH})
        self._read(waiting)

    def _read(self, waiting: Sequence[tuple[Kind, list[Waiting]]]) -> None:
        """The rows of the first tasks. Of kinds of which only a row says when it is due, all that were found."""
        dues = [one.moment + kind.due for kind, found in waiting if not callable(kind.due) for one in found]
        dues = sorted([*dues, *(task.due for task in self.tasks)])[:TASKS_AT_MOST]
        shown = [
            (kind, one)
            for kind, found in waiting
            for one in found
            if callable(kind.due) or one.moment + kind.due <= dues[-1]
        ]
        reads = {id(kind.read): kind.read for kind, _one in shown}
        rows = {key: read.in_bulk([one.pk for kind, one in shown if kind.read is read]) for key, read in reads.items()}
        for kind, one in shown:
            if row := rows[id(kind.read)].get(one.pk):
                row.waits = one.moment
                self.tasks.append(Task.of(kind, row))
        self.tasks.sort(key=lambda task: (task.due, task.kind, task.key))
        del self.tasks[TASKS_AT_MOST:]

    def _honoraria(self) -> None:
        """All lines that wait are approved on one page."""
        rows = Honorarium.objects.waiting().aggregate(count=Count("pk"), first=Min("day"))
        if not rows["count"]:
            return
        title, day = _("承認を待っている謝礼の明細"), say_day(rows["first"])
        says = _("一番古いものは %(day)s の活動です。作った人のほかのコーディネーターが承認します。") % {"day": day}
        self.jobs.append(Job(title, rows["count"], says, "kpi:honoraria_now"))
        due, url = start_of(rows["first"]) + HONORARIA_DUE, reverse("kpi:honoraria_now")
        self.tasks.append(Task(HONORARIA, 0, title, title, says, due, url, pressing=False, press=None))

    def _months(self, put_off: set[int]) -> None:
        """Months that are over and not closed, from the first closed one on: they may be closed in any order."""
        over = Month.of(timezone.localdate(self.now)).previous
        closed = set(MonthReport.objects.annotate(number=F("year") * 12 + F(MONTH)).values_list("number", flat=True))
        last = over.year * 12 + over.month
        open_ones = sorted(set(range(min(closed, default=last), last + 1)) - closed - put_off)
        if not open_ones:
            return
        title = _("締めていない月")
        says = _("%(day)sまでの実績を確かめて、締めてください。") % {"day": say_day(over.last)}
        self.jobs.append(Job(title, len(open_ones), says, "kpi:months"))
        for number in open_ones[:ROWS_OF_A_KIND]:
            month = Month((number - 1) // 12, (number - 1) % 12 + 1)
            address = reverse("kpi:month", args=[month])
            due = start_of(month.last) + 10 * DAY
            about = say_month(month.first)
            self.tasks.append(Task(MONTH, number, title, about, "", due, address, pressing=False, press=None))


def kinds_of() -> set[str]:
    """What may be put off."""
    return {MONTH, HONORARIA, *LOOKS}
