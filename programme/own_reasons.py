"""Reasons in the system's own words: kept as text in the language of whoever was there, said in that of the reader."""

from collections.abc import Iterable
from functools import cache

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext, override

_OURS: list[str | Promise] = []


def register(reasons: Iterable[str | Promise]) -> None:
    """These are ours, each as a sentence of the catalogues."""
    _OURS.extend(reasons)


def say_reason(reason: str) -> str:
    """``reason`` as it was stored; where it begins with one of ours, that in the language of the page."""
    first, stop, rest = reason.partition("。")
    ours = _in_all_languages().get(first)
    return gettext(ours) + stop + rest if ours else reason


@cache
def _in_all_languages() -> dict[str, str]:
    """Each of ours by what it is in each language."""
    with override(settings.LANGUAGE_CODE):
        ours = [str(reason) for reason in _OURS]
    found: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            found |= {gettext(reason): reason for reason in ours}
    return found
