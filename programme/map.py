"""The finder's map: the districts with their names and the desks as numbered pins, drawn without tiles or borders.

Only points are known, so it is a sketch: soft discs of land, a dot for each district. Units are those of the SVG,
x to the right and y down; programme/static/programme/map.css gives the text the sizes that are reckoned with here.
No two names or pins overlap, wherever the points are: each takes the nearest free place around its point, with a
line when that is some way off, and the sheet grows when there is none.
"""

import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, Self

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# The sign of a pin for which there is nothing.
NOTHING = "–"
WIDTH = 340
# The tallest field of points; the sheet grows beyond it for names that find no place.
TALLEST = 380
MARGIN = 48
TEXT = 15
LINE = 19
PIN = 12
DOT = 4
GAP = 3
# A name is cut when it is longer.
NAME_LONGEST = 160
# How far apart the places are that a name tries, outward from its point.
STEP = 4
# How far it looks; farther away nobody would find it.
REACH = 100
# What a name keeps clear of other things, if it can: else one cannot tell whose it is.
CLEAR = 6
# A name farther from its point than this has a line to it.
NEAR = 20
# How often the names are laid out anew, those that came off worst going first.
ROUNDS = 12
# Under the points, for the scale.
FOOT = 24
BAR_KILOMETRES = (50, 20, 10, 5, 2, 1)
# All around a point, east first, then the other quarters and what lies between them.
TURNS = sorted(range(16), key=lambda turn: (turn % 4, turn % 2, min(turn, 16 - turn)))
DIRECTIONS = [(math.cos(turn * math.tau / 16), math.sin(turn * math.tau / 16)) for turn in TURNS]
LEAST_SPAN = 1000  # metres: points closer than that are not drawn farther apart


class Point(NamedTuple):
    x: int
    y: int


class Box(NamedTuple):
    left: int
    top: int
    width: int
    height: int

    def widened(self) -> "Box":
        return Box(self.left - CLEAR, self.top, self.width + 2 * CLEAR, self.height)

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )

    def nearest(self, point: Point) -> Point:
        """The point of the box that is nearest to ``point``."""
        return Point(
            min(max(point.x, self.left), self.left + self.width), min(max(point.y, self.top), self.top + self.height)
        )


class Site(NamedTuple):
    """What is to be drawn: a name (a desk's is its number) and metres on the plane, x east and y north."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A name or a pin: the point that it stands for, and the box that it takes."""

    name: str
    point: Point
    box: Box
    lead: tuple[Point, Point] | None
    chosen: bool = False
    """the reader's own district"""
    covered: bool = False
    """a pin stands on the point"""

    @property
    def middle(self) -> Point:
        return Point(self.box.left + self.box.width // 2, self.box.top + self.box.height // 2)

    @property
    def baseline(self) -> int:
        """Where a name's text stands."""
        return self.box.top + LINE - 4


@dataclass(frozen=True)
class Map:
    width: int
    height: int
    districts: tuple[Mark, ...]
    pins: tuple[Mark, ...]
    bar: int
    """length of the scale's bar"""
    bar_kilometres: int

    @property
    def chosen(self) -> bool:
        """Whether the reader's own district is marked."""
        return any(mark.chosen for mark in self.districts)

    @property
    def leads(self) -> list[tuple[Point, Point]]:
        """The lines from points to what stands some way off."""
        return [mark.lead for mark in (*self.districts, *self.pins) if mark.lead]

    @cached_property
    def marks(self) -> SafeString:
        """All but the scale, in SVG: so many small things that a template takes ten times as long to write them."""
        land = ((mark.point.x, mark.point.y) for mark in self.districts)
        leads = ((*start, *end) for start, end in self.leads)
        return format_html(
            '<g class="land">{}</g><g class="leads">{}</g>{}{}',
            format_html_join("", '<circle cx="{}" cy="{}" r="40"/>', land),
            format_html_join("", '<line x1="{}" y1="{}" x2="{}" y2="{}"/>', leads),
            format_html_join("", "{}", ([_district(mark)] for mark in self.districts)),
            format_html_join("", "{}", ([_pin(mark)] for mark in self.pins)),
        )

    @property
    def bar_at(self) -> Point:
        return Point(GAP * 3, self.height - FOOT // 3)


def _district(mark: Mark) -> SafeString:
    """Its name, a dot where no pin stands, and a ring around the reader's own."""
    ring, dot = '<circle class="ring" cx="{}" cy="{}" r="{}"/>', '<circle class="dot" cx="{}" cy="{}" r="4"/>'
    return format_html(
        '{}{}<text{} x="{}" y="{}">{}</text>',
        format_html(ring, *mark.point, 15 if mark.covered else 8) if mark.chosen else "",
        "" if mark.covered else format_html(dot, *mark.point),
        SafeString(' class="chosen"') if mark.chosen else "",
        mark.middle.x,
        mark.baseline,
        mark.name,
    )


def _pin(mark: Mark) -> SafeString:
    """A number or a sign on a disc; a hollow one says that there is nothing."""
    disc, text = ("hollow", "none") if mark.name == NOTHING else ("disc", "number")
    circle = '<circle class="{}" cx="{}" cy="{}" r="12"/><text class="{}" x="{}" y="{}" dy="5">{}</text>'
    return format_html(circle, disc, *mark.middle, text, *mark.middle, mark.name)


@lru_cache(maxsize=256)
def draw(districts: tuple[Site, ...], desks: tuple[Site, ...] = (), chosen: int | None = None) -> Map:
    """The map of ``districts``, at least one; ``chosen`` is the index of the reader's own. The last ones are kept.

    A desk that lies outside of the districts is drawn at the edge: a wrong coordinate must not shrink the city.
    """
    plane = _Plane(districts)
    sheet = _Sheet(plane.height)
    pins = tuple(sheet.put_pin(desk.name, plane.point_of(desk)) for desk in desks)
    points = [plane.point_of(district) for district in districts]
    for index, point in enumerate(points):
        sheet.taken.append(_around(point, DOT * 2 if index == chosen else DOT))
    boxes, height = _lay_out([shorten(district.name) for district in districts], points, sheet)
    marks = tuple(
        Mark(
            name=shorten(district.name),
            point=point,
            box=box,
            lead=(point, box.nearest(point)) if _away(point, box) > NEAR else None,
            chosen=index == chosen,
            covered=any(_away(point, pin.box) < GAP for pin in pins),
        )
        for index, (district, point, box) in enumerate(zip(districts, points, boxes, strict=True))
    )
    bar_kilometres = next((km for km in BAR_KILOMETRES if km * 1000 * plane.scale <= WIDTH / 4), BAR_KILOMETRES[-1])
    return Map(
        width=WIDTH,
        height=height + FOOT,
        districts=marks,
        pins=pins,
        bar=round(bar_kilometres * 1000 * plane.scale),
        bar_kilometres=bar_kilometres,
    )


def _lay_out(names: Sequence[str], points: Sequence[Point], sheet: "_Sheet") -> tuple[list[Box], int]:
    """A box for each name, and the height that the sheet then has: the best of several layouts."""
    order = list(range(len(names)))
    layouts: list[tuple[float, list[Box], int]] = []
    for _round in range(ROUNDS):
        attempt = sheet.copy()
        boxes = {index: attempt.put_name(names[index], points[index], points) for index in order}
        away = [_away(points[index], boxes[index]) for index in range(len(names))]
        far = [index for index in order if away[index] > NEAR]
        taken_for_others = [index for index in order if not _is_nearest(points[index], boxes[index], points)]
        cost = sum(away) + (len(far) + len(taken_for_others)) * WIDTH
        layouts.append((cost, [boxes[index] for index in range(len(names))], attempt.height))
        first = set(far + taken_for_others)
        if not first:
            break
        order.sort(key=lambda index: index not in first)
    _cost, best, height = min(layouts, key=lambda layout: layout[0])
    return best, height


def text_width(text: str) -> int:
    """How wide a name is drawn, in bold at the most: a Japanese sign is square, a Latin letter narrower."""
    wide = sum(unicodedata.east_asian_width(sign) in "WFA" for sign in text)
    return math.ceil((wide * 1.04 + (len(text) - wide) * 0.6) * TEXT)


def shorten(name: str) -> str:
    """A name without what stands in brackets, cut where it is too long for a map."""
    short = re.split("[(（]", name)[0].strip() or name
    if text_width(short) <= NAME_LONGEST:
        return short
    while text_width(f"{short}…") > NAME_LONGEST:
        short = short[:-1]
    return f"{short}…"


class _Plane:
    """Metres to the units of the map: the districts fill its width or its greatest height, with a margin."""

    def __init__(self, districts: Sequence[Site]) -> None:
        xs, ys = [site.x for site in districts], [site.y for site in districts]
        self.west, self.north = min(xs), max(ys)
        across, down = max(xs) - self.west, self.north - min(ys)
        self.scale = min((WIDTH - 2 * MARGIN) / max(across, LEAST_SPAN), (TALLEST - 2 * MARGIN) / max(down, LEAST_SPAN))
        self.left = round((WIDTH - across * self.scale) / 2)
        self.height = round(down * self.scale) + 2 * MARGIN

    def point_of(self, site: Site) -> Point:
        x = self.left + round((site.x - self.west) * self.scale)
        y = MARGIN + round((self.north - site.y) * self.scale)
        return Point(min(max(x, PIN), WIDTH - PIN), min(max(y, PIN), self.height - PIN))


class _Sheet:
    """What is taken already."""

    def __init__(self, height: int, taken: Iterable[Box] = ()) -> None:
        self.height = height
        self.taken = list(taken)

    def copy(self) -> Self:
        return type(self)(self.height, self.taken)

    def put_pin(self, name: str, point: Point) -> Mark:
        box = self._take((_around(middle, PIN) for middle in _outward(point)), PIN * 2, PIN * 2)
        middle = Point(box.left + PIN, box.top + PIN)
        return Mark(name, point, box, (point, middle) if middle != point else None)

    def put_name(self, name: str, point: Point, points: Sequence[Point]) -> Box:
        """Near its point where it is not taken for another's and has room, else near it, else farther away."""
        width = text_width(name)
        near = list(_beside(point, width, range(DOT + GAP, NEAR, STEP)))
        own = (box for box in near if self._is_free(box) and _is_nearest(point, box, points))
        roomy = (box for box in near if self._is_free(box.widened()) and _is_nearest(point, box, points))
        far = _beside(point, width, range(NEAR, REACH, STEP))
        return self._take(itertools.chain(roomy, own, near, far), width, LINE)

    def _take(self, places: Iterable[Box], width: int, height: int) -> Box:
        """The first of ``places`` that is free, else one on a new line under all others."""
        box = next((place for place in places if self._is_free(place)), None)
        if box is None:
            box = Box(GAP, self.height, width, height)
            self.height += height + GAP
        self.taken.append(box)
        return box

    def _is_free(self, box: Box) -> bool:
        across = box.left >= 0 and box.left + box.width <= WIDTH
        down = box.top >= 0 and box.top + box.height <= self.height
        return across and down and not any(box.overlaps(other) for other in self.taken)


def _outward(point: Point) -> Iterator[Point]:
    """The point, then points on ever wider rings around it."""
    yield point
    for ring in range(STEP, REACH, STEP):
        yield from (Point(round(point.x + ring * x), round(point.y + ring * y)) for x, y in DIRECTIONS)


def _beside(point: Point, width: int, rings: Iterable[int]) -> Iterator[Box]:
    """Boxes for a name on ``rings`` around the point, each with an edge or a corner towards it."""
    for ring in rings:
        for x, y in DIRECTIONS:
            left = point.x + ring * x - width / 2 + width / 2 * _side(x)
            top = point.y + ring * y - LINE / 2 + LINE / 2 * _side(y)
            slides = (0, width / 4, -width / 4) if _side(x) == 0 else (0,)
            yield from (Box(round(left + slide), round(top), width, LINE) for slide in slides)


def _side(direction: float) -> float:
    """-1, 0 or 1: where a box stands that is to be seen in a direction; 0 is the middle."""
    return 0.0 if abs(direction) < 0.3 else math.copysign(1, direction)


def _around(point: Point, radius: int) -> Box:
    return Box(point.x - radius, point.y - radius, radius * 2, radius * 2)


def _is_nearest(point: Point, box: Box, points: Iterable[Point]) -> bool:
    """Whether the name in the box cannot be taken for that of another point."""
    away = _away(point, box)
    return all(_away(other, box) > away + GAP for other in points if other != point)


def _away(point: Point, box: Box) -> float:
    return math.dist(point, box.nearest(point))
