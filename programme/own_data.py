"""What the system holds of one person: each app says which rows, how they read, and what becomes of them.

A person may take all of it along and have it erased (supporters/erasing.py). An app registers its part when Django
starts; a link of a model to a person that is in no part fails a test. See docs/adr/0035.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, Model, QuerySet
from django.utils import timezone
from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Person:
    """The keys by which the apps know somebody. ``contacts``: their own, no guardian's. Who never applied is nobody's
    ``supporter``: 0."""

    supporter: int
    user: int | None
    contacts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """Rows of one model about a person: how to find them and what to show of each.

    ``fields`` are paths such as "shift__title", with the words for those whose field has none. ``covers`` names the
    model's links to a person that these rows follow; ``after`` says what is left when the person has been erased.
    """

    title: Words
    model: type[Model]
    find: Callable[[Person], QuerySet[Any]]
    fields: Sequence[str | tuple[str, Words]]
    covers: Sequence[str]
    after: Words

    def columns(self) -> list[tuple[str, Words]]:
        """(path, words) of each field."""
        return [one if isinstance(one, tuple) else (one, self._label(one)) for one in self.fields]

    def _label(self, path: str) -> Words:
        field: Any = self.model._meta.get_field(path)
        return field.verbose_name  # type: ignore[no-any-return]

    def rows(self, person: Person) -> list[dict[str, Any]]:
        """Each row's values by path. In a constant number of queries."""
        found = self.find(person)
        if ahead := {way for path, _words in self.columns() if (way := self._ahead(path))}:
            found = found.select_related(*ahead)
        many = [path for path, _words in self.columns() if self._leads_to_many(path)]
        return [{path: _value(row, path) for path, _words in self.columns()} for row in found.prefetch_related(*many)]

    def _ahead(self, path: str) -> str:
        """The part of ``path`` that leads to other rows, one each; "" when none does."""
        way: list[str] = []
        model: Any = self.model
        for step in path.split("__"):
            field = next((one for one in model._meta.concrete_fields if one.name == step and one.related_model), None)
            if field is None:
                break
            model = field.related_model
            way.append(step)
        return "__".join(way)

    def _leads_to_many(self, path: str) -> bool:
        return any(field.name == path for field in self.model._meta.many_to_many)


@dataclass(frozen=True, slots=True)
class Deed:
    """A link by which a row of somebody else's notes who did something: shown as the keys of the rows."""

    model: type[Model]
    field: str
    title: Words

    def keys(self, user: int) -> list[Any]:
        return list(self.model._base_manager.filter(**{self.field: user}).order_by("pk").values_list("pk", flat=True))


def _value(row: Any, path: str) -> Any:
    *way, name = path.split("__")
    for step in way:
        row = getattr(row, step)
        if row is None:
            return None
    if display := getattr(row, f"get_{name}_display", None):
        return display()
    value = getattr(row, name)
    return [str(one) for one in value.all()] if isinstance(value, Manager) else value


def plain(value: Any) -> Any:
    """A value as JSON takes it."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dt.datetime():
            return timezone.localtime(value).isoformat(timespec="seconds")
        case dt.date() | dt.time():
            return value.isoformat()
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case list():
            return [plain(one) for one in value]
        case _:
            return str(value)


_HOLDINGS: list[Holding] = []
_DEEDS: list[Deed] = []
_ERASERS: list[Callable[[Person], None]] = []


def register(
    *holdings: Holding,
    deeds: Mapping[tuple[type[Model], str], Words] | None = None,
    erase: Callable[[Person], None] | None = None,
) -> None:
    """An app's part. ``erase`` runs in one transaction with those of the other apps."""
    _HOLDINGS.extend(holdings)
    _DEEDS.extend(Deed(model, field, title) for (model, field), title in (deeds or {}).items())
    if erase:
        _ERASERS.append(erase)


def holdings() -> Iterator[Holding]:
    yield from _HOLDINGS


def deeds() -> Iterator[Deed]:
    yield from _DEEDS


def erase(person: Person) -> None:
    """What each app does to forget ``person``. The caller's transaction."""
    for eraser in _ERASERS:
        eraser(person)
