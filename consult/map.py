"""The finder's map: the districts with their names and the desks as numbered pins, drawn without tiles or borders.

Only points are known, so it is a sketch: soft discs of land, a dot for each district. Units are those of the SVG,
x to the right and y down; consult/static/consult/finder.css gives the text the sizes that are reckoned with here.
No two names or pins overlap, wherever the points are: each takes the nearest free place around its point, with a
line when that is some way off, and the sheet grows when there is none.
"""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH = 320
# The tallest field of points; the sheet grows beyond it for names that find no place.
TALLEST = 380
MARGIN = 38
LAND = 36
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
# Under the points, for the scale.
FOOT = 24
BAR_KILOMETRES = (50, 20, 10, 5, 2, 1)
DIRECTIONS = 16
LEAST_SPAN = 1000  # metres: points closer than that are not drawn farther apart


class Point(NamedTuple):
    x: int
    y: int


class Box(NamedTuple):
    left: int
    top: int
    width: int
    height: int

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


@dataclass(frozen=True, slots=True)
class Map:
    width: int
    height: int
    districts: list[Mark]
    pins: list[Mark]
    bar: int
    """length of the scale's bar"""
    bar_kilometres: int

    @property
    def chosen(self) -> bool:
        """Whether the reader's own district is marked."""
        return any(mark.chosen for mark in self.districts)

    @property
    def bar_at(self) -> Point:
        return Point(GAP * 3, self.height - FOOT // 3)


def draw(districts: Sequence[Site], desks: Sequence[Site], chosen: int | None = None) -> Map:
    """The map of ``districts``, at least one; ``chosen`` is the index of the reader's own.

    A desk that lies outside of the districts is drawn at the edge: a wrong coordinate must not shrink the city.
    """
    plan = _Plan(districts)
    pins = [plan.put_pin(desk.name, plan.point_of(desk)) for desk in desks]
    points = [plan.point_of(district) for district in districts]
    covered = [any(_away(point, pin.box) < GAP for pin in pins) for point in points]
    for index, point in enumerate(points):
        plan.taken.append(_around(point, DOT * 2 if index == chosen else DOT))
    names: dict[int, Mark] = {}
    for index in sorted(range(len(points)), key=lambda index: -_crowd(points[index], points)):
        name = shorten(districts[index].name)
        names[index] = plan.put_name(name, points[index], chosen=index == chosen, covered=covered[index])
    bar_kilometres = next((km for km in BAR_KILOMETRES if km * 1000 * plan.scale <= WIDTH / 4), BAR_KILOMETRES[-1])
    return Map(
        width=WIDTH,
        height=plan.height + FOOT,
        districts=[names[index] for index in range(len(points))],
        pins=pins,
        bar=round(bar_kilometres * 1000 * plan.scale),
        bar_kilometres=bar_kilometres,
    )


def text_width(text: str) -> int:
    """How wide a name is drawn, in bold at the most: a Japanese sign is square, a Latin letter narrower."""
    wide = sum(unicodedata.east_asian_width(sign) in "WFA" for sign in text)
    return math.ceil((wide * 1.04 + (len(text) - wide) * 0.66) * TEXT)


def shorten(name: str) -> str:
    """A name without what stands in brackets, cut where it is too long for a map."""
    short = name.partition("(")[0].partition("(")[0].strip() or name
    if text_width(short) <= NAME_LONGEST:
        return short
    while text_width(f"{short}…") > NAME_LONGEST:
        short = short[:-1]
    return f"{short}…"


class _Plan:
    """The sheet while it is filled."""

    def __init__(self, districts: Sequence[Site]) -> None:
        xs, ys = [site.x for site in districts], [site.y for site in districts]
        self.west, self.north = min(xs), max(ys)
        across, down = max(xs) - self.west, self.north - min(ys)
        self.scale = min((WIDTH - 2 * MARGIN) / max(across, LEAST_SPAN), (TALLEST - 2 * MARGIN) / max(down, LEAST_SPAN))
        self.left = round((WIDTH - across * self.scale) / 2)
        self.height = round(down * self.scale) + 2 * MARGIN
        self.taken: list[Box] = []

    def point_of(self, site: Site) -> Point:
        x = self.left + round((site.x - self.west) * self.scale)
        y = MARGIN + round((self.north - site.y) * self.scale)
        return Point(min(max(x, PIN), WIDTH - PIN), min(max(y, PIN), self.height - PIN))

    def put_pin(self, name: str, point: Point) -> Mark:
        places = (_around(middle, PIN) for middle in _outward(point))
        box = self._take(places, PIN * 2, PIN * 2)
        middle = Point(box.left + PIN, box.top + PIN)
        return Mark(name, point, box, (point, middle) if middle != point else None)

    def put_name(self, name: str, point: Point, *, chosen: bool, covered: bool) -> Mark:
        box = self._take(_beside(point, text_width(name)), text_width(name), LINE)
        lead = (point, box.nearest(point)) if _away(point, box) > NEAR else None
        return Mark(name, point, box, lead, chosen=chosen, covered=covered)

    def _take(self, places: Iterable[Box], width: int, height: int) -> Box:
        """The first of ``places`` that is free, with room around it if possible; else a new line under all others."""
        tried = list(places)
        box = next((box for clear in (CLEAR, 0) for box in tried if self._is_free(box, clear)), None)
        if box is None:
            box = Box(GAP, self.height, width, height)
            self.height += height + GAP
        self.taken.append(box)
        return box

    def _is_free(self, box: Box, clear: int) -> bool:
        inside = (
            box.left >= 0 and box.top >= 0 and box.left + box.width <= WIDTH and box.top + box.height <= self.height
        )
        room = Box(box.left - clear, box.top, box.width + 2 * clear, box.height)
        return inside and not any(room.overlaps(other) for other in self.taken)


def _outward(point: Point) -> Iterator[Point]:
    """The point, then points on ever wider rings around it."""
    yield point
    for ring in range(STEP, REACH, STEP):
        yield from (Point(round(point.x + ring * x), round(point.y + ring * y)) for x, y in _directions())


def _beside(point: Point, width: int) -> Iterator[Box]:
    """Boxes for a name, each with an edge or a corner towards the point, ever farther away."""
    for ring in range(DOT + GAP, REACH, STEP):
        for x, y in _directions():
            middle_x = point.x + ring * x + width / 2 * _side(x)
            middle_y = point.y + ring * y + LINE / 2 * _side(y)
            yield Box(round(middle_x - width / 2), round(middle_y - LINE / 2), width, LINE)


def _directions() -> list[tuple[float, float]]:
    """All around, the right first: there a name is looked for."""
    turns = sorted(range(DIRECTIONS), key=lambda turn: (turn % 4, turn % 2, min(turn, DIRECTIONS - turn)))
    return [(math.cos(turn * math.tau / DIRECTIONS), math.sin(turn * math.tau / DIRECTIONS)) for turn in turns]


def _side(direction: float) -> float:
    """-1, 0 or 1: where a box stands that is to be seen in a direction; 0 is the middle."""
    return 0.0 if abs(direction) < 0.3 else math.copysign(1, direction)


def _around(point: Point, radius: int) -> Box:
    return Box(point.x - radius, point.y - radius, radius * 2, radius * 2)


def _away(point: Point, box: Box) -> float:
    return math.dist(point, box.nearest(point))


def _crowd(point: Point, points: Sequence[Point]) -> int:
    """How many points are so near that their names are in each other's way."""
    return sum(math.dist(point, other) < LAND * 2 for other in points)
