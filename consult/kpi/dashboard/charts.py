"""Charts as plain SVG, drawn by pygal. See docs/adr/0015.

pygal brings its look in a ``<style>``, its tooltips in a ``<script>`` and marks in ``style`` attributes, none of which
our policy lets through. What stays is shapes with classes; consult/static/consult/dashboard.css gives them the colours
of the design system, so that dark mode, forced colours and paper follow by themselves. Series differ by shape, too.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from xml.etree import ElementTree

import pygal
from django.utils.safestring import SafeString, mark_safe
from pygal.style import Style

# pygal puts an import hook of an old form in place, for its maps as plug-ins. Python warns of it at each later import.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

# Units of the SVG: as wide as a phone's page, so that its text is as large as the page's.
WIDTH, HEIGHT = 360, 240
TEXT = 15
STEPS = (1, 2, 2.5, 5)
MOST_LINES = 5
SVG = "{http://www.w3.org/2000/svg}"
_DROPPED = {"style", "script", "desc", "title"}


class Kind(StrEnum):
    """What a series is; its class in the SVG and in the legend."""

    NOW = "now"
    BEFORE = "before"
    GOAL = "goal"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Span:
    """A value of which only the interval is known."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Series:
    kind: Kind
    name: str
    values: Sequence[float | Span | None]

    @property
    def highest(self) -> float:
        return max((value.high if isinstance(value, Span) else value or 0 for value in self.values), default=0)


@dataclass(frozen=True, slots=True)
class Chart:
    """``title`` and ``words`` are what somebody hears who does not see it; the table behind it has the numbers."""

    name: str
    title: str
    words: str
    labels: Sequence[str]
    series: Sequence[Series]
    bars: bool = False

    @property
    def svg(self) -> SafeString:
        series = tuple(replace(each, values=tuple(each.values)) for each in self.series)
        return _draw(replace(self, labels=tuple(self.labels), series=series))


@lru_cache(maxsize=256)
def _draw(it: Chart) -> SafeString:
    """The same numbers in the same words are drawn once: it takes longer than all else on the page."""
    marks = scale(max((series.highest for series in it.series), default=0))
    chart = (pygal.Bar if it.bars else pygal.Line)(
        width=WIDTH,
        height=HEIGHT,
        margin=8,
        js=[],
        css=[],
        style=Style(label_font_size=TEXT, major_label_font_size=TEXT, font_family="sans-serif"),
        show_legend=False,
        dots_size=3,
        x_labels=list(it.labels),
        y_labels=[{"value": mark, "label": f"{mark:,}"} for mark in marks],
        range=(0, marks[-1]),
        truncate_label=-1,
    )
    for series in it.series:
        chart.add(series.name, [_point(value) for value in series.values])
    drawn = ElementTree.fromstring(chart.render(disable_xml_declaration=True))  # noqa: S314  (our own drawing)
    _tidy(drawn, [series.kind for series in it.series])
    drawn.set("role", "img")
    drawn.set("class", "chart")
    drawn.set("aria-labelledby", f"{it.name}-title {it.name}-words")
    drawn.attrib.pop("id", None)
    for place, (tag, text) in enumerate([("title", it.title), ("desc", it.words)]):
        said = ElementTree.Element(tag, {"id": f"{it.name}-{'words' if place else 'title'}"})
        said.text = text
        drawn.insert(place, said)
    # ElementTree escapes what it writes.
    return mark_safe(ElementTree.tostring(drawn, encoding="unicode"))  # noqa: S308


def scale(highest: float) -> list[int]:
    """Whole, even marks from 0 to ``highest`` or a little above, MOST_LINES of them above 0 at the most."""
    power = 1
    while True:
        for factor in STEPS:
            step = factor * power
            if step == int(step) and step * MOST_LINES >= highest:
                step = int(step)
                count = max(1, -(-int(-(-highest // 1)) // step))
                return [step * number for number in range(count + 1)]
        power *= 10


def _point(value: float | Span | None) -> object:
    if isinstance(value, Span):
        return {"value": value.value, "ci": {"low": value.low, "high": value.high}}
    return value


def _tidy(element: ElementTree.Element, kinds: Sequence[Kind]) -> None:
    """Leave shapes, texts and classes; name each series by its kind instead of its number."""
    element.tag = element.tag.removeprefix(SVG)
    element.attrib.pop("style", None)
    if found := re.match(r"series serie-(\d+)", element.get("class", "")):
        element.set("class", f"series {kinds[int(found[1])]}")
    for child in list(element):
        if isinstance(child.tag, str) and child.tag.removeprefix(SVG) not in _DROPPED:
            _tidy(child, kinds)
        if not isinstance(child.tag, str) or child.tag.startswith(SVG) or _is_empty(child):
            element.remove(child)


def _is_empty(element: ElementTree.Element) -> bool:
    if element.tag == "text":
        return not element.text
    return "tooltip-overlay" in element.get("class", "") or (element.tag in ("g", "defs") and not len(element))
