"""What the page of a plan shows, read in a constant number of queries."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from django.db.models import Count, Max, Prefetch, Q
from django.utils import timezone

from programme.fiscal import fiscal_year, start_of
from programme.geo import to_metres, travel_minutes
from programme.models import Limits, Topic, Venue
from support_requests.models import Plan, PlannedMember, PlannedTask, SupportRequest
from support_requests.planning.saying import Obstacle, obstacles
from supporters.models import Assignment, Shift, Supporter


@dataclass(frozen=True, slots=True)
class Member:
    """Why this person: what they know of what is asked, how far they come, when it was last their turn."""

    supporter: Supporter
    topics: list[tuple[str, int]]
    """(name, level) of the task's topics that the person knows"""
    minutes: int
    is_minor: bool
    turns: int
    """attended this fiscal year"""
    last_turn: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """One request or shift of the plan."""

    task: PlannedTask
    request: SupportRequest | None
    shift: Shift | None
    title: str
    venue: Venue
    minutes: int
    rank: int | None
    """which of the group's wishes the planned time is; None for a standing shift"""
    team: list[Member] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rows:
    """All of a plan, in the order in which it is read."""

    served: list[Row]
    unserved: list[Row]
    refused: list[Row]
    """planned, but the facts had changed when it was approved"""


def rows_of(plan: Plan) -> Rows:
    reader = _Reader(plan)
    rows = [reader.row(task) for task in reader.tasks]
    return Rows(
        served=[row for row in rows if row.task.starts_at and not row.task.outcome],
        unserved=[row for row in rows if row.task.starts_at is None],
        refused=[row for row in rows if row.task.outcome],
    )


class _Reader:
    def __init__(self, plan: Plan) -> None:
        team = PlannedMember.objects.select_related("supporter__home_district").prefetch_related("supporter__skills")
        self.tasks: Iterable[PlannedTask] = list(
            plan.tasks.select_related("request__group", "request__venue__district", "shift__venue__district")
            .prefetch_related(
                "request__times", "request__topics", "shift__topics", Prefetch("team", queryset=team.order_by("pk"))
            )
            .order_by("starts_at", "pk")
        )
        self._adult_age = Limits.current().adult_age
        self._topics = {topic.pk: str(topic) for topic in Topic.objects.all()}
        self._turns = _turns(plan)

    def row(self, task: PlannedTask) -> Row:
        of = cast("SupportRequest | Shift", task.request or task.shift)  # a constraint: a task is of one thing
        wanted = {one.topic_id for one in of.topics.all()}
        times = task.request.times.all() if task.request else []
        return Row(
            task=task,
            request=task.request,
            shift=task.shift,
            title=str(task.request.group) if task.request else of.title,
            venue=of.venue,
            minutes=of.minutes,
            rank=next((time.rank for time in times if time.starts_at == task.starts_at), None),
            team=[self._member(one.supporter, task, of.venue, wanted) for one in task.team.all()],
            obstacles=obstacles(task.explanation, self._topics),
        )

    def _member(self, one: Supporter, task: PlannedTask, venue: Venue, wanted: set[str]) -> Member:
        known = sorted((skill.topic_id, skill.level) for skill in one.skills.all())
        home = to_metres(one.home_district.latitude, one.home_district.longitude)
        day = timezone.localdate(task.starts_at) if task.starts_at else timezone.localdate()
        turns, last_turn = self._turns.get(one.pk, (0, None))
        return Member(
            supporter=one,
            topics=[(self._topics[topic], level) for topic, level in known if topic in wanted or not wanted],
            minutes=travel_minutes(home, to_metres(*venue.position)),
            is_minor=one.is_minor_on(day, self._adult_age),
            turns=turns,
            last_turn=last_turn,
        )


def _turns(plan: Plan) -> dict[int, tuple[int, dt.datetime | None]]:
    """By supporter of the plan: duties served this fiscal year, and the last one ever."""
    year = start_of(dt.date(fiscal_year(timezone.localdate()), 4, 1))
    rows = (
        Assignment.objects.served(timezone.now())
        .filter(supporter__planned__task__plan=plan)
        .values("supporter_id")
        .annotate(
            turns=Count("pk", filter=Q(shift__starts_at__gte=year), distinct=True), last_turn=Max("shift__starts_at")
        )
    )
    return {row["supporter_id"]: (row["turns"], row["last_turn"]) for row in rows}
