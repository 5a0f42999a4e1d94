"""The time limit: the only clock that the matcher reads, and only when a limit is given."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Left", "countdown", "end_of", "is_over", "less", "unlimited", "until"]

Left = Callable[[], float | None]
"""seconds that are left; None means as many as it takes"""


def unlimited() -> None:
    """As many seconds as it takes."""


def countdown(limit: float | None) -> Left:
    """Seconds of the wall clock that are left of `limit`, from now on."""
    if limit is None:
        return unlimited
    end = time.monotonic() + limit
    return lambda: end - time.monotonic()


def less(left: Left, seconds: float) -> Left:
    """The same countdown, ending `seconds` earlier."""

    def remaining() -> float | None:
        now = left()
        return None if now is None else now - seconds

    return remaining


def is_over(left: Left) -> bool:
    """Whether a limit was given and nothing is left of it."""
    remaining = left()
    return remaining is not None and remaining <= 0


def end_of(left: Left) -> float | None:
    """When the countdown ends, in seconds since 1970: other processes and machines know what is meant."""
    remaining = left()
    return None if remaining is None else time.time() + remaining


def until(end: float | None) -> Left:
    """The countdown to such a moment."""
    return lambda: None if end is None else end - time.time()
