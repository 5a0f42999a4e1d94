"""Typed readers for the fields of decoded JSON; each names the field when it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from .problem import ProblemError

__all__ = [
    "bool_field",
    "date_field",
    "each",
    "id_field",
    "int_field",
    "names_field",
    "number",
    "object_field",
    "rows_field",
    "text_field",
]

_Read = TypeVar("_Read")

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", float: "a fraction"}


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return _KINDS.get(type(value), "a number")


def _get(raw: dict[str, Any], name: str) -> Any:
    try:
        return raw[name]
    except KeyError:
        raise ProblemError("is missing", name) from None


def number(value: object, path: str, low: int, high: int) -> int:
    """The whole number in low..high that `value` is, or an error at `path`."""
    if type(value) is not int:
        raise ProblemError(f"a whole number is expected, not {_kind(value)}", path)
    if not low <= value <= high:
        raise ProblemError(f"must be between {low} and {high}, is {value}", path)
    return value


def int_field(raw: dict[str, Any], name: str, low: int, high: int) -> int:
    """A whole number in low..high."""
    return number(_get(raw, name), name, low, high)


def bool_field(raw: dict[str, Any], name: str) -> bool:
    """true or false."""
    value = _get(raw, name)
    if type(value) is not bool:
        raise ProblemError(f"true or false is expected, not {_kind(value)}", name)
    return value


def text_field(raw: dict[str, Any], name: str) -> str:
    """A text, possibly empty."""
    return _text(_get(raw, name), name)


def _text(value: Any, path: str) -> str:
    if type(value) is not str:
        raise ProblemError(f"a text is expected, not {_kind(value)}", path)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ProblemError("holds half of a character (a lone surrogate)", path) from None
    return value


def id_field(raw: dict[str, Any], name: str) -> str:
    """A text that is not empty."""
    value = text_field(raw, name)
    if not value:
        raise ProblemError("must not be empty", name)
    return value


def date_field(raw: dict[str, Any], name: str) -> date:
    """A calendar date, YYYY-MM-DD."""
    value = text_field(raw, name)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ProblemError("a date such as 2026-06-01 is expected", name) from None


def object_field(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """An object, to be read by the caller."""
    value = _get(raw, name)
    if type(value) is not dict:
        raise ProblemError(f"an object is expected, not {_kind(value)}", name)
    return value


def _list(raw: dict[str, Any], name: str) -> list[Any]:
    value = _get(raw, name)
    if type(value) is not list:
        raise ProblemError(f"a list is expected, not {_kind(value)}", name)
    return value


def names_field(raw: dict[str, Any], name: str) -> tuple[str, ...]:
    """A list of different texts."""
    values = _list(raw, name)
    for i, value in enumerate(values):
        _text(value, f"{name}[{i}]")
    if len(set(values)) != len(values):
        twice = next(i for i, value in enumerate(values) if value in values[:i])
        raise ProblemError(f"{values[twice]} stands there twice", f"{name}[{twice}]")
    return tuple(values)


def rows_field(raw: dict[str, Any], name: str, width: int) -> list[list[Any]]:
    """A list of lists of `width` entries each, to be read by the caller."""
    rows = _list(raw, name)
    for i, row in enumerate(rows):
        if type(row) is not list or len(row) != width:
            raise ProblemError(f"a list of {width} entries is expected", f"{name}[{i}]")
    return rows


def each(raw: dict[str, Any], name: str, read: Callable[[dict[str, Any]], _Read]) -> tuple[_Read, ...]:
    """Read a list of objects; errors name the index."""
    found = []
    for i, value in enumerate(_list(raw, name)):
        if type(value) is not dict:
            raise ProblemError(f"an object is expected, not {_kind(value)}", f"{name}[{i}]")
        try:
            found.append(read(value))
        except ProblemError as error:
            raise error.under(f"{name}[{i}]") from None
    return tuple(found)
