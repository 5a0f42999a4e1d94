"""/s/…: an SMS names a private page by ten signs instead of some ninety. See docs/adr/0028."""

import re
import secrets

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from notifications import links
from notifications.models import ShortLink

# Without those that are taken for one another: some type them from the phone into a computer. 55**10 > 2**57.
SIGNS = "23456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 10


def shorten(text: str) -> tuple[str, list[ShortLink]]:
    """``text`` with a short address for each of ours that is longer than one; the rows to save with it."""
    made: dict[str, ShortLink] = {}

    def short(found: re.Match[str]) -> str:
        token = "".join(secrets.choice(SIGNS) for _sign in range(LENGTH))
        address = links.absolute(reverse("short_link", args=[token]))
        if len(address) >= len(found[0]):
            return found[0]
        made[address] = ShortLink(digest=digest(token), path=found[1])
        return address

    return re.sub(rf"{re.escape(settings.SITE_URL)}(/[^\s]*)", short, text), list(made.values())


def digest(token: str) -> str:
    return salted_hmac("mdeji.short-link", token, algorithm="sha256").hexdigest()


def forget() -> int:
    """Delete the rows whose long link has ended. Returns how many."""
    return ShortLink.objects.filter(made_at__lt=timezone.now() - ShortLink.LIFETIME).delete()[0]


def path_of(token: str) -> str:
    """Where the short address leads. Raises BadLink."""
    path = ShortLink.objects.filter(digest=digest(token)).values_list("path", flat=True).first()
    if path is None:
        raise links.BadLink
    return path
