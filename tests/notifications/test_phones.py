"""Phone numbers as people type them."""

import pytest
from django.core.exceptions import ValidationError

from notifications.phones import e164, takes_sms


@pytest.mark.parametrize(
    "typed",
    [
        "090-1234-5678",
        "０９０－１２３４－５６７８",
        "090ー1234ー5678",
        "090−1234−5678",
        "09012345678",
        " 090 1234 5678 ",
    ],
)
def test_every_way_of_typing_a_mobile_number_is_the_same_number(typed: str) -> None:
    assert e164(typed) == "+819012345678"


def test_a_landline_takes_no_sms() -> None:
    assert (takes_sms(e164("027-224-1111")), takes_sms(e164("070-1234-5678")), takes_sms("")) == (False, True, False)


@pytest.mark.parametrize("typed", ["224-1111", "電話なし", "090-1234-567", "0000000000"])
def test_what_is_no_number_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(ValidationError, match="027-224-1111"):
        e164(typed)


@pytest.mark.parametrize("typed", ["+881612345678", "+447400123456", "+8801712345678", "+1 212 555 0100"])
def test_no_number_of_another_country_is_taken_and_none_gets_an_sms(typed: str) -> None:
    assert not takes_sms("".join(typed.split()))
    with pytest.raises(ValidationError):
        e164(typed)


def test_no_number_is_no_error() -> None:
    assert e164("  ") == ""
