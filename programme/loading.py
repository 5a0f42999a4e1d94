"""The programme's facts, from a TOML file into the database. docs/programme-facts.md is the file's description.

Loading is repeatable. It creates what the file has and the database never had; what a coordinator has edited or
deleted since stays so, unless ``overwrite`` asks for the file's values back.
"""

import datetime as dt
import math
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from programme.entries import Entry, FactsError, read_entries
from programme.models import (
    AgeBand,
    Category,
    Closure,
    ClosureCalendar,
    Course,
    Device,
    District,
    Goal,
    Level,
    Limit,
    Limits,
    LoadedFact,
    Outcome,
    Programme,
    PublishedFigure,
    Topic,
    Venue,
    Visit,
)
from programme.models.codes import CodeEntry

DEFAULT_FILE: Final = Path(__file__).resolve().parent / "data" / "maebashi.toml"

Key = tuple[Any, ...]
Fields = Mapping[str, "models.Field[Any, Any]"]
# What a rule over several fields complains about: the field to look at, and the sentence.
Complaint = tuple[str, str]

# How a field is written in TOML: the Python types that tomllib gives for it, and its name in a sentence.
WRITTEN_AS: Final[list[tuple[type["models.Field[Any, Any]"], tuple[type, ...], str]]] = [
    (models.BooleanField, (bool,), "true / false"),
    (models.IntegerField, (int,), "整数"),
    (models.FloatField, (float, int), "小数"),
    (models.DateField, (dt.date,), "日付(2024-01-31、引用符なし)"),
    (models.TimeField, (dt.time,), "時刻(08:30:00、引用符なし)"),
    (models.CharField, (str,), "文字列"),
    (models.ForeignKey, (str,), "コード(文字列)"),
]


def load(path: Path = DEFAULT_FILE, *, overwrite: bool = False) -> None:
    """Load the programme's facts from ``path`` in one transaction, with a constant number of queries.

    Rows are known by their keys (code; calendar and rule; figure and year; figure, kind and day). With
    ``overwrite`` every row of the file gets the file's values again, and the closures of the file's calendars
    become exactly the file's; rows that a coordinator added stay in any case.

    FactsError names file, line and field of the first thing that is wrong; nothing is loaded then.
    """
    facts = read_facts(path)
    with transaction.atomic():
        loaded: defaultdict[str, set[str]] = defaultdict(set)
        for name, key in LoadedFact.objects.values_list("table", "key"):
            loaded[name].add(key)
        new: list[LoadedFact] = []
        present: dict[Any, set[Any]] = {}
        for table in TABLES:
            entries = facts[table.name]
            try:
                new += _write(table, path, entries, loaded[table.name], present, overwrite=overwrite)
            except IntegrityError as error:
                sentence = _("既にあるデータと両立しません: %s") % error
                raise FactsError(path, entries[0].line, table.name, sentence) from error
        LoadedFact.objects.bulk_create(new)


def read_facts(path: Path) -> dict[str, list[Entry]]:
    """The checked entries of ``path`` by table, without a look at the database. FactsError for anything wrong."""
    entries = defaultdict(list)
    for entry in read_entries(path):
        if entry.table not in {table.name for table in TABLES}:
            raise FactsError(path, entry.line, entry.table, _("知らない表です。") + _meant(entry.table, TABLES_BY_NAME))
        entries[entry.table].append(entry)
    codes = {table.model: {entry.values.get("code") for entry in entries[table.name]} for table in TABLES}
    for table in TABLES:
        _check_table(path, table, entries[table.name], codes)
    _check_limits(path, entries["limits"])
    return entries


@dataclass(frozen=True)
class Table:
    """A table of the file, and the model whose rows it holds."""

    name: str
    model: type[models.Model]
    key: tuple[str, ...] = ("code",)
    optional: bool = False
    part_of: str = ""  # the key's first field, where the entries of one whole belong together
    rows: models.Q = models.Q()  # noqa: RUF009  # those that a file may hold; nobody changes an empty condition
    complain: Callable[[Mapping[str, Any]], Complaint | None] | None = None

    @cached_property
    def fields(self) -> Fields:
        """The model's fields that the file may set, by name. ``position`` is an entry's place in the file."""
        return {
            field.name: field
            for field in self.model._meta.concrete_fields
            if not isinstance(field, models.AutoField) and field.name != "position"
        }

    @cached_property
    def unique(self) -> list[tuple[str, ...]]:
        """What no two entries may share: the key, and every other field that the database holds unique."""
        alone: list[tuple[str, ...]] = [
            (name,) for name, field in self.fields.items() if field.unique and (name,) != self.key
        ]
        return [self.key, *alone] if self.key else alone

    def required(self, name: str) -> bool:
        field = self.fields[name]
        return not (field.null or field.blank or field.has_default())

    def key_of(self, values: Mapping[str, Any]) -> Key:
        return tuple(values[name] for name in self.key)

    def key_of_row(self, row: models.Model) -> Key:
        return tuple(getattr(row, self.fields[name].attname) for name in self.key)

    @property
    def placed(self) -> bool:
        return issubclass(self.model, CodeEntry)

    def settable(self, names: set[str]) -> set[str]:
        """Those of ``names`` that an update of a row may set: all but its key, and its place where it has one."""
        return names - set(self.key) | ({"position"} if self.placed else set())


def _check_venue(values: Mapping[str, Any]) -> Complaint | None:
    for one, other in (("latitude", "longitude"), ("opens", "closes")):
        if (one in values) != (other in values):
            present, missing = (one, other) if one in values else (other, one)
            return present, _("%s と組にしてください。") % missing
    if "opens" in values and values["opens"] >= values["closes"]:
        return "closes", _("opens より後の時刻にしてください。")
    return None


def _check_figure(values: Mapping[str, Any]) -> Complaint | None:
    if "since" not in values:
        return None
    if values["kind"] == PublishedFigure.Kind.STOCK:
        return "since", _("時点の数(stock)には期間の初日がありません。")
    if values["since"] > values["as_of"]:
        return "since", _("as_of より後の日付です。")
    return None


# In the order in which rows refer to each other.
TABLES: Final = [
    Table("programme", Programme, key=()),
    Table("districts", District),
    Table("calendars", ClosureCalendar, optional=True),
    Table(
        "closures",
        Closure,
        key=("calendar", "rule"),
        optional=True,
        part_of="calendar",
        rows=models.Q(venue=None, first=None),  # the others are the office's
    ),
    Table("halls", Venue, optional=True, complain=_check_venue),
    Table("topics", Topic),
    Table("levels", Level),
    Table("categories", Category),
    Table("devices", Device),
    Table("age_bands", AgeBand),
    Table("outcomes", Outcome),
    Table("visits", Visit),
    Table("courses", Course, optional=True),
    Table("limits", Limit),
    Table("goals", Goal, key=("figure", "fiscal_year"), optional=True),
    Table("figures", PublishedFigure, key=("figure", "kind", "as_of"), optional=True, complain=_check_figure),
]
TABLES_BY_NAME: Final = {table.name: table for table in TABLES}


def _meant(typed: str, known: Iterable[Any]) -> str:
    """ " → name" where ``typed`` looks like a slip of a known name, else nothing."""
    close = get_close_matches(typed, [name for name in known if isinstance(name, str)], n=1)
    return f" → {close[0]}" if close else ""


def _check_table(path: Path, table: Table, entries: list[Entry], codes: Mapping[Any, set[Any]]) -> None:
    if not entries and not table.optional:
        raise FactsError(path, None, table.name, _("この表がありません。"))
    if not table.key and len(entries) > 1:
        raise FactsError(path, entries[1].line, table.name, _("この表は1つだけです。"))
    for entry in entries:
        if entry.repeated != bool(table.key):
            written = f"[[{table.name}]]" if table.key else f"[{table.name}]"
            raise FactsError(path, entry.line, table.name, _("見出しは %s と書いてください。") % written)
        _check_entry(path, table, entry, codes)
    for names in table.unique:
        first: dict[Key, Entry] = {}
        for entry in entries:
            values = tuple(entry.values.get(name) for name in names)
            before = first.setdefault(values, entry)
            if before is not entry and None not in values:
                sentence = _("%(line)d 行目と重なっています: %(values)s") % {
                    "line": before.line_of(names[0]),
                    "values": " ".join(map(str, values)),
                }
                raise FactsError(path, entry.line_of(names[0]), f"{table.name}.{names[0]}", sentence)


def _check_entry(path: Path, table: Table, entry: Entry, codes: Mapping[Any, set[Any]]) -> None:
    def refuse(name: str, sentence: str) -> FactsError:
        return FactsError(path, entry.line_of(name), f"{table.name}.{name}", sentence)

    for name, value in entry.values.items():
        if name not in table.fields:
            raise refuse(name, _("知らない項目です。") + _meant(name, table.fields))
        if sentence := _wrong(table.fields[name], value, codes):
            raise refuse(name, sentence)
    for name in table.fields:
        if name not in entry.values and (table.required(name) or name in table.key):
            raise refuse(name, _("この項目がありません。"))
    if table.complain and (complaint := table.complain(entry.values)):
        raise refuse(*complaint)


def _wrong(field: "models.Field[Any, Any]", value: Any, codes: Mapping[Any, set[Any]]) -> str | None:
    """What is wrong with ``value`` for ``field``, or None."""
    types, written = next((types, written) for kind, types, written in WRITTEN_AS if isinstance(field, kind))
    # bool is a kind of int, and a moment a kind of date, to Python but not to a reader.
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types) or type(value) is dt.datetime:
        return _("%(expected)sで書いてください: %(value)r") % {"expected": written, "value": value}
    if isinstance(value, float) and not math.isfinite(value):
        return _("数ではありません: %s") % value
    if isinstance(value, str) and any(unicodedata.category(letter) == "Cc" for letter in value):
        return _("改行などの制御文字は使えません。")
    if isinstance(field, models.ForeignKey):
        known = codes[field.related_model]
        return None if value in known else _("%s はこのファイルにありません。") % value
    try:
        field.clean(value, None)
    except ValidationError as error:
        return " ".join(error.messages)
    return None


def _check_limits(path: Path, entries: list[Entry]) -> None:
    values = {entry.values["code"]: entry.values["value"] for entry in entries}
    for entry in entries:
        code = entry.values["code"]
        if code not in Limits.names():
            sentence = _("知らない項目です: %s") % code + _meant(code, Limits.names())
            raise FactsError(path, entry.line_of("code"), "limits.code", sentence)
        try:
            Limits.check(code, values)
        except ValidationError as error:
            raise FactsError(path, entry.line_of("value"), "limits.value", f"{code}: {error.messages[0]}") from error
    for name in Limits.names():
        if name not in values:
            sentence = _("%s がありません。") % name
            raise FactsError(path, entries[-1].line, "limits.code", sentence)


def _write(
    table: Table, path: Path, entries: list[Entry], loaded: set[str], present: dict[Any, set[Any]], *, overwrite: bool
) -> list[LoadedFact]:
    """Write the table's rows, note in ``present`` the keys of those that exist now, give back what to remember."""
    manager: models.Manager[Any] = table.model._base_manager
    there = {table.key_of_row(row): row for row in manager.filter(table.rows)}
    mine = {table.key_of(entry.values): entry for entry in entries}
    new, old = [], []
    for place, (key, entry) in enumerate(mine.items(), start=1):
        if key in there:
            if not overwrite:
                continue
            old.append(there[key])
        else:
            if _spelled(key) in loaded and not overwrite:
                continue
            new.append(table.model() if table.key else table.model(pk=1))
        _fill((old if key in there else new)[-1], table, path, entry, place, present)
    if overwrite and table.part_of:
        wholes = {entry.values[table.part_of] for entry in entries}
        manager.filter(pk__in=[row.pk for key, row in there.items() if key not in mine and key[0] in wholes]).delete()
    manager.bulk_create(new)
    if old:
        manager.bulk_update(old, sorted(table.settable({name for entry in entries for name in entry.values})))
    present[table.model] = {row.pk for row in [*there.values(), *new]}
    return [LoadedFact(table=table.name, key=_spelled(key)) for key in mine if _spelled(key) not in loaded]


def _fill(row: Any, table: Table, path: Path, entry: Entry, place: int, present: Mapping[Any, set[Any]]) -> None:
    """Give ``row`` the entry's values; what the entry does not mention stays."""
    for name, value in entry.values.items():
        field = table.fields[name]
        if isinstance(field, models.ForeignKey) and value not in present[field.related_model]:
            sentence = _("%s は削除されています。--overwrite で元に戻せます。") % value
            raise FactsError(path, entry.line_of(name), f"{table.name}.{name}", sentence)
        setattr(row, field.attname, value)
    if table.placed:
        row.position = place


def _spelled(key: Key) -> str:
    return " ".join(map(str, key))
