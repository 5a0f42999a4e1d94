"""Degrees to metres on the plane, good for an area the size of a prefecture."""

import math

METRES_PER_DEGREE = 111_320.0
# The plane touches the earth here: the middle of the programme's area does not matter to a few metres.
ORIGIN_LATITUDE = 36.4
ORIGIN_LONGITUDE = 139.1


def to_metres(latitude: float, longitude: float) -> tuple[int, int]:
    """(x east, y north) in whole metres from the origin: an equirectangular projection."""
    x = (longitude - ORIGIN_LONGITUDE) * METRES_PER_DEGREE * math.cos(math.radians(ORIGIN_LATITUDE))
    y = (latitude - ORIGIN_LATITUDE) * METRES_PER_DEGREE
    return round(x), round(y)


# Each journey begins with so many minutes, whatever the way: to the car, to the stop. Source: own (★).
TRAVEL_BASE = 5
# The pace of a way of travelling (a limit: ``Limits.pace_of``) is in minutes for so many metres of straight line.
PACE_METRES = 10_000


def travel_minutes(a: tuple[int, int], b: tuple[int, int], pace: int) -> int:
    """Whole minutes from ``a`` to ``b`` (metres on the plane): 0 on the spot, else the base and the straight line."""
    if a == b:
        return 0
    metres = math.isqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)
    return TRAVEL_BASE - (-pace * metres // PACE_METRES)


def at_other_pace(minutes: int, pace: int, other: int) -> int:
    """How long, at pace ``other``, the way lasts that takes ``minutes`` at ``pace``; rounded down."""
    if pace == other or minutes <= TRAVEL_BASE:
        return minutes
    return TRAVEL_BASE + (minutes - TRAVEL_BASE) * other // pace
