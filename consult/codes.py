"""The code lists of the log, read once for a page or a batch: codes become rows without asking for each."""

from dataclasses import dataclass
from typing import Self

from programme.models import AgeBand, Device, Outcome, Topic, Visit


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
        return cls(
            topics={row.code: row for row in Topic.objects.all()},
            outcomes={row.code: row for row in Outcome.objects.all()},
            devices={row.code: row for row in Device.objects.all()},
            age_bands={row.code: row for row in AgeBand.objects.all()},
            visits={row.code: row for row in Visit.objects.all()},
        )
