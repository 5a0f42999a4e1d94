"""The code lists of the log, read once for a page or a batch: codes become rows without asking for each."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Self

from consult.kpi import kept as kept_counts
from consult.models import Consultation
from programme.models import AgeBand, Device, Outcome, Topic, Visit
from programme.models.kept import kept


@dataclass(frozen=True, slots=True)
class Codes:
    """Each list by code, in the order of the screen. Codes out of use are there too: old devices still send them."""

    topics: dict[str, Topic]
    outcomes: dict[str, Outcome]
    devices: dict[str, Device]
    age_bands: dict[str, AgeBand]
    visits: dict[str, Visit]

    @classmethod
    def load(cls) -> Self:
        return kept(cls, cls._read)

    @classmethod
    def _read(cls) -> Self:
        return cls(
            topics={row.code: row for row in Topic.objects.all()},
            outcomes={row.code: row for row in Outcome.objects.all()},
            devices={row.code: row for row in Device.objects.all()},
            age_bands={row.code: row for row in AgeBand.objects.all()},
            visits={row.code: row for row in Visit.objects.all()},
        )


def common_topics(count: int) -> list[str]:
    """``Consultation.objects.common_topics``, asked every ten minutes: the cases of three months are many."""
    address = f"common topics/{count}"
    found = kept_counts.read([address], lambda: {address: Consultation.objects.common_topics(count)}, seldom=True)
    topics: list[str] = found[address].content
    return topics


@dataclass(slots=True)
class KnownCodes:
    """Which codes there are, remembered by the process: codes are added, hardly ever, and never taken away.

    A code that is not known is looked up again, so a new one counts at once; at most once in a while, so that
    rows full of nonsense do not ask the database each time.
    """

    AGAIN_AFTER: ClassVar[float] = 2.0  # seconds

    clock: Callable[[], float] = time.monotonic
    _codes: dict[str, frozenset[str]] = field(default_factory=dict)
    _read_at: float = float("-inf")

    def has(self, entries: str, code: str) -> bool:
        """Whether the list ``entries`` (a field of ``Codes``) has ``code``, in use or not."""
        if code in self._codes.get(entries, ()):
            return True
        if self.clock() - self._read_at < self.AGAIN_AFTER:
            return False
        lists = (
            ("topics", Topic),
            ("outcomes", Outcome),
            ("devices", Device),
            ("age_bands", AgeBand),
            ("visits", Visit),
        )
        self._codes = {name: frozenset(model._base_manager.values_list("pk", flat=True)) for name, model in lists}
        self._read_at = self.clock()
        return code in self._codes.get(entries, ())

    def forget(self) -> None:
        self._codes, self._read_at = {}, float("-inf")


KNOWN = KnownCodes()
