"""What must not stand in a note: anything by which a person could be found."""

import re
import unicodedata

from django.core.exceptions import ValidationError

from consult.errors import PersonalData
from programme.text import ascii_number

KANJI_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
# A run without a gap is long from here on: years and prices have four digits.
DIGITS_IN_ONE = 5
# With gaps ("1234-5678-9012") from here on: "Android 14 2024年" and "#9110・188" have fewer.
DIGITS_WITH_GAPS = 8
GAP = r"[\s().・_-]{0,3}"
LOCAL_NUMBER = r"\d{3}[\s-]{1,2}\d{4}"  # a phone number without its area, or a postcode
LONG_NUMBER = re.compile(rf"\d{{{DIGITS_IN_ONE}}}|\d(?:{GAP}\d){{{DIGITS_WITH_GAPS - 1}}}|{LOCAL_NUMBER}")


def has_personal_data(note: str) -> bool:
    """Whether ``note`` has a long run of digits, however typed, or an "@" as in a mail address."""
    seen = "".join(sign for sign in note if unicodedata.category(sign) != "Cf")  # no invisible signs between digits
    text = ascii_number(seen).translate(KANJI_DIGITS)
    return "@" in text or LONG_NUMBER.search(text) is not None


def refuse_personal_data(note: str) -> None:
    """The validator of notes: ValidationError with the sentence of ``PersonalData``."""
    if has_personal_data(note):
        raise ValidationError(str(PersonalData()), code="personal_data")
