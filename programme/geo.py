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


# Driving in a city of this size, fitted roughly: a start of 5 minutes and 23 km/h in a straight line. Source: own (★).
TRAVEL_BASE = 5
TRAVEL_NUMERATOR = 13
TRAVEL_DENOMINATOR = 5000


def travel_minutes(a: tuple[int, int], b: tuple[int, int]) -> int:
    """Whole minutes from ``a`` to ``b`` (metres on the plane): 0 on the spot, else the base and the straight line."""
    if a == b:
        return 0
    metres = math.isqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)
    return TRAVEL_BASE - (-TRAVEL_NUMERATOR * metres // TRAVEL_DENOMINATOR)
