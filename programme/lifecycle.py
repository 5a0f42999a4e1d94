"""Lifecycles as data: allowed moves beside the enum, each move recorded with who and when."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from programme.errors import ChangedMeanwhile


class Move(models.Model):
    """One recorded change of state. Concrete subclasses add ``subject``, a foreign key with related_name "moves"."""

    from_status = models.CharField(max_length=20)
    to_status = models.CharField(max_length=20)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"


class Stateful(models.Model):
    """A model whose ``status`` moves only along ``TRANSITIONS`` and leaves a ``Move`` behind each time."""

    TRANSITIONS: ClassVar[dict[str, set[str]]]
    Status: Any
    status: Any

    class Meta:
        abstract = True

    @property
    def state(self) -> str:
        """Its status in words, as ``get_status_display``, which puts all there are into words for each row."""
        return str(self.Status(self.status).label)

    def save(self, *args: Any, **options: Any) -> None:
        """As ever, but a row's status is left alone: it changes only by a move, never by a stale form."""
        if not self._state.adding and options.get("update_fields") is None and not options.get("force_insert"):
            fields = (field for field in self._meta.concrete_fields if not field.primary_key)
            options["update_fields"] = [field.name for field in fields if field.name != "status"]
        super().save(*args, **options)

    @transaction.atomic
    def _move(self, to: str, *, by: Any, reason: str = "", kept: Mapping[str, Any] | None = None, **facts: Any) -> Self:
        """Move to ``to`` and set ``facts`` in one conditional UPDATE; the loser of a race gets ChangedMeanwhile.

        ``kept``: what the subclass's Move notes besides.
        """
        came_from = self.status
        if to not in self.TRANSITIONS.get(came_from, set()):
            raise ChangedMeanwhile
        rows = type(self)._base_manager.filter(pk=self.pk, status=came_from)
        if rows.update(status=to, **facts) != 1:
            raise ChangedMeanwhile
        for name, value in {"status": to, **facts}.items():
            setattr(self, name, value)
        moves: Any = self.moves  # type: ignore[attr-defined]  # each subclass's Move names itself "moves"
        moves.create(from_status=came_from, to_status=to, by=by, reason=reason, **(kept or {}))
        return self
