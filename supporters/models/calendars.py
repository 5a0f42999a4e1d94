"""The private address at which a supporter's own calendar program fetches the duties."""

import datetime as dt
import secrets

from django.db import models
from django.urls import reverse
from django.utils import timezone

from notifications import links
from supporters.models.people import Supporter

LOOKING_BACK = dt.timedelta(days=31)
"""duties that are over stay in the calendar for so long"""


def _secret() -> str:
    return secrets.token_urlsafe(24)


class CalendarAddress(models.Model):
    """A secret address: whoever has it reads the duties, and can do nothing else. One a person; deleted, it is gone."""

    supporter = models.OneToOneField(Supporter, on_delete=models.CASCADE, related_name="calendar_address")
    secret = models.CharField(max_length=40, unique=True, default=_secret)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.supporter} {self.made_at:%Y-%m-%d}"

    @classmethod
    def renew(cls, supporter: Supporter) -> "CalendarAddress":
        """Give the person an address; the one they had before leads nowhere from now on."""
        fresh = {"secret": _secret(), "made_at": timezone.now()}
        return cls.objects.update_or_create(supporter=supporter, defaults=fresh)[0]

    @property
    def url(self) -> str:
        return links.absolute(reverse("supporters:own_calendar", args=[self.secret]))

    @property
    def webcal(self) -> str:
        """The address that makes a phone or a computer open its calendar program, to subscribe."""
        return f"webcal://{self.url.partition('://')[2]}"
