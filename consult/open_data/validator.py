"""Checks a table against the rules of its columns. ``manage.py open_data_check`` runs it on any file."""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from consult.open_data.tables import Table

# Japan from Okinotorishima to Etorofu, from Yonaguni to Minamitorishima, in degrees. Source: 国土地理院
LATITUDES = (20.4, 45.6)
LONGITUDES = (122.9, 154.0)
BOM = "﻿"


@dataclass(frozen=True, slots=True)
class Fault:
    """``line`` counts from 1, which is the header's; ``column`` is empty where the whole line is meant."""

    line: int
    column: str
    words: str

    def __str__(self) -> str:
        return f"{self.line}行目 {self.column}: {self.words}" if self.column else f"{self.line}行目: {self.words}"


def check(table: Table, data: bytes) -> list[Fault]:
    """All faults of a CSV file: its encoding, header, and each value. None: the file may be published."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [Fault(data[: error.start].count(b"\n") + 1, "", "UTF-8ではありません。")]
    if not text.startswith(BOM):
        return [Fault(1, "", "UTF-8のBOMがありません。")]
    if re.search(r"(?<!\r)\n|\r(?!\n)", text):
        return [Fault(1, "", "改行がCRLFではありません。")]
    return list(_faults(table, list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))))


def _faults(table: Table, lines: list[list[str]]) -> Iterator[Fault]:
    if not lines or lines[0] != table.header:
        yield Fault(1, "", f"列が「{table.title}」の列と違います。")
        return
    numbers: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(table.columns):
            yield Fault(number, "", f"列の数が {len(line)} です({len(table.columns)} のはずです)。")
            continue
        values = dict(zip(table.header, line, strict=True))
        for column in table.columns:
            if words := _wrong(column.kind, values[column.name], required=column.required):
                yield Fault(number, column.name, words)
        first = numbers.setdefault(values["NO"], number)
        if first != number:
            yield Fault(number, "NO", f"{first}行目と同じ番号です。")
        yield from _pairs(number, values)


def _wrong(kind: str, value: str, *, required: bool) -> str:
    """What is wrong with a value, or nothing."""
    if not value:
        return "空です。" if required else ""
    if value != value.strip() or re.search(r"[\x00-\x1f\x7f]", value):
        return "前後の空白や改行は入れられません。"
    return "" if KINDS[kind](value) else f"形が違います: {value[:40]}"


def _pairs(number: int, values: dict[str, str]) -> Iterator[Fault]:
    """What two columns say together."""
    if bool(values.get("緯度")) != bool(values.get("経度")):
        yield Fault(number, "緯度", "緯度と経度は両方そろえてください。")
    moments = [_moment(values, "開始日", "開始時間"), _moment(values, "終了日", "終了時間")]
    if all(moments) and moments[0] > moments[1]:
        yield Fault(number, "終了日", "終わりが始まりより前です。")
    if values.get("秘匿") and values.get("値"):
        yield Fault(number, "値", "秘匿した値が入っています。")


def _moment(values: dict[str, str], day: str, time: str) -> str:
    """A day with its time for comparing, or nothing where one of them cannot be read."""
    if not (_is_date(values.get(day, "")) and KINDS["time"](values.get(time) or "00:00")):
        return ""
    return f"{values[day]} {values.get(time, '')}"


def _is_date(value: str) -> bool:
    try:
        return dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_municipality(value: str) -> bool:
    """Five digits and their check digit. Source: 総務省 全国地方公共団体コード."""
    if not re.fullmatch(r"[0-9]{6}", value):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value, range(6, 1, -1), strict=False))
    return int(value[5]) == (11 - total % 11) % 10


def _is_degrees(least: float, most: float) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        return bool(re.fullmatch(r"[0-9]{2,3}\.[0-9]{1,10}", value)) and least <= float(value) <= most

    return check


def _is_url(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and value.isascii() and " " not in value


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: bool(re.fullmatch(pattern, value))


KINDS: dict[str, Callable[[str], bool]] = {
    "text": bool,
    "english": str.isascii,
    "kana": _matches(r"[ァ-ヶー・ 　()（）0-9A-Za-z]+"),
    "code": _matches(r"[a-z][a-z0-9_]*"),
    "number": _matches(r"[0-9A-Z]{1,20}"),
    "whole": _matches(r"-?[0-9]{1,10}"),
    "decimal": _matches(r"-?[0-9]{1,10}(\.[0-9])?"),
    "date": _is_date,
    "month": lambda value: _is_date(f"{value}-01"),
    "time": _matches(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00"),
    "phone": _matches(r"0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}"),
    "url": _is_url,
    "poi": _matches(r"[0-9]{4}"),
    "corporate": _matches(r"[1-9][0-9]{12}"),
    "weekdays": _matches(r"月?火?水?木?金?土?日?"),
    "municipality": _is_municipality,
    "latitude": _is_degrees(*LATITUDES),
    "longitude": _is_degrees(*LONGITUDES),
}
