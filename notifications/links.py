"""Signed links for people without an account. A link serves one purpose; what it may still do, the row decides."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _

from programme.errors import Refused

# The purposes of the links by which contacts set how they are told (the language was all at first) and prove addresses.
LANGUAGE = "language"
MAIL = "mail"
MOBILE = "mobile"


class BadLink(Refused):
    """The token was altered, cut off by a mail program, or made for another purpose."""

    sentence = _("このリンクは正しく読み取れませんでした。メールのリンクを最後まで写しているか、ご確認ください。")


class ExpiredLink(Refused):
    sentence = _("このリンクの期限が過ぎました。お手数ですが、事務局へお問い合わせください。")


def token(purpose: str, key: object) -> str:
    """A URL-safe token that only ``read(purpose, ...)`` accepts."""
    return signing.TimestampSigner(salt=f"mdeji.{purpose}").sign(str(key)).replace(":", ".")


def read(purpose: str, text: str, *, max_age: timedelta | None = None) -> str:
    """The key inside a token. Raises BadLink or ExpiredLink."""
    try:
        return signing.TimestampSigner(salt=f"mdeji.{purpose}").unsign(text.replace(".", ":"), max_age=max_age)
    except signing.SignatureExpired as error:
        raise ExpiredLink from error
    except signing.BadSignature as error:
        raise BadLink from error


def absolute(path: str) -> str:
    """The address that a message carries for a path of ours."""
    return settings.SITE_URL + path
