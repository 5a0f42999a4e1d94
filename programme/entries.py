"""A TOML file as entries that remember their lines, which ``tomllib`` forgets.

A TOML document is a row of statements (a header, or a key and its value), each ending at a line's end; and each
statement alone is a valid document. So a statement is the fewest lines, from where the last one ended, that
``tomllib`` itself accepts: quotes, comments and values over several lines need no second parser here.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

POSITION = re.compile(r"\(at line (\d+), column \d+\)")
KEY = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*=")


class FactsError(Exception):
    """Something is wrong in a programme's file. ``str`` is one line: file, line, field, sentence."""

    def __init__(self, path: Path, line: int | None, field: str, sentence: str) -> None:
        super().__init__(path, line, field, sentence)
        self.path, self.line, self.field, self.sentence = path, line, field, sentence

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return " ".join(f"{place}: {self.field + ': ' if self.field else ''}{self.sentence}".split())


@dataclass(slots=True)
class Entry:
    """One ``[table]`` or ``[[table]]`` with its values, and the line (from 1) of its header and of each key."""

    table: str
    line: int
    repeated: bool  # [[table]] rather than [table]
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def line_of(self, name: str) -> int:
        """The line of the key ``name``, or the header's where the key is missing."""
        return self.lines.get(name, self.line)


def read_entries(path: Path) -> list[Entry]:
    """The entries of the TOML file ``path``, in its order. FactsError for a file that cannot be read as TOML."""
    return parse_entries(path, _text_of(path))


def parse_entries(path: Path, text: str) -> list[Entry]:
    """The entries of ``text``; ``path`` is named by the errors only."""
    text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    whole: Exception | None = None
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        whole = error
    entries: list[Entry] = []
    for line, statement in _statements(lines):
        if statement is None:
            raise _syntax_error(path, lines, line, entries, whole)
        name, value = next(iter(statement.items()))
        if lines[line - 1].lstrip().startswith("["):
            if value not in ({}, [{}]):
                raise FactsError(path, line, name, _("表の中の表は使えません。"))
            entries.append(Entry(name, line, repeated=isinstance(value, list)))
        elif not entries:
            raise FactsError(path, line, name, _("表の見出し([[…]])より前に項目があります。"))
        else:
            entries[-1].values[name] = value
            entries[-1].lines[name] = line
    if whole:  # each statement is fine, together they are not: something is there twice
        position = POSITION.search(str(whole))
        raise _syntax_error(path, lines, int(position[1]) if position else len(lines), [], whole)
    return entries


def _text_of(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FactsError(path, None, "", _("ファイルを読めません: %s") % error.strerror) from error
    try:
        return raw.decode("utf-8-sig")  # Notepad writes the mark; TOML does not know it
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FactsError(path, line, "", _("UTF-8 ではない文字があります。")) from error


def _statements(lines: list[str]) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Each statement with the line on which it starts; None for one that never becomes valid."""
    pending: list[str] = []
    for number, line in enumerate(lines, start=1):
        pending.append(line)
        try:
            statement = tomllib.loads("\n".join(pending))
        except tomllib.TOMLDecodeError:
            continue
        except (ValueError, RecursionError):  # a number of thousands of digits, a thousand brackets
            break
        if statement:  # a comment or an empty line has nothing to say
            yield number - len(pending) + 1, statement
        pending = []
    if pending:
        yield number - len(pending) + 1, None


def _syntax_error(path: Path, lines: list[str], line: int, entries: list[Entry], cause: Exception | None) -> FactsError:
    key = KEY.match(lines[line - 1])
    table = entries[-1].table if entries else _table_above(lines, line)
    field = ".".join(part for part in (table, key[1] if key else "") if part)
    return FactsError(path, line, field, _("TOML として正しくありません: %s") % cause)


def _table_above(lines: list[str], line: int) -> str:
    headers = [text.strip(" \t[]") for text in lines[:line] if text.lstrip().startswith("[")]
    return headers[-1] if headers else ""
