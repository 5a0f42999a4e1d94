"""Reasons in the system's own words: kept as text in the language of whoever was there, said in that of the reader."""

from functools import cache

from django.conf import settings
from django.utils.translation import gettext, gettext_noop, override

OURS = (
    gettext_noop("押しまちがい"),
    gettext_noop("二重に記録した"),
    gettext_noop("練習で記録した"),
    gettext_noop("日計表の入力"),
    gettext_noop("画面の記録との数合わせ"),
    gettext_noop("あとから届いた画面の記録と同じもの"),
    gettext_noop("画面の記録の取り消しとの数合わせ"),
    gettext_noop("画面の記録の訂正との数合わせ"),
)


def say_reason(reason: str) -> str:
    """``reason`` as it was stored; where it begins with one of ours, that in the language of the page."""
    first, stop, rest = reason.partition("。")
    ours = _in_all_languages().get(first)
    return gettext(ours) + stop + rest if ours else reason


@cache
def _in_all_languages() -> dict[str, str]:
    """Each of OURS by what it is in each language."""
    found: dict[str, str] = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            found |= {gettext(reason): reason for reason in OURS}
    return found
