"""Reservations: a short slot at a desk, for those who do not like to wait. Walk-ins are served all the same."""

import datetime as dt
import secrets
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.models.desks import Opening
from notifications.models import Contact
from programme.models import Topic


def new_number() -> str:
    """Four digits to say at the desk; not a secret."""
    return f"{secrets.randbelow(10_000):04}"


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def standing(self) -> Self:
        return self.filter(cancelled_at=None)

    def coming(self) -> Self:
        return self.standing().filter(opening__shift__ends_at__gt=timezone.now())


class Reservation(models.Model):
    """Somebody's slot: ``offset`` minutes after the opening's start, at one of its places.

    The name, the contact and what was told to it are erased after the day (``consult.reserving.forget``); the row
    stays, to be counted.
    """

    form_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    opening = models.ForeignKey(Opening, on_delete=models.PROTECT, related_name="reservations")
    offset = models.PositiveSmallIntegerField()
    place = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(_("お名前"), max_length=100, blank=True)  # exactly as typed
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="reservations")
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("予約番号"), max_length=4, default=new_number)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)  # the office's; the holder need not give one

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("予約")
        verbose_name_plural = _("予約")
        ordering = ["opening", "offset", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["opening", "offset", "place"], condition=Q(cancelled_at=None), name="reservation_slot_once"
            ),
            models.CheckConstraint(name="reservation_has_place", condition=Q(place__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.opening} +{self.offset}"

    @property
    def starts_at(self) -> dt.datetime:
        """When it begins; of a cancelled one, when it would have begun: what was moved after that does not move it."""
        moved = self.cancelled_at and self.opening.reschedulings.filter(at__gte=self.cancelled_at).first()
        opens = moved.from_starts_at if moved else self.opening.shift.starts_at
        return opens + dt.timedelta(minutes=self.offset)

    @property
    def is_over(self) -> bool:
        return self.starts_at <= timezone.now()
