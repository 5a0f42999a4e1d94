"""A hall's tablets: enrolled by a link that works once, known by a token of which only the hash is kept.

A token is no account: it opens the log of one desk over the API and nothing else. See docs/adr/0017.
"""

import datetime as dt
import hashlib
import secrets
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consult.models.desks import Desk
from programme.errors import Refused
from programme.models.records import RecordedQuerySet, recorded

LINK_LASTS = dt.timedelta(minutes=30)
SEEN_EVERY = dt.timedelta(minutes=5)
"""how exactly ``last_seen_at`` is kept: not every request writes it"""
TAKES_BACK_WITHIN = dt.timedelta(days=1)
NAME_LENGTH = 60


class LinkOver(Refused):
    sentence = _("この登録用のリンクは、もう使われたか、期限が過ぎています。事務局で新しいQRコードを出してください。")


def digest(secret: str) -> str:
    """What is kept of a secret that we made ourselves: it is long and random, so a plain hash hides it."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TabletQuerySet(RecordedQuerySet["Tablet"]):
    def enrolled(self) -> Self:
        return self.filter(revoked_at=None)

    def of_token(self, token: str) -> "Tablet | None":
        """The tablet that holds ``token``, unless it was revoked."""
        return next(iter(self.enrolled().filter(token_hash=digest(token)).order_by()), None)


@recorded(
    leave_out=("desk", "token_hash", "enrolled_by", "last_seen_at"),
    names={"enrolled_at": _("登録した日時"), "revoked_at": _("取り消した時"), "revoked_by": _("取り消した人")},
)
class Tablet(models.Model):
    """A device that stands at a desk and may log there, whoever is on duty."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="tablets")
    name = models.CharField(_("端末の名前"), max_length=NAME_LENGTH)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    enrolled_at = models.DateTimeField(default=timezone.now)
    enrolled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    last_seen_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = TabletQuerySet.as_manager()

    class Meta:
        verbose_name = _("端末")
        verbose_name_plural = _("端末")
        ordering = ["revoked_at", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="tablet_revoked_is_whole",
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def may_take_back(self) -> Any:
        """The cases that it sent within the last day, as a queryset: one undone offline may come overnight."""
        return self.cases.filter(logged_at__gt=timezone.now() - TAKES_BACK_WITHIN)

    def seen(self) -> None:
        """Note that the tablet has just been here, at most every five minutes."""
        now = timezone.now()
        if self.last_seen_at is None or now - self.last_seen_at >= SEEN_EVERY:
            type(self).objects.filter(pk=self.pk).update(last_seen_at=now)

    @transaction.atomic
    def revoke(self, *, by: Any) -> None:
        """From now on neither the token nor a link for enrolling anew opens anything. What was logged stays. Twice is
        once."""
        # The links first: one that is being used now is waited for, and what it enrolled is taken out with the rest.
        Invitation.objects.open().filter(tablet=self).update(expires_at=timezone.now())
        type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by)
        self.refresh_from_db()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def make(self, *, desk: Desk, name: str, by: Any, tablet: Tablet | None = None) -> tuple["Invitation", str]:
        """An invitation and the secret of its link, which is kept nowhere. ``tablet`` is one to be enrolled anew."""
        secret = secrets.token_urlsafe(24)
        now = timezone.now()
        row = self.create(
            desk=desk,
            name=name,
            tablet=tablet,
            secret_hash=digest(secret),
            made_at=now,
            made_by=by,
            expires_at=now + LINK_LASTS,
        )
        return row, secret

    def open(self) -> Self:
        return self.filter(used_at=None, expires_at__gt=timezone.now())

    def of_secret(self, secret: str) -> "Invitation":
        """Raises LinkOver when the link was used, is too old, or never was one."""
        found = self.open().select_related("desk", "tablet").filter(secret_hash=digest(secret)).first()
        if found is None:
            raise LinkOver
        return found


class Invitation(models.Model):
    """A link by which one tablet is enrolled once, within half an hour."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="invitations")
    name = models.CharField(_("端末の名前"), max_length=NAME_LENGTH)
    tablet = models.ForeignKey(Tablet, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(name="invitation_expires_later", condition=Q(expires_at__gt=models.F("made_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.desk} {self.name}"

    @transaction.atomic
    def accept(self) -> tuple[Tablet, str]:
        """Enrol the tablet: (its row, the token that it shall keep). Of two at once, one has it: LinkOver."""
        if type(self).objects.open().filter(pk=self.pk).update(used_at=timezone.now()) != 1:
            raise LinkOver
        token = secrets.token_urlsafe(32)
        facts = {
            "desk": self.desk,
            "name": self.name,
            "token_hash": digest(token),
            "enrolled_at": timezone.now(),
            "enrolled_by": self.made_by,
            "revoked_at": None,
            "revoked_by": None,
        }
        if self.tablet is None:
            return Tablet.objects.create(**facts), token
        Tablet.objects.filter(pk=self.tablet.pk).update(**facts)
        self.tablet.refresh_from_db()
        return self.tablet, token
