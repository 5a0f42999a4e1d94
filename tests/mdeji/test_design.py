"""The living page, and what it promises: colours that can be told apart, text that can be read."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from mdeji.catalogues import homes
from mdeji.contrast import contrast
from mdeji.design import GROUPS, TOKENS, Tokens
from programme.models import User

STYLE_SHEETS = [sheet for home in homes() for sheet in home.glob("static/**/*.css")]


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(TOKENS.read_text())


def test_black_on_white_is_the_most_that_there_is() -> None:
    assert (round(contrast("#000000", "#ffffff"), 1), contrast("#ce0000", "#ce0000")) == (21, 1)
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54  # the lightest grey that may be text on white


def test_colours_that_meet_can_be_told_apart_by_day_and_by_night(tokens: Tokens) -> None:
    poor = [
        (pair.front, pair.behind, round(pair.by_day, 2), round(pair.by_night, 2))
        for pair in tokens.pairs
        if min(pair.by_day, pair.by_night) < pair.least
    ]
    assert poor == []


def test_no_sheet_but_the_tokens_names_a_colour() -> None:
    named = [
        (sheet.name, colour)
        for sheet in STYLE_SHEETS
        if sheet != TOKENS
        for colour in re.findall(r"#[0-9a-fA-F]{3,8}\b", re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL))
    ]
    assert named == []


def test_every_token_that_a_sheet_uses_is_there(tokens: Tokens) -> None:
    used = {name for sheet in STYLE_SHEETS for name in re.findall(r"var\(--([\w-]+)\)", sheet.read_text())}
    own = {name for sheet in STYLE_SHEETS for name in re.findall(r"--([\w-]+):", sheet.read_text())}
    assert used <= tokens.light.keys() | own


def test_no_text_is_smaller_than_16_pixels_and_all_of_it_grows_with_the_readers_setting(tokens: Tokens) -> None:
    assert min(tokens.sizes("size").values()) == 16
    # The units of the map and of the charts are their own: what they measure grows with the picture.
    sheets = [sheet for sheet in STYLE_SHEETS if sheet.name not in {"map.css", "dashboard.css"}]
    sizes = {size for sheet in sheets for size in re.findall(r"font-size:\s*([^;]+);", sheet.read_text())}
    assert {size for size in sizes if size.endswith("px")} == set()
    assert {size for size in sizes if size.endswith("rem") and float(size[:-3]) < 1} == set()


def test_each_component_is_shown_with_when_to_use_it_and_when_not(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    page = client.get(reverse("design")).content.decode()
    entries = [entry for group in GROUPS for entry in group.entries]
    assert [entry.name for entry in entries if f'<li><a href="#{entry.name}">' not in page] == []
    assert [entry.name for entry in entries if f'<section id="{entry.name}"' not in page] == []
    assert page.count("使わないとき</dt>") == len(entries)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))


def test_the_page_asks_the_database_as_little_as_any(
    client: Client, coordinator: User, django_assert_max_num_queries: object
) -> None:
    client.force_login(coordinator)
    with django_assert_max_num_queries(3):  # type: ignore[operator]  # session, user, programme
        client.get(reverse("design"))
