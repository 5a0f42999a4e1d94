"""The week board's sandbox: who shall go where, before anything happens. See docs/adr/0029."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.models import User
from supporters.models import Assignment, Shift, Supporter


class BoardQuerySet(models.QuerySet["Board"]):
    def of(self, user: User, monday: dt.date) -> Self:
        return self.filter(made_by=user, monday=monday)

    def open(self) -> Self:
        """Those whose steps are still proposals."""
        return self.filter(committed_at=None)


class Board(models.Model):
    """What one coordinator would change in one week. Open until it is committed, all at once; then it can be undone."""

    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    monday = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)
    committed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = BoardQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["made_by", "monday"], condition=Q(committed_at=None), name="board_open_once_a_week"
            ),
            models.CheckConstraint(
                name="board_undone_after_commit", condition=Q(undone_at=None) | Q(committed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monday}"


class BoardStep(models.Model):
    """One person leaves a shift, comes to one, or both. What a commit made of it is kept, so that it can be undone."""

    class How(models.TextChoices):
        ASK = "ask", _("お願いを送る")
        AGREED = "agreed", _("本人が承知している")

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="steps")
    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="+")
    leaves = models.ForeignKey(Shift, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    goes = models.ForeignKey(Shift, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    how = models.CharField(max_length=10, choices=How.choices, default=How.ASK)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    # After the commit: the duty that was left, how it stood before, and the one that was made.
    left = models.ForeignKey(Assignment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    left_status = models.CharField(max_length=20, blank=True)
    made = models.ForeignKey(Assignment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_status = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="board_step_moves_somebody",
                condition=Q(leaves__isnull=False, goes=None)
                | Q(leaves=None, goes__isnull=False)
                | Q(leaves__isnull=False, goes__isnull=False) & ~Q(leaves=F("goes")),
            ),
            models.UniqueConstraint(fields=["board", "supporter", "goes"], name="board_step_comes_once"),
            models.UniqueConstraint(fields=["board", "supporter", "leaves"], name="board_step_leaves_once"),
            models.CheckConstraint(name="board_step_how_known", condition=Q(how__in=["ask", "agreed"])),
        ]

    def __str__(self) -> str:
        return f"{self.supporter}: {self.leaves_id} → {self.goes_id}"
