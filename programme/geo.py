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
