"""The published tables: which there are, and their columns, as ``columns.toml`` lists them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

COLUMNS = Path(__file__).parent / "columns.toml"

# A value by the name of its column; a column that is left out is empty.
Record = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Column:
    """``kind`` is what a value must look like: see consult/open_data/validator.py."""

    name: str
    kind: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    code: str
    title: str
    title_en: str
    words: str
    words_en: str
    source: str
    columns: tuple[Column, ...]

    @property
    def header(self) -> list[str]:
        return [column.name for column in self.columns]

    def line(self, record: Record) -> list[str]:
        """The values of ``record`` in the order of the columns. KeyError for one that no column has."""
        if unknown := record.keys() - set(self.header):
            raise KeyError(*unknown)
        values = (record.get(name) for name in self.header)
        return ["" if value is None else str(value) for value in values]


@dataclass(frozen=True, slots=True)
class Catalogue:
    licence: str
    licence_url: str
    tables: tuple[Table, ...]

    def table(self, code: str) -> Table:
        """KeyError for one that is not published."""
        return {table.code: table for table in self.tables}[code]


@cache
def catalogue() -> Catalogue:
    with COLUMNS.open("rb") as file:
        raw = tomllib.load(file)
    licence, licence_url = raw.pop("licence"), raw.pop("licence_url")
    tables = [Table(code, **each | {"columns": _columns(each["columns"])}) for code, each in raw.items()]
    return Catalogue(licence, licence_url, tuple(tables))


def _columns(rows: list[dict[str, str | bool]]) -> tuple[Column, ...]:
    return tuple(Column(**row) for row in rows)  # type: ignore[arg-type]  # as the file has them
