"""Postcodes as people type them, and the places that they stand for."""

import pytest
from django.core.exceptions import ValidationError

from programme.postcode import place_of, read_postcode, say_postcode
from programme.widgets import PostcodeField


@pytest.mark.parametrize("typed", ["371-0027", "3710027", "〒371-0027", "３７１ー００２７", "371−0027", " 371 0027 "])
def test_a_postcode_is_read_however_it_is_typed(typed: str) -> None:
    assert read_postcode(typed) == "3710027"


@pytest.mark.parametrize(
    ("typed", "read"), [("", ""), ("〒", ""), ("371-002", None), ("371-00271", None), ("群馬", None)]
)
def test_what_is_no_postcode_is_told_from_nothing(typed: str, read: str | None) -> None:
    assert read_postcode(typed) == read


@pytest.mark.parametrize(
    ("digits", "place"),
    [
        ("3710026", "前橋市大手町"),
        ("3718601", "前橋市大手町2丁目12-1"),
        ("3710000", "前橋市"),
        ("9999999", ""),
        ("", ""),
    ],
)
def test_the_place_of_a_postcode(digits: str, place: str) -> None:
    assert place_of(digits) == place


def test_several_towns_of_one_postcode_are_nobodys_guess() -> None:
    assert place_of("4980000") == "弥富市"


def test_a_postcode_is_said_with_its_hyphen() -> None:
    assert (say_postcode("3710027"), say_postcode("")) == ("371-0027", "")


def test_a_form_takes_a_postcode_however_it_is_typed_and_says_it_as_people_write_it() -> None:
    field = PostcodeField()
    assert field.say(field.clean("３７１ー００２７")) == "371-0027"
    assert field.say(field.clean("")) == ""
    with pytest.raises(ValidationError, match="7けたの数字"):
        field.clean("371-002")
