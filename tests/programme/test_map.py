"""The finder's map: nothing on it hides anything else, wherever the places are."""

from itertools import combinations

import hypothesis
import pytest
from django.conf import settings
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from programme.geo import to_metres
from programme.map import FOOT, NAME_LONGEST, WIDTH, Box, Map, Site, draw, shorten, text_width
from programme.models import District

metres = st.integers(-30_000, 30_000)
close = st.integers(-300, 300)
names = st.text("前橋上川淵abcWMii ー(", min_size=1, max_size=30)
sites = st.one_of(st.builds(Site, names, metres, metres), st.builds(Site, names, close, close))


def boxes(drawing: Map) -> list[Box]:
    return [mark.box for mark in (*drawing.districts, *drawing.pins)]


def assert_all_can_be_read(drawing: Map) -> None:
    for one, other in combinations(boxes(drawing), 2):
        assert not one.overlaps(other), (one, other)
    for box in boxes(drawing):
        assert box.left >= 0
        assert box.left + box.width <= WIDTH
        assert box.top >= 0
        assert box.top + box.height <= drawing.height - FOOT  # the scale stands below


@hypothesis.settings(deadline=None)
@given(st.lists(sites, min_size=1, max_size=24), st.lists(st.tuples(metres, metres), max_size=24), st.booleans())
def test_no_name_or_pin_covers_another_wherever_they_are(
    districts: list[Site], desks: list[tuple[int, int]], choose: bool
) -> None:
    pins = [Site(str(number), x, y) for number, (x, y) in enumerate(desks, start=1)]
    drawing = draw(tuple(districts), tuple(pins), chosen=0 if choose else None)
    assert_all_can_be_read(drawing)
    assert [mark.name for mark in drawing.pins] == [pin.name for pin in pins]
    assert [mark.name for mark in drawing.districts] == [shorten(district.name) for district in districts]
    assert [mark.chosen for mark in drawing.districts] == [choose] + [False] * (len(districts) - 1)


def test_many_at_one_spot_stand_around_it_and_on_lines_below() -> None:
    crowd = draw((Site("上川淵地区", 0, 0),) * 40, tuple(Site(str(number), 0, 0) for number in range(60)))
    assert_all_can_be_read(crowd)
    assert crowd.height > draw((Site("上川淵地区", 0, 0),)).height


def test_the_north_is_up_and_the_east_is_right() -> None:
    south_west, north_east = draw((Site("南西", 0, 0), Site("北東", 9000, 5000))).districts
    assert south_west.point.x < north_east.point.x
    assert south_west.point.y > north_east.point.y


def test_a_wrong_coordinate_does_not_shrink_the_city() -> None:
    city = (Site("南西", 0, 0), Site("北東", 9000, 5000))
    right, wrong = draw(city), draw(city, (Site("1", -13_900_000, -4_000_000),))
    assert [mark.point for mark in wrong.districts] == [mark.point for mark in right.districts]
    assert_all_can_be_read(wrong)


def test_the_bar_is_as_long_as_its_kilometres() -> None:
    drawing = draw((Site("西", 0, 0), Site("東", 17_000, 0)))
    west, east = drawing.districts
    per_kilometre = (east.point.x - west.point.x) / 17
    assert drawing.bar_kilometres == 5
    assert abs(drawing.bar - 5 * per_kilometre) <= 1


def test_a_pin_on_a_districts_point_takes_the_place_of_its_dot() -> None:
    covered, free = draw((Site("西", 0, 0), Site("東", 17_000, 0)), (Site("1", 0, 0),)).districts
    assert (covered.covered, free.covered) == (True, False)


def test_a_name_is_drawn_without_its_brackets_and_cut_when_it_is_long() -> None:
    assert shorten("まちの まんなか(ほんちょう)") == "まちの まんなか"
    assert shorten("まちの まんなか（ほんちょう）") == "まちの まんなか"
    assert shorten("City centre (Honcho)") == "City centre"
    assert shorten("(上)") == "(上)"
    long = shorten("とても長い名前の地区とその周辺の地区")
    assert long.endswith("…")
    assert text_width(long) <= NAME_LONGEST


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
@pytest.mark.parametrize("chosen", range(16))
def test_every_name_of_the_city_but_one_at_the_most_stands_at_its_point(
    programme_facts: None, language: str, chosen: int
) -> None:
    with translation.override(language):
        named = [(str(district), district.latitude, district.longitude) for district in District.objects.all()]
    districts = tuple(Site(name, *to_metres(*position)) for name, *position in named)
    desks = tuple(Site(str(number), site.x, site.y) for number, site in enumerate(districts[::3], start=1))
    drawing = draw(districts, desks, chosen)
    assert_all_can_be_read(drawing)
    assert len([mark.name for mark in drawing.districts if mark.lead]) <= 1
