"""What the page of a plan shows, read in a constant number of queries."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Max, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.fiscal import fiscal_year, start_of
from programme.geo import to_metres, travel_minutes
from programme.models import District, Limits, Topic, Venue
from programme.models.kept import kept_rows
from programme.wording import say_day
from support_requests.models import (
    Plan,
    PlannedMember,
    PlannedTask,
    PlanOverride,
    SupportRequest,
)
from support_requests.planning.mending import NO
from support_requests.planning.problem import task_key
from support_requests.planning.saying import Obstacle, obstacles, say_recruit
from supporters.models import Assignment, Shift, ShiftTopic, Skill, Supporter

if TYPE_CHECKING:
    from support_requests.planning.changes import Change


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

    @property
    def reasons(self) -> str:
        """In words. Put together here: a large plan's page has dozens of them."""
        words = [_("18歳未満")] if self.is_minor else [_("リーダー")] if self.supporter.is_lead else []
        words += [_("%(topic)s(レベル%(level)s)") % {"topic": topic, "level": level} for topic, level in self.topics]
        way = _("移動 約%(minutes)s分") % {"minutes": self.minutes} if self.minutes else _("移動なし(同じ地区)")
        last = {"day": say_day(self.last_turn), "turns": self.turns} if self.last_turn else None
        turn = _("前回 %(day)s(今年度%(turns)s回)") % last if last else _("初めての活動")
        return _("・").join([*words, way, turn])


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody who could go too, and what that would cost the plan."""

    supporter: Supporter
    starts_at: dt.datetime
    replaces: Supporter | None
    leaves: list[str]
    """titles of what the person would have to leave"""
    weight: int
    q: int


@dataclass(frozen=True, slots=True)
class Witness:
    """What a recruit would make possible: when, and together with whom."""

    title: str
    starts_at: dt.datetime
    team: list[Supporter]


@dataclass(frozen=True, slots=True)
class Recruit:
    """Somebody to look for."""

    sentence: str
    weight: int
    tasks: list[Witness]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a plan by itself."""

    task: PlannedTask
    title: str
    venue: Venue
    team: list[Supporter]
    others: list[Other]


@dataclass(slots=True)
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
    overrides: list[tuple[Any, ...]] = field(default_factory=list)
    """names of who was to go and of whom the office sends instead, and why"""
    gone: list[str] = field(default_factory=list)
    """names of those who said no, or did not answer, since the shift was told to people"""
    change: "Change | None" = None
    """what approving it would change, as long as it waits: see planning/changes.py"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Parts of a plan, in the order in which they are read."""

    all: list[Row]
    recruits: list[Recruit]

    @property
    def served(self) -> list[Row]:
        return [row for row in self.all if row.task.starts_at and not row.task.outcome]

    @property
    def unserved(self) -> list[Row]:
        return [row for row in self.all if row.task.starts_at is None]

    @property
    def refused(self) -> list[Row]:
        """Planned, but the facts had changed when they were approved."""
        return [row for row in self.all if row.task.outcome]

    @property
    def waiting(self) -> list[Row]:
        """Planned, and not approved by themselves yet."""
        return [row for row in self.served if row.task.approved_at is None]

    def only(self, keys: Collection[int]) -> "Rows":
        return Rows([row for row in self.all if row.task.pk in keys], self.recruits)


def counts_of(plan: Plan) -> dict[str, int]:
    """Parts of the plan by what became of them."""
    served = Q(starts_at__isnull=False, outcome="")
    return plan.tasks.aggregate(
        all=Count("pk"),
        served=Count("pk", filter=served),
        unserved=Count("pk", filter=Q(starts_at=None)),
        refused=Count("pk", filter=~Q(outcome="")),
        waiting=Count("pk", filter=served & Q(approved_at=None)),
    )


def asked_by(plan: Plan) -> int:
    """How many people would get something new to do."""
    members = PlannedMember.objects.filter(task__plan=plan, task__starts_at__isnull=False, task__outcome="")
    asked: int = members.aggregate(asked=Count("supporter", distinct=True))["asked"]
    return asked


def parts_of(plan: Plan) -> QuerySet[PlannedTask]:
    """As they are read: what was refused, what is served, what is not."""
    is_as_planned = ExpressionWrapper(Q(outcome=""), output_field=BooleanField())
    return plan.tasks.order_by(is_as_planned, F("starts_at").asc(nulls_last=True), "pk")


def contests_of(plan: Plan) -> list[dict[str, Any]]:
    """What was decided by lot: two requests with their lots, and what they competed for."""
    if not plan.contests or plan.draw is None:
        return []
    named = {one[name] for one in plan.contests for name in ("won", "lost")}
    requests = SupportRequest.objects.select_related("group").in_bulk(named)
    return [
        {
            "won": requests[one["won"]],
            "lost": requests[one["lost"]],
            "won_lot": plan.draw.lot(one["won"]),
            "lost_lot": plan.draw.lot(one["lost"]),
            "about": one["about"],
        }
        for one in plan.contests
        if one["won"] in requests and one["lost"] in requests
    ]


def rows_of(plan: Plan, parts: QuerySet[PlannedTask]) -> Rows:
    """``parts`` of the plan, and whom to look for."""
    reader = _Reader(plan, parts)
    return Rows([reader.row(task) for task in reader.tasks], _Named(plan).recruits(reader.topics))


def part_of(plan: Plan, key: int) -> Part | None:
    """One of the plan's parts by itself, if it has it: who could go too."""
    parts = _with_what_they_are_of(plan.tasks.filter(pk=key)).prefetch_related(
        Prefetch("team", PlannedMember.objects.select_related("supporter").order_by("supporter__kana", "supporter"))
    )
    for task in parts:
        of = cast("SupportRequest | Shift", task.request or task.shift)  # a constraint: a task is of one thing
        others = _Named(plan, [task]).others(task)
        return Part(task, _title(task), of.venue, [one.supporter for one in task.team.all()], others)
    return None


class _Named:
    """Whom and what the answers name that were kept with the plan: of ``tasks``, and of whom to look for."""

    def __init__(self, plan: Plan, tasks: Sequence[PlannedTask] = ()) -> None:
        self._plan, self._tasks = plan, tasks

    @cached_property
    def _titles(self) -> dict[str, str]:
        """Of all tasks, shown or not, by key. Read where answers may name one."""
        titles = self._plan.tasks.values_list("request_id", "request__group__name", "shift_id", "shift__title")
        return {
            task_key(request_id=request, shift_id=shift): group or title or ""
            for request, group, shift, title in titles.order_by()
        }

    @cached_property
    def _people(self) -> dict[int, Supporter]:
        """Everybody whom the answers name, by key; who is not there any more is missing."""
        named = {record[name] for task in self._tasks for record in task.others for name in ("supporter", "replaces")}
        named |= {member for one in self._plan.recruits for task in one["tasks"] for member in task["team"]}
        return Supporter.objects.in_bulk(named - {None})

    def others(self, task: PlannedTask) -> list[Other]:
        titles = self._titles if task.others else {}
        return [
            Other(
                supporter=self._people[one["supporter"]],
                starts_at=dt.datetime.fromisoformat(one["starts_at"]),
                replaces=self._people.get(one["replaces"]),
                leaves=[titles.get(key, key) for key in one["leaves"]],
                weight=one["weight"],
                q=one["q"],
            )
            for one in task.others
            # Whoever was erased since cannot go, and nobody can go in that person's place.
            if one["supporter"] in self._people and one["replaces"] in {None, *self._people}
        ]

    def recruits(self, topics: Mapping[str, str]) -> list[Recruit]:
        if not self._plan.recruits:
            return []
        districts = {one.pk: str(one) for one in kept_rows(District.objects.all())}
        return [
            Recruit(
                sentence=say_recruit(one, topics, districts),
                weight=one["weight"],
                tasks=[
                    Witness(
                        title=self._titles.get(task["key"], task["key"]),
                        starts_at=dt.datetime.fromisoformat(task["starts_at"]),
                        team=[self._people[pk] for pk in task["team"] if pk in self._people],
                    )
                    for task in one["tasks"]
                ],
            )
            for one in self._plan.recruits
        ]


def _with_what_they_are_of(parts: QuerySet[PlannedTask]) -> QuerySet[PlannedTask]:
    """Read by themselves: joined, the database would think longer about the way than it takes to go it."""
    requests, shifts = SupportRequest.objects.select_related("group", "venue"), Shift.objects.select_related("venue")
    return parts.prefetch_related(Prefetch("request", requests)).prefetch_related(Prefetch("shift", shifts))


class _Reader:
    def __init__(self, plan: Plan, parts: QuerySet[PlannedTask]) -> None:
        team = PlannedMember.objects.select_related("supporter").order_by("pk")
        rows = _with_what_they_are_of(parts.defer("others")).prefetch_related(
            "request__times",
            "request__topics",
            Prefetch("team", team),
        )
        self.tasks: Sequence[PlannedTask] = list(rows)
        self._limits = Limits.current()
        self.topics = {topic.pk: str(topic) for topic in kept_rows(Topic.objects.all())}
        people = {one.supporter_id for task in self.tasks for one in task.team.all()}
        self._turns = _turns(people)
        self._skills = _grouped(Skill.objects.filter(supporter__in=people).values_list("supporter", "topic", "level"))
        shifts = {task.shift_id for task in self.tasks if task.shift_id}
        overrides = PlanOverride.objects.filter(task__in=self.tasks)
        self._overrides = _grouped(overrides.values_list("task", "instead_of__name", "supporter__name", "reason"))
        self._districts = {one.pk: one for one in kept_rows(District.objects.all())}
        for task in self.tasks:
            for of in (task.request, task.shift):
                if of:
                    of.venue.district = self._districts[of.venue.district_id]
        self._topics_of = _grouped(ShiftTopic.objects.filter(shift__in=shifts).values_list("shift", "topic"))
        self._gone = _gone(shifts)

    def row(self, task: PlannedTask) -> Row:
        of = cast("SupportRequest | Shift", task.request or task.shift)  # a constraint: a task is of one thing
        asked = task.request
        wanted = {one.topic_id for one in asked.topics.all()} if asked else {code for (code,) in self._topics_of[of.pk]}
        times = asked.times.all() if asked else []
        return Row(
            task=task,
            request=asked,
            shift=task.shift,
            title=_title(task),
            venue=of.venue,
            minutes=of.minutes,
            rank=next((time.rank for time in times if time.starts_at == task.starts_at), None),
            team=[self._member(one.supporter, task, of.venue, wanted) for one in task.team.all()],
            obstacles=obstacles(task.explanation, self.topics),
            overrides=self._overrides[task.pk],
            gone=self._gone.get(task.shift_id or 0, []),
        )

    def _member(self, one: Supporter, task: PlannedTask, venue: Venue, wanted: set[str]) -> Member:
        known = sorted(self._skills[one.pk])
        district = self._districts[one.home_district_id]
        home = to_metres(district.latitude, district.longitude)
        day = timezone.localdate(task.starts_at) if task.starts_at else timezone.localdate()
        turns, last_turn = self._turns.get(one.pk, (0, None))
        return Member(
            supporter=one,
            topics=[(self.topics[topic], level) for topic, level in known if topic in wanted or not wanted],
            minutes=travel_minutes(home, to_metres(*venue.position), self._limits.pace_of(one.travel_by)),
            is_minor=one.is_minor_on(day, self._limits.adult_age),
            turns=turns,
            last_turn=last_turn,
        )


def _title(task: PlannedTask) -> str:
    return task.request.group.name if task.request else task.shift.title if task.shift else ""


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    """``rows`` by their first column, each without it."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for key, *facts in rows:
        found[key].append(tuple(facts))
    return found


def _gone(shifts: Collection[int]) -> dict[int, list[str]]:
    """By shift: the names of those who said no or let the offer lapse."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Assignment.objects.filter(shift__in=shifts, status__in=NO).order_by("pk")
    for shift, name in rows.values_list("shift", "supporter__name"):
        found[shift].append(name)
    return found


def _turns(people: Collection[int]) -> dict[int, tuple[int, dt.datetime | None]]:
    """By supporter: duties served this fiscal year, and the last one ever."""
    year = start_of(dt.date(fiscal_year(timezone.localdate()), 4, 1))
    rows = (
        Assignment.objects.served(timezone.now())
        .filter(supporter__in=people)
        .values("supporter_id")
        .annotate(turns=Count("pk", filter=Q(shift__starts_at__gte=year)), last_turn=Max("shift__starts_at"))
    )
    return {row["supporter_id"]: (row["turns"], row["last_turn"]) for row in rows}
