"""A part of an area as a message: pure data in, pure data out, on whatever thread, process or machine.

`solve_part` is all that a worker needs.  `pack` and `unpack` turn messages into what
JSON can carry; the result is the same, bit for bit.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeAlias

import numpy as np

from .clock import until
from .columns import lower_quality
from .highs import minimise
from .model import Floats, Matrix, Scope, teams_in
from .quality_model import QualityModel, Team

__all__ = [
    "BoundPart",
    "Executor",
    "Found",
    "Part",
    "QualityPart",
    "Teams",
    "WeightPart",
    "pack",
    "solve_part",
    "unpack",
]

Teams: TypeAlias = list[Team] | None
"""what a part decided, by places in its scope; None: nothing better than what there is"""

Found: TypeAlias = Teams | float
"""a part's answer: what it decided, or the bound that was asked for"""


@dataclass(frozen=True, slots=True)
class WeightPart:
    """Serve more weight: the 0/1 model of `weight_rows`."""

    cost: Floats
    """[A + B]"""
    rows: Matrix
    start: Floats
    """[A + B] what is served now"""
    scope: Scope
    nodes: int
    gap: float
    end: float | None
    """when to stop at the latest, in seconds since 1970"""


@dataclass(frozen=True, slots=True)
class QualityPart:
    """Lower Q, the weight kept."""

    model: QualityModel
    nodes: int
    end: float | None


@dataclass(frozen=True, slots=True)
class BoundPart:
    """Ask for a number that no solution of the 0/1 model of `weight_rows` is below."""

    cost: Floats
    """[A + B] whole numbers"""
    rows: Matrix
    start: Floats
    """[A + B] a solution"""
    nodes: int
    gap: float
    end: float | None


Part: TypeAlias = WeightPart | QualityPart | BoundPart


class Executor(Protocol):
    """Whatever solves parts: `concurrent.futures` has two of them."""

    def map(self, fn: Callable[[Part], Found], parts: Iterable[Part], /) -> Iterable[Found]:
        """The answers in the order of the parts, in whatever order they are solved."""
        ...


def solve_part(part: Part) -> Found:
    """The best that was found within the part's nodes; the same part has the same answer."""
    left = until(part.end)
    remaining = left()
    if remaining is not None and remaining <= 0:
        return None
    if isinstance(part, QualityPart):
        better = lower_quality(part.model, left, part.nodes, prove=False)
        return None if better is None else better.teams
    if not len(part.cost):
        return None
    answer = minimise(part.cost, part.rows, start=part.start, seconds=remaining, nodes=part.nodes, gap=part.gap)
    if isinstance(part, BoundPart):
        return answer.bound
    return None if answer.values is None else teams_in(part.scope, answer.values)


_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (WeightPart, QualityPart, BoundPart, Matrix, Scope, QualityModel)
}


def pack(value: Any) -> Any:
    """A message, or an answer, as JSON can carry it."""
    if isinstance(value, np.ndarray):
        data = base64.b85encode(zlib.compress(np.ascontiguousarray(value).tobytes(), 1)).decode()
        return {"array": data, "type": value.dtype.str, "shape": list(value.shape)}
    if type(value).__name__ in _KINDS:
        return {"kind": type(value).__name__, **{f.name: pack(getattr(value, f.name)) for f in fields(value)}}
    return [pack(one) for one in value] if isinstance(value, list | tuple) else value


def unpack(raw: Any) -> Any:
    """What `pack` was given; lists of members come back as tuples."""
    if isinstance(raw, Mapping):
        if "array" in raw:
            data = zlib.decompress(base64.b85decode(raw["array"]))
            return np.frombuffer(data, dtype=np.dtype(raw["type"])).reshape(raw["shape"])
        return _KINDS[raw["kind"]](**{name: unpack(one) for name, one in raw.items() if name != "kind"})
    if isinstance(raw, list):
        return _members(raw)
    return raw


def _members(raw: list[Any]) -> Any:
    """A list of teams: [[start, [members]], …]."""
    return [(int(i), tuple(members)) for i, members in raw]
