"""Who is on a shift already, and what it is still short of."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet

from supporters.models import Assignment, AssignmentMove, Shift, Supporter

# Somebody who wants a stand-in holds the place, but will not come: the place is to be filled.
STAYING = (Assignment.Status.ACCEPTED, Assignment.Status.ATTENDED)
# Whoever said no, did not answer or was let go is not asked for the same shift again by itself.
_NO_LONGER = (
    Assignment.Status.DECLINED,
    Assignment.Status.LAPSED,
    Assignment.Status.RELEASED,
    Assignment.Status.STANDING_IN_WANTED,
)


def not_again() -> Q:
    """Assignments whose people are not asked for the same shift again, nor whom the office freed from its time."""
    freed = AssignmentMove.objects.filter(
        subject=OuterRef("pk"), to_status=Assignment.Status.CANCELLED, shift_start=OuterRef("shift__starts_at")
    )
    return Q(status__in=_NO_LONGER) | Q(Exists(freed), status=Assignment.Status.CANCELLED)


def waits(now: dt.datetime, path: str = "") -> Q:
    """Offers that may still be answered."""
    return Q(**{f"{path}status": Assignment.Status.OFFERED, f"{path}answer_by__gt": now})


def counted(now: dt.datetime, path: str = "") -> Q:
    """Assignments that fill a place, or may."""
    return Q(**{f"{path}status__in": STAYING}) | waits(now, path)


def short_of_people(now: dt.datetime) -> QuerySet[Shift]:
    """Standing shifts to come with a place for which nobody has said yes and nobody is being asked.

    Annotates ``filled``: how many places are taken or asked for.
    """
    filled = Count("assignments", filter=counted(now, "assignments__"), distinct=True)
    return Shift.objects.standing().filter(starts_at__gt=now).annotate(filled=filled).filter(filled__lt=F("needed"))


def with_members(shifts: QuerySet[Shift], now: dt.datetime) -> QuerySet[Shift]:
    """The shifts with all that ``Remainder`` reads, in a constant number of queries."""
    members = Assignment.objects.filter(counted(now)).select_related("supporter").prefetch_related("supporter__skills")
    return shifts.prefetch_related("topics", Prefetch("assignments", queryset=members, to_attr="members"))


@dataclass(frozen=True)
class Remainder:
    """What is still to be found for a shift that ``with_members`` has read."""

    shift: Shift
    adult_age: int
    kept: Sequence[Supporter] = ()
    """those who are to serve by a standing arrangement, though not put down yet"""

    @cached_property
    def members(self) -> list[Supporter]:
        asked = [assignment.supporter for assignment in self.shift.members]  # type: ignore[attr-defined]  # by Prefetch
        return [*asked, *self.kept]

    @property
    def missing(self) -> int:
        """People."""
        return max(0, self.shift.needed - len(self.members))

    @property
    def needs_lead(self) -> bool:
        """An adult lead, as long as nobody on the shift is one."""
        day = self.shift.local_date
        leads = [one for one in self.members if one.is_lead and not one.is_minor_on(day, self.adult_age)]
        return self.shift.needs_lead and not leads

    @property
    def all_topics(self) -> list[tuple[str, int]]:
        return sorted((topic.topic_id, topic.level) for topic in self.shift.topics.all())

    @property
    def topics(self) -> list[tuple[str, int]]:
        """(topic, level) that nobody on the shift covers."""
        covered: dict[str, int] = {}
        for one in self.members:
            for skill in one.skills.all():
                covered[skill.topic_id] = max(skill.level, covered.get(skill.topic_id, 0))
        return [(topic, level) for topic, level in self.all_topics if covered.get(topic, 0) < level]

    @property
    def needs(self) -> list[str]:
        brought = {need for one in self.members for need in one.brings}
        return sorted(set(self.shift.needs) - brought)
