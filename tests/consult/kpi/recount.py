"""A programme as plain facts, and its figures recounted row by row, with nothing of the system's own counting."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from consult.kpi.definition import Area
from consult.models import Desk
from programme.models import Category, District, User, Venue
from supporters.models import Shift, Skill, Supporter
from tests.consult.kpi.records import (
    a_consultation,
    a_desk,
    a_duty,
    a_group,
    a_request,
    a_session,
    a_supporter,
    an_activity,
    an_opening,
    tokyo,
)

Span = tuple[dt.date, dt.date | None]

AREAS = tuple(Area)
YEN, YEN_MINUTES, ADULT_AGE = 1000, 120, 18  # as in the programme's file
SESSION_MINUTES = 90
KEPT = ("attended", "accepted", "standing_in_wanted")
PROMISED = (*KEPT, "released", "absent")


@dataclass
class Person:
    spans: list[Span]
    born: dt.date
    category: int
    district: int
    skills: set[str]
    paid: bool


@dataclass
class Visit:
    """A session: ``attendees`` None when it was not reported; ``feedback``: how helpful it was, whether again."""

    starts_at: dt.datetime
    waited: int
    group: int
    attendees: int | None
    cancelled: bool
    venue: int
    topics: set[str]
    feedback: tuple[int, int] | None = None


@dataclass
class Open:
    day: dt.date
    desk: int
    minutes: int
    cancelled: bool


@dataclass
class Duty:
    """On a shift of the sessions and openings, counted through; ``answer``: how the offer ended, and on which day."""

    shift: int
    person: int
    status: str
    answer: tuple[str, dt.date] | None
    wanted: bool


@dataclass
class Wish:
    received: dt.date
    group: int
    intake: str
    closed: tuple[str, dt.date] | None
    venue: int


@dataclass
class Case:
    day: dt.date
    voided: bool
    desk: int
    topic: str
    device: str | None
    age_band: str | None
    visit: str | None
    outcome: str
    follow_up: bool


@dataclass
class Done:
    kind: str
    day: dt.date
    attendees: int
    district: int


@dataclass
class World:
    people: list[Person] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    openings: list[Open] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)

    def made_possible(self) -> "World":
        """Without what the database would refuse: a desk opens once a day, a person is on a shift once."""
        self.openings = list({(each.day, each.desk): each for each in self.openings}.values())
        shifts = len(self.visits) + len(self.openings)
        kept = {}
        for duty in self.duties:
            if shifts and self.people:
                duty.shift, duty.person = duty.shift % shifts, duty.person % len(self.people)
                kept[duty.shift, duty.person] = duty
        self.duties = list(kept.values())
        return self


class Codes:
    """What the numbers in a world stand for in the database."""

    def __init__(self) -> None:
        halls = Venue.objects.filter(kind="hall").order_by("pk")
        self.venues = [halls[0], halls.exclude(district=halls[0].district)[0]]
        self.districts = [district.pk for district in District.objects.order_by("position")]
        self.categories = [category.pk for category in Category.objects.order_by("position")]
        self.desks: list[Desk] = [a_desk(f"recount-{number}", venue) for number, venue in enumerate(self.venues)]


def store(world: World, user: User) -> Codes:
    codes = Codes()
    people = [_store_person(person, codes) for person in world.people]
    groups = [a_group(), a_group()]
    shifts: list[Shift] = []
    for visit in world.visits:
        session = a_session(
            visit.starts_at,
            attendees=visit.attendees,
            group=groups[visit.group],
            cancelled=visit.cancelled,
            received_at=visit.starts_at - dt.timedelta(days=visit.waited),
            venue=codes.venues[visit.venue],
            feedback=visit.feedback,
        )
        if visit.attendees is not None:
            session.report.topics.set(visit.topics)
        shifts.append(session.shift)
    for each in world.openings:
        desk = codes.desks[each.desk]
        shifts.append(an_opening(each.day, desk=desk, minutes=each.minutes, cancelled=each.cancelled).shift)
    for duty in world.duties:
        moves = [("offered", duty.answer[0], tokyo(duty.answer[1], 23, 59))] if duty.answer else []
        if duty.wanted:
            moves.append(("accepted", "standing_in_wanted", tokyo(dt.date(2024, 1, 1))))
        a_duty(shifts[duty.shift], people[duty.person], duty.status, moves=moves)
    for wish in world.wishes:
        closed = (wish.closed[0], tokyo(wish.closed[1], 0)) if wish.closed else None
        at = tokyo(wish.received, 0)
        a_request(at, group=groups[wish.group], intake=wish.intake, closed=closed, venue=codes.venues[wish.venue])
    for case in world.cases:
        a_consultation(
            case.day,
            voided_by=user if case.voided else None,
            desk=codes.desks[case.desk],
            topic_id=case.topic,
            device_id=case.device,
            age_band_id=case.age_band,
            visit_id=case.visit,
            outcome_id=case.outcome,
            follow_up=case.follow_up,
        )
    for done in world.done:
        an_activity(done.kind, done.day, attendees=done.attendees, district=codes.districts[done.district])
    return codes


def _store_person(person: Person, codes: Codes) -> Supporter:
    supporter = a_supporter(*person.spans)
    supporter.birth_date, supporter.may_be_paid = person.born, person.paid
    supporter.category_id = codes.categories[person.category]
    supporter.home_district_id = codes.districts[person.district]
    supporter.save()
    Skill.objects.bulk_create(Skill(supporter=supporter, topic_id=topic, level=1) for topic in person.skills)
    return supporter


# --- The recount ---------------------------------------------------------------------------------------------
@dataclass
class Entry:
    """One counted row, and the keys under which it is counted in each dimension."""

    row: object
    amount: int
    keys: Mapping[str, Iterable[str]] = field(default_factory=dict)


def entries(world: World, codes: Codes, code: str, first: dt.date, last: dt.date) -> list[Entry]:
    """The rows that ``code`` counts in the period."""
    return _Recount(world, codes, first, last).of(code)


def value(code: str, found: list[Entry]) -> int | None:
    """None where there is nothing to take a share or a median of."""
    amounts = sorted(each.amount for each in found)
    match code:
        case "groups_served" | "districts_reached":
            return len({each.row for each in found})
        case "acceptance" | "stand_ins" | "satisfaction" | "wanted_again":
            return sum(amounts) * 1000 // len(amounts) if amounts else None
        case "districts_share":
            reached = {each.row for each in found if each.amount}
            return len(reached) * 1000 // len({each.row for each in found})
        case "waiting_median":
            return amounts[(len(amounts) + 1) // 2 - 1] if amounts else None
        case "waiting_p90":
            return amounts[-(-len(amounts) * 9 // 10) - 1] if amounts else None
    return sum(amounts)


def cells(code: str, found: list[Entry]) -> dict[str, dict[str, int]]:
    """The value of each cell that is not 0."""
    made: dict[str, dict[str, list[Entry]]] = {}
    for entry in found:
        for dimension, keys in entry.keys.items():
            for key in keys:
                made.setdefault(dimension, {}).setdefault(key, []).append(entry)
    counted = {name: {key: value(code, rows) for key, rows in there.items()} for name, there in made.items()}
    told = {name: {key: number for key, number in there.items() if number} for name, there in counted.items()}
    return {name: there for name, there in told.items() if there}


def registered_days(spans: list[Span]) -> set[dt.date]:
    """The days at whose end the person was registered, up to long after the last month."""
    days = set()
    for started_on, ended_on in spans:
        day = started_on
        while day < (ended_on or dt.date(2024, 9, 1)):
            days.add(day)
            day += dt.timedelta(days=1)
    return days


def age(born: dt.date, day: dt.date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class _Recount:
    def __init__(self, world: World, codes: Codes, first: dt.date, last: dt.date) -> None:
        self.world, self.codes, self.first, self.last = world, codes, first, last

    def of(self, code: str) -> list[Entry]:
        match code:
            case "supporters" | "supporters_active":
                return self._stock(only_active=code.endswith("active"))
            case "supporters_new" | "supporters_returned" | "supporters_withdrawn":
                return self._changes(code)
            case "sessions" | "participants" | "groups_served" | "requests_served" | "waiting_median" | "waiting_p90":
                return self._visits(code)
            case "satisfaction" | "wanted_again" | "feedback":
                return self._feedback(code)
            case "requests_received" | "requests_unserved":
                return self._wishes(code)
            case "desk_openings" | "desk_hours":
                return self._openings(code)
            case "consultations" | "follow_ups":
                return self._cases(code)
            case "acceptance" | "stand_ins" | "support_hours" | "honoraria":
                return self._duties(code)
            case "districts_reached" | "districts_share":
                return self._districts(code)
        return self._done(code)

    def _in(self, day: dt.date) -> bool:
        return self.first <= day <= self.last

    # --- People
    def _person(self, person: Person, day: dt.date) -> dict[str, list[str]]:
        return {
            **self._helper(person, day),
            "district": [self.codes.districts[person.district]],
            "skill": sorted(person.skills) or ["unknown"],
        }

    def _helper(self, person: Person, day: dt.date) -> dict[str, list[str]]:
        years = age(person.born, day)
        return {
            "category": [self.codes.categories[person.category]],
            "age_band": [f"A{min(years // 10, 10) * 10}"],
            "adult": ["adult" if years >= ADULT_AGE else "minor"],
        }

    def _stock(self, *, only_active: bool) -> list[Entry]:
        """Of the active: a duty on one of the days from the same day of the year before, that day not included."""
        eve = self.last + dt.timedelta(days=1)
        since = eve.replace(year=eve.year - 1)
        busy = {
            duty.person
            for duty in self.world.duties
            if duty.status in KEPT
            and since <= self._shift(duty.shift)[0] <= self.last
            and not self._shift(duty.shift)[3]
        }
        return [
            Entry(number, 1, self._person(person, self.last))
            for number, person in enumerate(self.world.people)
            if self.last in registered_days(person.spans) and (number in busy or not only_active)
        ]

    def _changes(self, code: str) -> list[Entry]:
        found = []
        for number, person in enumerate(self.world.people):
            days = registered_days(person.spans)
            for day in [self.first + dt.timedelta(days=each) for each in range((self.last - self.first).days + 1)]:
                on_the_eve = day - dt.timedelta(days=1) in days
                happened = {
                    "supporters_new": bool(days) and day == min(days),
                    "supporters_returned": day in days and not on_the_eve and day > min(days),
                    "supporters_withdrawn": day not in days and on_the_eve,
                }[code]
                if happened:
                    found.append(Entry((number, day), 1, self._person(person, day)))
        return found

    # --- Sessions
    def _held(self) -> list[Visit]:
        return [
            visit
            for visit in self.world.visits
            if visit.attendees and not visit.cancelled and self._in(visit.starts_at.date())
        ]

    def _visits(self, code: str) -> list[Entry]:
        found = []
        home = self.codes.districts[0]
        for number, visit in enumerate(self._held()):
            place = {"district": [self.codes.venues[visit.venue].district_id], "group_kind": ["residents"]}
            found.append(
                {
                    "sessions": Entry(number, 1, {**place, "topics": visit.topics or {"unknown"}}),
                    "participants": Entry(number, visit.attendees or 0, place),
                    "groups_served": Entry(visit.group, 1, {"district": [home], "group_kind": ["residents"]}),
                    "requests_served": Entry(number, 1, {**place, "intake": ["web"]}),
                }.get(code)
                or Entry(number, visit.waited)
            )
        return found

    def _feedback(self, code: str) -> list[Entry]:
        found = []
        for number, visit in enumerate(self._held()):
            if visit.feedback:
                good = {"satisfaction": visit.feedback[0] > 2, "wanted_again": visit.feedback[1] > 2, "feedback": True}
                district = self.codes.venues[visit.venue].district_id
                found.append(Entry(number, int(good[code]), {"district": [district], "group_kind": ["residents"]}))
        return found

    def _wishes(self, code: str) -> list[Entry]:
        found = []
        for number, wish in enumerate(self.world.wishes):
            district = {"district": [self.codes.venues[wish.venue].district_id]}
            if code == "requests_received" and self._in(wish.received):
                keys = {"group_kind": ["residents"], "intake": [wish.intake], "topics": ["unknown"]}
                found.append(Entry(number, 1, {**district, **keys}))
            if code == "requests_unserved" and wish.closed and self._in(wish.closed[1]):
                reason = "nobody_came" if wish.closed[0] == "reported" else wish.closed[0]
                found.append(Entry(number, 1, {**district, "reason": [reason]}))
        if code == "requests_received":
            for number, visit in enumerate(self.world.visits):
                if self._in(visit.starts_at.date() - dt.timedelta(days=visit.waited)):
                    district = {"district": [self.codes.venues[visit.venue].district_id]}
                    keys = {"group_kind": ["residents"], "intake": ["web"], "topics": ["unknown"]}
                    found.append(Entry(("visit", number), 1, {**district, **keys}))
        return found

    # --- Desks
    def _desk(self, number: int) -> dict[str, list[str]]:
        desk = self.codes.desks[number]
        return {"desk": [str(desk.pk)], "district": [desk.venue.district_id]}

    def _openings(self, code: str) -> list[Entry]:
        return [
            Entry(number, each.minutes if code == "desk_hours" else 1, self._desk(each.desk))
            for number, each in enumerate(self.world.openings)
            if self._in(each.day) and not each.cancelled
        ]

    def _cases(self, code: str) -> list[Entry]:
        found = []
        for number, case in enumerate(self.world.cases):
            if case.voided or not self._in(case.day) or (code == "follow_ups" and not case.follow_up):
                continue
            keys = {"topic": [case.topic], **self._desk(case.desk)}
            if code == "consultations":
                keys |= {
                    "device": [case.device or "unknown"],
                    "age_band": [case.age_band or "unknown"],
                    "visit": [case.visit or "unknown"],
                    "outcome": [case.outcome],
                    "desk_hour": [f"{keys['desk'][0]}-{case.day.weekday()}-10"],
                }
            found.append(Entry(number, 1, keys))
        return found

    def _done(self, code: str) -> list[Entry]:
        kind = {
            "hall_courses": "hall_course",
            "hall_course_participants": "hall_course",
            "prevention_courses": "prevention_course",
            "prevention_course_participants": "prevention_course",
        }.get(code, code)
        return [
            Entry(
                number,
                each.attendees if code.endswith("participants") else 1,
                {"district": [self.codes.districts[each.district]]},
            )
            for number, each in enumerate(self.world.done)
            if each.kind == kind and self._in(each.day)
        ]

    # --- Duties
    def _shift(self, number: int) -> tuple[dt.date, int, str, bool, str]:
        """Day, minutes, purpose, whether called off, and district."""
        if number < len(self.world.visits):
            visit = self.world.visits[number]
            district = self.codes.venues[visit.venue].district_id
            return visit.starts_at.date(), SESSION_MINUTES, "session", visit.cancelled, district
        opening = self.world.openings[number - len(self.world.visits)]
        district = self.codes.desks[opening.desk].venue.district_id
        return opening.day, opening.minutes, "desk", opening.cancelled, district

    def _duties(self, code: str) -> list[Entry]:
        found = []
        for number, duty in enumerate(self.world.duties):
            person = self.world.people[duty.person]
            day, minutes, purpose, cancelled, district = self._shift(duty.shift)
            keys = {"category": [self.codes.categories[person.category]], "purpose": [purpose]}
            if code == "acceptance":
                if duty.answer and duty.answer[0] != "cancelled" and self._in(duty.answer[1]):
                    found.append(Entry(number, int(duty.answer[0] == "accepted"), keys))
                continue
            if cancelled or not self._in(day):
                continue
            if code == "stand_ins" and duty.status in PROMISED:
                found.append(Entry(number, int(duty.wanted), keys))
            if code == "support_hours" and duty.status in KEPT:
                found.append(Entry(number, minutes, {**keys, **self._helper(person, day), "district": [district]}))
            if code == "honoraria" and duty.status in KEPT and person.paid:
                found.append(Entry(number, minutes * YEN // YEN_MINUTES, keys))
        return found

    # --- Places
    def _districts(self, code: str) -> list[Entry]:
        here = {self.codes.venues[visit.venue].district_id for visit in self._held()}
        here |= {entry.keys["district"][0] for entry in self._openings("desk_openings")}  # type: ignore[index]
        here |= {self.codes.districts[each.district] for each in self.world.done if self._in(each.day)}
        if code == "districts_reached":
            return [Entry(district, 1, {"district": [district]}) for district in here]
        return [Entry(district, int(district in here)) for district in self.codes.districts]
