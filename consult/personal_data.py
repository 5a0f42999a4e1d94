"""What must not stand in a note or a reason: anything by which a person could be found."""

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
GAP = r"[\W_]{0,3}"  # any signs but letters and digits: spaces, hyphens, slashes, commas
# What has digits with gaps and is nobody's: 2026/11/21, 10:30.
DAY = r"20[0-9]{2}/[01]?[0-9]/[0-3]?[0-9]"
HOUR = r"[0-2]?[0-9]:[0-5][0-9]"
DAY_OR_HOUR = re.compile(rf"(^|[^0-9:/])(?:{DAY}|{HOUR})(?![0-9:/])")
LOCAL_NUMBER = r"\d{3}[\s-]{1,2}\d{4}"  # a phone number without its area, or a postcode
LONG_NUMBER = re.compile(rf"\d{{{DIGITS_IN_ONE}}}|\d(?:{GAP}\d){{{DIGITS_WITH_GAPS - 1}}}|{LOCAL_NUMBER}")


def has_personal_data(note: str) -> bool:
    """Whether ``note`` has a long run of digits, however typed, or an "@" as in a mail address."""
    seen = "".join(sign for sign in note if unicodedata.category(sign) != "Cf")  # no invisible signs between digits
    text = DAY_OR_HOUR.sub(r"\1t", ascii_number(seen).translate(KANJI_DIGITS))
    return "@" in text or LONG_NUMBER.search(text) is not None


def refuse_personal_data(note: str) -> None:
    """The validator of notes and reasons: ValidationError with the sentence of ``PersonalData``."""
    if has_personal_data(note):
        raise ValidationError(str(PersonalData()), code="personal_data")
