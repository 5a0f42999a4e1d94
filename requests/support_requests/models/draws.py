"""Draws (抽選): a secret of each month, whose hash everybody sees before and the secret itself afterwards."""

import hashlib
import secrets
from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.fiscal import Month


def _new_seed() -> str:
    return secrets.token_hex(32)


class DrawManager(models.Manager["Draw"]):
    def of(self, month: Month) -> "Draw":
        """The month's, made if it is not there: nobody can choose another one afterwards."""
        return self.get_or_create(year=month.year, month=month.month)[0]

    def commit(self) -> None:
        """See that this month's and the next one's are there, before anybody knows who will be in them."""
        month = Month.of(timezone.localdate())
        for each in (month, month.next):
            self.of(each)


class Draw(models.Model):
    """One month's draw. Plans made in that month use it, however often they are made again. See docs/adr/0032."""

    year = models.PositiveSmallIntegerField()
    month = models.PositiveSmallIntegerField()
    seed = models.CharField(max_length=64, default=_new_seed, editable=False)
    committed_at = models.DateTimeField(default=timezone.now)

    objects = DrawManager()

    class Meta:
        verbose_name = _("抽選")
        verbose_name_plural = _("抽選")
        ordering = ["-year", "-month"]
        constraints = [
            models.UniqueConstraint(fields=["year", "month"], name="draw_once_a_month"),
            models.CheckConstraint(name="draw_month_is_one", condition=Q(month__range=(1, 12))),
        ]

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    @property
    def commitment(self) -> str:
        """SHA-256 of the seed: shown from the beginning."""
        return hashlib.sha256(self.seed.encode()).hexdigest()

    @property
    def is_open(self) -> bool:
        """Whether the seed may be read: its month is over."""
        return Month.of(timezone.localdate()) > Month(self.year, self.month)

    def lot(self, number: int) -> str:
        """The lot of the request with this running number: SHA-256 of "seed:number". The smallest is drawn first."""
        return hashlib.sha256(f"{self.seed}:{number}".encode()).hexdigest()

    def order(self, numbers: Iterable[int]) -> list[int]:
        """The numbers as they were drawn."""
        return sorted(numbers, key=self.lot)
