"""Reminders: who has not been told yet, asked of the database, and telling them in thousands.

A sweep asks what is due by windows of time, never whether now is the moment: one that comes late finds the same rows,
one that comes twice finds those told already. The message's own identity is the only memory.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db.models import Case, CharField, Exists, Model, OuterRef, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from notifications.models import Contact, Message
from notifications.outbox import WRITTEN_AT_ONCE, tell_all
from notifications.writing import Letter

Row = TypeVar("Row", bound=Model)


def told_of(kind: str, *, about: str, recipient: str, **facts: Any) -> Exists:
    """Whether a row's contact (``recipient``: its path) was told ``kind`` about it; ``about`` begins the subject."""
    subject = Concat(Value(f"{about}:"), Cast(OuterRef("pk"), CharField()))
    return Exists(Message.objects.filter(kind=kind, subject=subject, recipient=OuterRef(recipient), **facts))


def untold(
    rows: QuerySet[Row], kind: str, *, about: str, recipient: str, occasion: Combinable | None = None
) -> QuerySet[Row]:
    """Those of ``rows`` about which no message of ``kind`` was written, for this ``occasion``: in one query."""
    told = told_of(kind, about=about, recipient=recipient, occasion=OuterRef("occasion"))
    among: Any = rows.alias(occasion=occasion or Value(""))
    found: QuerySet[Row] = among.filter(~told)
    return found


def midnight(day: dt.date) -> dt.datetime:
    """When ``day`` begins in Tokyo."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Each day from ``first`` to ``last``, both included."""
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


def day_of(moment: str, days: Sequence[dt.date]) -> Case:
    """The day of ``moment`` (a path) among successive ``days``, as an occasion: another day is announced anew."""
    ends = ((day, midnight(day + dt.timedelta(days=1))) for day in days)
    return Case(*(When(**{f"{moment}__lt": end}, then=Value(str(day))) for day, end in ends))


def tell_each(rows: QuerySet[Row], letter: Callable[[Row], Letter]) -> int:
    """Write ``letter`` of each row, with a constant number of queries for each thousand. Returns how many."""
    count, last = 0, 0
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:WRITTEN_AT_ONCE]):
        last = some[-1].pk
        letters = [letter(row) for row in some]
        keys, people = [row.pk for row in some], {one.recipient.pk for one in letters}
        count += tell_all(letters, again=partial(_still, rows, letter, keys=keys, people=people))
    return count


def _still(
    rows: QuerySet[Row], letter: Callable[[Row], Letter], *, keys: Collection[Any], people: Collection[int]
) -> Iterator[Letter]:
    """The letters of those of ``rows`` that are due by now, in the transaction that writes them.

    Rows and people are locked before they are looked at: whoever had them first has committed by then, and whoever
    comes later finds the message and takes it back. Whose contact is being changed in this moment has to wait for the
    next sweep.
    """
    among = rows.model._base_manager.filter(pk__in=keys).select_for_update(no_key=True)
    list(among.order_by("pk").values_list("pk", flat=True))
    contacts = Contact.objects.filter(pk__in=people).select_for_update(no_key=True, skip_locked=True)
    held = set(contacts.order_by("pk").values_list("pk", flat=True))
    return (one for one in map(letter, rows.filter(pk__in=keys).order_by("pk")) if one.recipient.pk in held)
