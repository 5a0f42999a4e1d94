"""The record: who changed what when, from what to what. Rows are only added; see docs/adr/0030.

django-auditlog notes what ``save`` and ``delete`` do. What ``QuerySet.update`` does, by which this project settles its
races, it does not see: querysets of recorded models are ``RecordedQuerySet``.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from auditlog.diff import model_instance_diff
from auditlog.models import AbstractLogEntry, LogEntryManager
from auditlog.registry import auditlog
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Row = TypeVar("Row", bound=models.Model)

_actor: ContextVar[Callable[[], Any] | None] = ContextVar("actor", default=None)
_settings: dict[type[models.Model], tuple[bool, bool]] = {}


@contextmanager
def acting(actor: Callable[[], Any]) -> Iterator[None]:
    """What is changed within is noted as ``actor()``'s doing. It is asked only when there is something to note."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def recorded(
    *,
    leave_out: Collection[str] = (),
    many: Collection[str] = (),
    names: "Mapping[str, StrOrPromise] | None" = None,
    made: bool = False,
    personal: bool = False,
) -> Callable[[type[Row]], type[Row]]:
    """Note the changes of a model's rows, but for the fields ``leave_out``, with the many-to-many fields ``many``.

    ``names``: what the page calls fields without a name of their own, and what is noted by ``note``.
    ``made``: also that a row was made, where nothing else says by whom. ``personal``: when a row is deleted, what it
    held leaves the record, too; that there was something, and who changed it when, stays.
    """

    def register(model: type[Row]) -> type[Row]:
        _settings[model] = (made, personal)
        auditlog.register(
            model,
            exclude_fields=[model._meta.pk.name, *leave_out],
            mapping_fields=dict(names or {}),
            m2m_fields=set(many),
        )
        return model

    return register


class EntryManager(LogEntryManager):  # type: ignore[misc]  # the library has no types
    def create(self, **facts: Any) -> "Entry | None":
        """Called by the library with what it found. Its own idea of the object's name would keep people's names."""
        made, personal = _settings[facts["content_type"].model_class()]
        action, actor = facts["action"], _actor.get()
        if action == Entry.Action.CREATE:
            if not made:
                return None
            facts["changes"] = None
        if action == Entry.Action.DELETE and personal:
            facts["changes"] = None
            same = {name: facts[name] for name in ("content_type", "object_pk")}
            self.filter(**same, changes__isnull=False).update(changes=None)
        who = actor() if actor else None
        if who is None or not who.is_authenticated:
            who = None
        entry: Entry = super().create(**{**facts, "object_repr": "", "actor": who, "by_page": actor is not None})
        return entry


class Entry(AbstractLogEntry):  # type: ignore[misc]  # the library has no types
    """One change of one row. ``changes``: by field (before, after), or null where it was made, removed or erased."""

    # Whether somebody did it on a page, by an account or a link; else the system did by itself.
    by_page = models.BooleanField(default=False)

    objects = EntryManager()

    class Meta(AbstractLogEntry.Meta):  # type: ignore[misc]
        abstract = False
        constraints = [
            models.CheckConstraint(name="entry_names_nobody", condition=models.Q(object_repr="")),
        ]

    @property
    def changes_in_words(self) -> list[str]:
        """ "住所: 旧町1 → 新町2", one for each field."""
        from programme.records import changes_of

        return [f"{change.label}: {change.before} → {change.after}" for change in changes_of(self)]


def forget(*rows: models.Model) -> None:
    """Erase what the record says of ``rows``, which are to be somebody's no longer: that something was stays."""
    Entry.objects.filter(pk__in=entries_of(rows).order_by().values("pk"), changes__isnull=False).update(changes=None)


def note(row: models.Model, changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Note ``changes`` of ``row`` by field or, where another table holds it, by the name that the page shows."""
    if different := {name: pair for name, pair in changes.items() if pair[0] != pair[1]}:
        Entry.objects.log_create(row, action=Entry.Action.UPDATE, changes=different)


class RecordedQuerySet(models.QuerySet[Row]):
    """Of a recorded model: ``update`` notes what it changes."""

    def update(self, **facts: Any) -> int:
        left_out = auditlog.get_model_fields(self.model)["exclude_fields"]
        if left_out and not facts.keys() - set(left_out):
            return super().update(**facts)
        with transaction.atomic(using=self.db):
            rows = self.model._base_manager.using(self.db)
            keys = self.order_by().values("pk")
            # Locked as the update itself would lock them: what is read is what it finds.
            before = list(rows.filter(pk__in=keys).select_for_update(no_key=True))
            number = super().update(**facts)
            after = rows.in_bulk([one.pk for one in before]) if number else {}
            for one in before:
                if changes := model_instance_diff(one, after[one.pk], fields_to_check=set(facts)):
                    Entry.objects.log_create(one, action=Entry.Action.UPDATE, changes=changes)
            return number


def entries_of(rows: Collection[models.Model]) -> "models.QuerySet[Entry]":
    """What is noted of ``rows``, whatever models they are of, the newest first."""
    keys: dict[ContentType, list[str]] = defaultdict(list)
    for row in rows:
        keys[ContentType.objects.get_for_model(row)].append(str(row.pk))
    found = models.Q(pk__in=[])
    for kind, some in keys.items():
        found |= models.Q(content_type=kind, object_pk__in=some)
    entries: models.QuerySet[Entry] = Entry.objects.filter(found).select_related("actor", "content_type")
    return entries.order_by("-timestamp", "-pk")
