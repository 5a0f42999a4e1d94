"""Short addresses in SMS, where each sign counts, for the long signed ones of notifications/links.py."""

import datetime as dt

from django.db import models
from django.utils import timezone


class ShortLink(models.Model):
    """Where a short address leads: to one private page of ours, whose own signed token still decides what it may do.

    Only the token's hash is kept: who reads the table cannot tell which address was sent.
    """

    # As long as the longest of the signed links may work, which is a guardian's; each ends by itself before.
    LIFETIME = dt.timedelta(days=8 * 366)

    digest = models.CharField(max_length=64, unique=True)
    path = models.CharField(max_length=300)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d}"
