"""Phone numbers: kept as typed, compared as E.164, told apart by what can be sent to them."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from programme.text import ascii_number

JAPAN = 81
# 070, 080 and 090. An SMS costs money, and anybody may ask for one to sign in: it goes nowhere else.
MOBILE = ("+8170", "+8180", "+8190")


def e164(typed: str) -> str:
    """The number in E.164, "" for an empty one. ValidationError when it is no Japanese number."""
    if not typed.strip():
        return ""
    try:
        number = phonenumbers.parse(ascii_number(typed), "JP")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or number.country_code != JAPAN or not phonenumbers.is_valid_number(number):
        raise ValidationError(_("電話番号を市外局番から入力してください。例:027-224-1111"), code="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def takes_sms(number: str) -> bool:
    """Whether an E.164 number is a Japanese mobile one: 027 and other landlines take no SMS."""
    return number.startswith(MOBILE)


def national(number: str) -> str:
    """An E.164 number as people here write it: 090-1234-5678."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.NATIONAL)
