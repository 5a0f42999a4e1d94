"""The programme's facts in a process's memory, read anew once somebody has changed one. See docs/adr/0042.

Code lists, limits and courses change a few times a year, and each page asks for several of them. The programme's row,
which each page reads anyway, names their edition; the database itself gives a new name with each change of them,
whoever made it (``programme.editions``, which lists their tables).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import models

if TYPE_CHECKING:
    from programme.models.facts import Programme

Read = TypeVar("Read")
Row = TypeVar("Row", bound=models.Model)


@dataclass(slots=True)
class _Memory:
    edition: str
    found: dict[Any, Any] = field(default_factory=dict)


_memory = _Memory("")
_once: ContextVar[list["Programme | None"] | None] = ContextVar("once", default=None)
"""of the page under way: the programme's row, once it was read"""


@contextmanager
def read_once() -> Iterator[None]:
    """Within, the programme's row is read once. For what changes nothing: a change would not be seen before its end."""
    token = _once.set([])
    try:
        yield
    finally:
        _once.reset(token)


def programme() -> "Programme | None":
    """The programme's row."""
    row: Programme | None
    held = _once.get()
    if held:
        return held[0]
    row = apps.get_model("programme", "Programme").objects.first()
    if held is not None:
        held.append(row)
    return row


def kept(name: object, read: Callable[[], Read]) -> Read:
    """What ``read`` gives, from the facts' tables alone: read once for each edition. Nobody may change it."""
    global _memory  # of the process, as the facts are the programme's
    row = programme() if settings.FACTS_KEPT else None
    if row is None:
        return read()
    memory = _memory
    if memory.edition != row.edition:
        # Whoever still goes by the edition before reads at least as new facts, so at worst this happens twice.
        memory = _memory = _Memory(row.edition)
    if name not in memory.found:
        memory.found[name] = read()
    found: Read = memory.found[name]
    return found


def kept_rows(rows: "models.QuerySet[Row]") -> list[Row]:
    """The rows of a queryset over the facts' tables alone, as ``kept``: of one that is the same for all readers."""
    if not settings.FACTS_KEPT:
        return list(rows)
    try:
        return kept(rows.query.sql_with_params(), lambda: list(rows))
    except EmptyResultSet:
        return []
