"""Plans: what the matcher proposes for a time, kept so that people can look at it before anything happens."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from programme.lifecycle import Move, Stateful
from support_requests.models.draws import Draw
from support_requests.models.requests import SupportRequest
from supporters.models import Shift, Supporter


class Plan(Stateful):
    """One run of the matcher over the open requests and understaffed shifts from ``first`` to ``last``."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("計算待ち")
        SOLVING = "solving", _("計算中")
        READY = "ready", _("確認してください")
        FAILED = "failed", _("計算できませんでした")
        APPROVING = "approving", _("お願いを送っています")
        APPROVED = "approved", _("承認済み")
        DISCARDED = "discarded", _("使わない")

    TRANSITIONS = {
        Status.WAITING: {Status.SOLVING, Status.DISCARDED},
        # Back to "waiting" when the worker that solved it died.
        Status.SOLVING: {Status.READY, Status.FAILED, Status.WAITING},
        Status.READY: {Status.APPROVING, Status.DISCARDED},
        Status.APPROVING: {Status.APPROVED},
        Status.FAILED: {Status.WAITING, Status.DISCARDED},
    }

    first = models.DateField(_("最初の日"))
    last = models.DateField(_("最後の日"))
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    claimed_at = models.DateTimeField(null=True, blank=True)
    served_weight = models.PositiveIntegerField(null=True, blank=True)
    bound = models.PositiveIntegerField(null=True, blank=True)  # proven: no plan serves more weight than this
    q = models.BigIntegerField(null=True, blank=True)  # the matcher's second objective, lower is better
    q_bound = models.BigIntegerField(null=True, blank=True)  # proven, where it is known
    problem_hash = models.CharField(max_length=64, blank=True)  # SHA-256 of the facts that it was made from
    version = models.CharField(max_length=40, blank=True)  # of the matcher and its solver
    # How far the worker is: {"stage": "greedy" | "weight" | "quality", "served_weight": …, "bound": …}
    progress: Any = models.JSONField(default=dict, blank=True)
    # Whom to look for, see planning/advising.py: [{"district", "weekday", "from", "to" (minutes), "topics": [[code,
    # level]], "lead", "needs", "weight", "tasks": [{"key", "starts_at", "team": [supporters beside the new one]}]}]
    recruits: Any = models.JSONField(default=list, blank=True)
    # Shifts with a place that somebody declined; none: everything that is open is planned.
    mends = models.ManyToManyField(Shift, blank=True, related_name="mended_by")
    draw = models.ForeignKey(Draw, null=True, blank=True, on_delete=models.PROTECT, related_name="plans")
    # What was decided by lot, see planning/drawing.py: [{"won": request, "lost": request, "about": "people" | "room"}]
    contests: Any = models.JSONField(default=list, blank=True)
    message = models.CharField(max_length=300, blank=True)  # why it failed

    class Meta:
        verbose_name = _("計画")
        verbose_name_plural = _("計画")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="plan_ends_after_start", condition=Q(last__gte=F("first"))),
            models.CheckConstraint(
                name="plan_status_known",
                condition=Q(status__in=["waiting", "solving", "ready", "failed", "approving", "approved", "discarded"]),
            ),
            models.CheckConstraint(
                name="plan_weight_and_bound_paired",
                condition=Q(served_weight=None, bound=None) | Q(served_weight__isnull=False, bound__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last} ({self.get_status_display()})"


class PlanMove(Move):
    subject = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="moves")


class PlannedTask(models.Model):
    """What the plan says of one request or one understaffed shift: a time and a team, or why nobody can go."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="tasks")
    request = models.ForeignKey(SupportRequest, null=True, on_delete=models.CASCADE, related_name="planned")
    shift = models.ForeignKey(Shift, null=True, on_delete=models.CASCADE, related_name="planned")
    asked_hash = models.CharField(max_length=64, blank=True)  # SHA-256 of what the group asked for when planned
    starts_at = models.DateTimeField(null=True)  # null: not served
    # Of what is not served, per wished start: [{"starts_at": ISO, "level": …, "missing": [codes]}], see
    # docs/matching.md; besides the matcher's levels there are "past", "outside", "closed" and "room".
    explanation: Any = models.JSONField(default=list)
    # The next best people, least costly first: [{"supporter", "starts_at", "replaces", "leaves": [keys], "weight",
    # "q"}], see planning/advising.py
    others: Any = models.JSONField(default=list, blank=True)
    outcome = models.CharField(max_length=300, blank=True)  # why approving it was refused
    # When its people were asked: with the plan, or by itself before the rest.
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="planned_task_is_of_one_thing",
                condition=Q(request=None, shift__isnull=False) | Q(request__isnull=False, shift=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request or self.shift}"


class PlannedMember(models.Model):
    task = models.ForeignKey(PlannedTask, on_delete=models.CASCADE, related_name="team")
    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="planned")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "supporter"], name="planned_member_once")]

    def __str__(self) -> str:
        return str(self.supporter)


class PlanOverride(models.Model):
    """Somebody whom the office sends instead of the one whom the plan chose, and why. It stays with the plan."""

    task = models.ForeignKey(PlannedTask, on_delete=models.CASCADE, related_name="overrides")
    instead_of = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="+")
    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("理由"), max_length=200)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.CheckConstraint(name="plan_override_has_reason", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.instead_of} → {self.supporter}"


class PlanPart(models.Model):
    """A part of a large plan on its way to a worker and back; it goes when its plan has the answer."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="parts")
    asked: Any = models.JSONField()  # ``matching.pack`` of the part
    answer: Any = models.JSONField(null=True)  # likewise; null also for "nothing better"
    claimed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="plan_part_answered_by_somebody", condition=Q(answered_at=None) | Q(claimed_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.pk}"
