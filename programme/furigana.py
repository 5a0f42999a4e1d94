"""Readings (ふりがな) above the kanji of pages and messages in やさしい日本語.

``data/furigana.txt`` holds one word a line with its reading:

- ``行けます いけます``: a word; of one that ends in kana only the kanji are annotated;
- ``#件 けん``: a counter, read so after any number; ``#5分 ふん``: after one that ends in this digit;
- ``2日 ふつか``: this very number and its counter, read as one word; ``月1日 ついたち``: after the name of a month.

A run of kanji that words do not cover wholly stays bare, and one kanji is a word only where it stands alone: half a
reading, or that of another word, is worse than none. So most people's names stay bare, too.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import takewhile
from pathlib import Path

# The language whose text gets readings: やさしい日本語.
EASY = "ja-easy"
READINGS = Path(__file__).parent / "data" / "furigana.txt"
KANJI = "一-鿿々〆ヶ"
HIRAGANA = "".join(map(chr, range(ord("ぁ"), ord("ん") + 1)))
DIGIT = "0-9０-９"
LONGEST_WORD = 12
# What is not text to be read: tags, and elements whose content may hold no markup.
MARKUP = re.compile(
    r"<!--.*?-->|<(script|style|title|textarea|option|svg|ruby)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE
)
# Kanji and kana in a row with the number before them. Some pages put a space between a figure and its unit. The bounds
# keep what somebody pasted from costing more than its length.
STRETCH = re.compile(rf"(?:(?<=[{DIGIT}](月))?([{DIGIT}][{DIGIT}.,]{{0,20}})( ?))?([{KANJI}{HIRAGANA}]{{1,100}})")
LAST_NUMBER = re.compile(rf"([{DIGIT}][{DIGIT}.,]{{0,20}})\s*$")
RUN = re.compile(f"[{KANJI}]+")

# Pieces of a text in a row, each with its reading, or with "" to stay bare.
Pieces = tuple[tuple[str, str], ...]


@cache
def readings() -> dict[str, str]:
    """Word → reading, in the file's notation."""
    return dict(line.split() for line in READINGS.read_text().splitlines() if line)


def in_html(html: str) -> str:
    """The page with ``<ruby>`` on the words of its text; attributes and titles stay as they are."""
    pieces, end, number = [], 0, ""
    for markup in MARKUP.finditer(html):
        text = html[end : markup.start()]
        pieces += [_unit(number, text) or _in_one(text), markup[0]]
        end = markup.end()
        if text.strip():
            found = LAST_NUMBER.search(text)
            number = found[1] if found else ""
    return "".join(pieces) + _in_one(html[end:])


def in_text(text: str) -> str:
    """Plain text with each word's reading in parentheses where it first stands: 予約(よやく)."""
    seen: set[tuple[str, str]] = set()

    def once(kanji: str, reading: str) -> str:
        if (kanji, reading) in seen:
            return kanji
        seen.add((kanji, reading))
        return f"{kanji}({reading})"

    return _annotate(text, once)


def of_weekday(sign: str) -> str:
    """A weekday's one sign as HTML with its reading, which no rule finds: 金 alone is かね, 3 月 is がつ."""
    reading = readings().get(f"{sign}曜日", "").removesuffix("ようび")
    return _ruby(sign, reading) if reading else sign


def unread(text: str) -> list[str]:
    """The runs of kanji in a translation that would stay bare. Placeholders stand for numbers."""
    text = re.sub(r"%\(\w+\)[sd]|\{\w+\}", "3", re.sub(r"<[^>]*>", "|", text))
    return RUN.findall(_annotate(text, lambda _kanji, _reading: ""))


def _in_one(text: str) -> str:
    """A piece of a page's text. A flexible box would set each ``<ruby>`` in it apart: the ``<span>`` keeps them one."""
    annotated = _annotate(text, _ruby)
    return text if annotated == text else f"<span>{annotated}</span>"


def _unit(number: str, text: str) -> str:
    """A counter that is all the text of its element: <b>3</b> 件. Nothing for any other text."""
    unit = text.strip()
    counted = _counted("", number, "", unit) if number and RUN.match(unit) else None
    if not counted or len(counted) > 2 or _length(counted) != len(number + unit):
        return ""
    # A reading that takes the number in (ひとり) cannot stand over the counter alone.
    return text if len(counted) == 1 else text.replace(unit, _ruby(*counted[1]))


def _ruby(kanji: str, reading: str) -> str:
    return f"<ruby>{kanji}<rp>(</rp><rt>{reading}</rt><rp>)</rp></ruby>"


def _annotate(text: str, write: Callable[[str, str], str]) -> str:
    def annotate(piece: str, reading: str) -> str:
        if not reading:
            return piece
        kana = len(piece) - len(piece.rstrip(HIRAGANA))
        return write(piece[: len(piece) - kana], reading[: len(reading) - kana]) + piece[len(piece) - kana :]

    def stretch(found: re.Match[str]) -> str:
        pieces = _pieces(*found.groups(""))
        last = _last_run(pieces)
        if last and text.startswith(f"({''.join(reading for _word, reading in last)})", found.end()):
            pieces = (*pieces[: -len(last)], *((word, "") for word, _reading in last))
        return "".join(annotate(*piece) for piece in pieces)

    return STRETCH.sub(stretch, text)


def _last_run(pieces: Pieces) -> Pieces:
    """The words with readings that end a stretch: the text may go on with their reading, as in 公民館(こうみんかん)."""
    return tuple(reversed(tuple(takewhile(lambda piece: piece[1], reversed(pieces)))))


@lru_cache(maxsize=10_000)
def _pieces(month: str, number: str, gap: str, text: str) -> Pieces:
    """A stretch in pieces. ``month`` is "月" if a month is named before it, then come a number, if any, and kanji."""
    pieces: list[tuple[str, str]] = []
    if number:
        # A kanji right after a number is a counter, even one that the list lacks.
        run = RUN.match(text) if not gap else None
        counted = _counted(month, number, gap, text) or ((number + gap + (run[0] if run else ""), ""),)
        pieces += counted
        text = text[_length(counted) - len(number + gap) :]
    while run := RUN.search(text):
        words = _cover(text[run.start() :]) or ((run[0], ""),)
        pieces += [(text[: run.start()], ""), *words]
        text = text[run.start() + _length(words) :]
    return (*pieces, (text, "")) if text else tuple(pieces)


def _length(pieces: Pieces) -> int:
    return sum(len(text) for text, _reading in pieces)


def _counted(month: str, number: str, gap: str, text: str) -> Pieces | None:
    """A number with its counter and whatever words complete the run of kanji, or None."""
    value = unicodedata.normalize("NFKC", number)
    for end in range(min(len(text), LONGEST_WORD), 0, -1):
        unit = text[:end]
        if together := readings().get(month + value + unit) or readings().get(value + unit):
            first: Pieces = ((number + gap + unit, together),)
        elif reading := readings().get(f"#{value[-1]}{unit}") or readings().get(f"#{unit}"):
            first = ((number + gap, ""), (unit, reading))
        else:
            continue
        rest = _cover(text[end:])
        if rest is not None:
            return first + rest
    return None


# Kept, since 電話番号 is also 電話 and 番号: a run of such words would be tried in every way.
@lru_cache(maxsize=10_000)
def _cover(text: str, *, alone: bool = True) -> Pieces | None:
    """The words of the run of kanji that ``text`` begins with, or None. One kanji must be alone to be a word."""
    if not RUN.match(text):
        return ()
    for end in range(min(len(text), LONGEST_WORD), 0, -1):
        # 金さん is somebody's name.
        if end == 1 and (not alone or RUN.match(text, 1) or text.startswith("さん", 1)):
            continue
        word = text[:end]
        if reading := readings().get(word):
            rest = _cover(text[end:], alone=word[-1] in HIRAGANA)
            if rest is not None:
                return ((word, reading), *rest)
    return None
