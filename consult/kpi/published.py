"""Bringing in figures that others published: from a table, checked row by row before anything is stored.

They stand in their month with their source and are never added to what is counted here.
"""

import csv
import datetime as dt
import io
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from zipfile import BadZipFile

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from consult.errors import UnreadableTable
from programme.models import Figure, PublishedFigure

ROWS_AT_MOST = 500
# The columns by their heading; a heading is known by its first words, however it goes on.
COLUMNS = {
    "指標": "figure",
    "名称": "name",
    "種別": "kind",
    "期間の初日": "since",
    "時点": "as_of",
    "値": "value",
    "単位": "unit",
    "出典": "source",
    "注": "note",
}
NEEDED = ("指標", "種別", "時点", "値", "単位", "出典")

Facts = dict[str, str]


class PublishedForm(forms.ModelForm):  # type: ignore[type-arg]  # django-stubs knows it with a parameter, Django without
    """One row of the table, as text."""

    class Meta:
        model = PublishedFigure
        fields: ClassVar = ["figure", "name", "kind", "since", "as_of", "value", "unit", "source", "note"]

    def clean(self) -> dict[str, Any]:
        facts: dict[str, Any] = self.cleaned_data
        since, as_of = facts.get("since"), facts.get("as_of")
        if since and facts.get("kind") == PublishedFigure.Kind.STOCK:
            self.add_error("since", _("「時点の数」には、期間の初日を入れません。"))
        elif since and as_of and since > as_of:
            self.add_error("since", _("時点と同じ日か、それより前の日にしてください。"))
        return facts


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: its number there, what it says, and what is wrong with it (nothing: ``errors`` is empty)."""

    number: int
    facts: Facts
    errors: tuple[str, ...]
    is_known: bool = False  # stored already, just so

    @property
    def is_new(self) -> bool:
        return not self.errors and not self.is_known


def read(data: bytes, name: str) -> list[Facts]:
    """The rows of a CSV (UTF-8 or CP932) or xlsx file. Raises UnreadableTable."""
    table = _xlsx(data) if name.lower().endswith(".xlsx") else _csv(data)
    heads = [_column(text) for text in table[0]] if table else []
    missing = [word for word in NEEDED if COLUMNS[word] not in heads]
    if missing:
        raise UnreadableTable(reason=_("見出しがありません: %(names)s") % {"names": _("、").join(missing)})
    if len(table) > ROWS_AT_MOST + 1:
        raise UnreadableTable(reason=_("一度に%(number)s行までです。") % {"number": ROWS_AT_MOST})
    rows = [{head: cell for head, cell in zip(heads, row, strict=False) if head} for row in table[1:]]
    return [_tidy(row) for row in rows if any(row.values())]


def check(rows: Iterable[Facts]) -> list[Line]:
    """What would become of each row."""
    lines: list[Line] = []
    seen: set[tuple[str, ...]] = set()
    for number, facts in enumerate(rows, start=2):
        form = PublishedForm(facts)
        key = facts.get("figure", ""), facts.get("kind", ""), facts.get("as_of", "")
        day = _day(key[2])
        there = day and PublishedFigure.objects.filter(figure=key[0], kind=key[1], as_of=day).first()
        if there and _same(there, facts):
            lines.append(Line(number, facts, (), is_known=True))
            continue
        errors = [f"{form.fields[field].label if field in form.fields else ''} {text}".strip()
                  for field, texts in form.errors.items() for text in texts]  # fmt: skip
        if there:
            errors = [_("同じ指標・種別・時点の公表値が、別の値でもうあります: %(value)s") % {"value": there}]
        elif key in seen:
            errors.append(_("この表の中に、同じ指標・種別・時点の行がもうあります。"))
        seen.add(key)
        lines.append(Line(number, facts, tuple(errors)))
    return lines


@transaction.atomic
def store(rows: Iterable[Facts]) -> int:
    """Store those rows that are new and whole; returns how many. Storing them again stores none."""
    new = [line.facts for line in check(rows) if line.is_new]
    for facts in new:
        PublishedForm(facts).save()
    return len(new)


def _same(there: PublishedFigure, facts: Mapping[str, str]) -> bool:
    form = PublishedForm(facts, instance=there)
    return not form.has_changed()


# --- Reading -----------------------------------------------------------------------------------------
# What openpyxl and what it reads with (an XML parser's errors are SyntaxErrors) say of a broken file.
_UNREADABLE = (
    BadZipFile,
    EOFError,
    InvalidFileException,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zlib.error,
)


def _xlsx(data: bytes) -> list[list[str]]:
    try:
        sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        return [[_text(cell) for cell in row] for row in sheet.iter_rows(max_row=ROWS_AT_MOST + 2, values_only=True)]
    except _UNREADABLE as error:
        raise UnreadableTable(reason=_("Excel(xlsx)として読めませんでした。")) from error


def _csv(data: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            return [row for row in csv.reader(io.StringIO(text.replace("\0", ""), newline="")) if any(row)]
        except csv.Error as error:
            raise UnreadableTable(reason=_("CSVとして読めませんでした。")) from error
    raise UnreadableTable(reason=_("文字コードが読めませんでした。UTF-8で保存してください。"))


def _text(cell: Any) -> str:
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _column(head: str) -> str:
    return next((field for word, field in COLUMNS.items() if head.strip().startswith(word)), "")


def _tidy(row: Facts) -> Facts:
    """Names for codes, ISO for dates, digits for numbers; whatever is none of these stays for the error to show."""
    facts = {name: row.get(name, "").strip() for name in COLUMNS.values()}
    facts["figure"] = _code(facts["figure"], Figure.choices)
    facts["kind"] = _code(facts["kind"], PublishedFigure.Kind.choices)
    facts["name"] = facts["name"] or str(dict(Figure.choices).get(facts["figure"], ""))
    facts["value"] = facts["value"].replace(",", "")
    for name in ("since", "as_of"):
        if found := re.fullmatch(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?", facts[name]):
            facts[name] = "{}-{:0>2}-{:0>2}".format(*found.groups())
    return facts


def _code(text: str, choices: Iterable[tuple[Any, Any]]) -> str:
    return next((str(code) for code, label in choices if text in (str(code), str(label))), text)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
