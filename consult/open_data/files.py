"""The files that are given out: the same records as CSV and as JSON, always at the same addresses."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator

from consult.open_data.events import events
from consult.open_data.facilities import facilities
from consult.open_data.figures import figures
from consult.open_data.tables import Record, Table

RECORDS: dict[str, Callable[[], Iterator[Record]]] = {
    "events": events,
    "facilities": facilities,
    "figures": figures,
}

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def as_csv(table: Table, records: Iterable[Record]) -> bytes:
    """UTF-8 with a byte order mark and CRLF, as the standard asks."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(table.header)
    writer.writerows(map(table.line, records))
    return file.getvalue().encode("utf-8-sig")


def as_json(table: Table, records: Iterable[Record]) -> bytes:
    """A list of objects by column; empty columns are left out."""
    rows = [
        {name: value for name, value in zip(table.header, table.line(row), strict=True) if value} for row in records
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1).encode()


WRITERS = {"csv": as_csv, "json": as_json}
