"""An approved plan becomes offers; what the facts no longer allow is left out with a sentence."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Message
from programme.models import Closure, ClosureCalendar, Course, Room, User
from support_requests import tasks
from support_requests.errors import PlanNotReady
from support_requests.models import Plan, PlannedMember, PlannedTask, Session, SupportRequest
from support_requests.planning import approving
from support_requests.planning.approving import approve, approve_in_background, approve_one, discard, override
from support_requests.planning.errors import DoesNotFit, NotInTeam, PlannedElsewhere
from support_requests.planning.solving import solve, sweep
from support_requests.planning.today import Facts
from supporters.models import Absence, Assignment, Consent, Shift, Supporter
from tests.factories import SupporterFactory, SupportRequestFactory, a_hall, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")


def a_ready_plan() -> Plan:
    """A solved plan of the next four weeks."""
    plan = Plan.objects.create(first=at(1).date(), last=at(28).date())
    solve(plan.pk)
    plan.refresh_from_db()
    assert plan.status == Plan.Status.READY
    return plan


def outcome(plan: Plan) -> str:
    return plan.tasks.get().outcome


def nothing_happened() -> bool:
    return (Shift.objects.count(), Session.objects.count(), Assignment.objects.count()) == (0, 0, 0)


# --- What approval does --------------------------------------------------------------------------------


def test_approval_makes_a_session_and_asks_its_team(coordinator: User) -> None:
    request, person = SupportRequestFactory(needs=["woman"], note="2階です"), SupporterFactory(brings=["woman"])
    plan = a_ready_plan()
    assert approve(plan, by=coordinator) == 1
    request.refresh_from_db()
    shift = request.session.shift
    assert (plan.status, request.status, outcome(plan)) == (Plan.Status.APPROVED, SupportRequest.Status.PLANNED, "")
    assert (shift.purpose, shift.title, shift.venue) == ("session", request.title, request.venue)
    assert (shift.starts_at, shift.minutes, shift.needed, shift.seats.count()) == (at(14), 90, 1, 1)
    assert (shift.needs_lead, shift.needs, shift.note) == (True, ["woman"], "2階です")
    assert [(one.topic_id, one.level) for one in shift.topics.all()] == [("T05", 1)]
    (assignment,) = shift.assignments.all()
    assert (assignment.supporter, assignment.status) == (person, Assignment.Status.OFFERED)
    assert [(one.recipient, one.kind) for one in Message.objects.all()] == [(person.contact, "offer")]
    assert [move.by for move in request.moves.all()] == [coordinator]


def test_when_the_whole_team_has_said_yes_the_group_is_told(coordinator: User) -> None:
    request = SupportRequestFactory(participants=8)
    SupporterFactory(), SupporterFactory()
    approve(a_ready_plan(), by=coordinator)
    first, second = Assignment.objects.all()
    first.accept(by=None)
    request.refresh_from_db()
    assert (request.status, request.group.contact.messages.count()) == (SupportRequest.Status.PLANNED, 0)
    second.accept(by=None)
    request.refresh_from_db()
    assert request.status == SupportRequest.Status.BOOKED
    assert [message.kind for message in request.group.contact.messages.all()] == ["request_booked"]


def test_a_session_books_a_free_room(coordinator: User) -> None:
    room = Room.objects.create(venue=a_hall(), name="和室")
    request = SupportRequestFactory()
    SupporterFactory()
    approve(a_ready_plan(), by=coordinator)
    shift = Shift.objects.get(session__request=request)
    assert (shift.room, shift.room_claims.count()) == (room, 6)


def test_a_session_books_a_room_that_holds_its_people(coordinator: User) -> None:
    Room.objects.create(venue=a_hall(), name="小", capacity=6)
    large = Room.objects.create(venue=a_hall(), name="大", capacity=40)
    request = SupportRequestFactory(participants=25)
    SupporterFactory.create_batch(6)
    approve(a_ready_plan(), by=coordinator)
    assert Shift.objects.get(session__request=request).room == large


def test_a_small_room_is_none_for_a_large_group(coordinator: User) -> None:
    Room.objects.create(venue=a_hall(), name="小", capacity=6)
    large = Room.objects.create(venue=a_hall(), name="大", capacity=40)
    request = SupportRequestFactory(participants=25, room=large, wishes=[at(14)])
    a_shift(days=14, room=large)
    SupporterFactory.create_batch(7)
    plan = a_ready_plan()
    assert [one["level"] for one in plan.tasks.get(request=request).explanation] == ["room"]


def test_a_standing_shift_is_filled_up(coordinator: User) -> None:
    shift = a_shift(needed=2)
    asked = SupporterFactory(is_lead=False)
    an_offer(shift, asked)
    new = SupporterFactory()
    assert approve(a_ready_plan(), by=coordinator) == 1
    assert [one.supporter for one in shift.assignments.offered().order_by("pk")] == [asked, new]
    assert Shift.objects.count() == 1


def test_a_session_whose_team_said_no_is_planned_again_with_somebody_else(coordinator: User) -> None:
    request, first = SupportRequestFactory(), SupporterFactory()
    approve(a_ready_plan(), by=coordinator)
    Assignment.objects.get().decline(by=None)
    second = SupporterFactory()
    assert approve(a_ready_plan(), by=coordinator) == 1
    session = Session.objects.get()
    assert [(one.supporter, one.status) for one in session.shift.assignments.order_by("pk")] == [
        (first, "declined"),
        (second, "offered"),
    ]
    session.shift.assignments.get(supporter=second).accept(by=None)
    request.refresh_from_db()
    assert request.status == SupportRequest.Status.BOOKED


def test_a_stand_in_that_a_plan_found_takes_the_place(coordinator: User) -> None:
    shift, leaving = a_shift(needed=1), SupporterFactory()
    an_offer(shift, leaving).accept(by=None)
    shift.assignments.get().want_stand_in(by=None)
    SupporterFactory()
    approve(a_ready_plan(), by=coordinator)
    shift.assignments.offered().get().accept(by=None)
    assert shift.assignments.get(supporter=leaving).status == Assignment.Status.RELEASED


def test_a_minor_is_asked_together_with_an_adult(coordinator: User) -> None:
    minor = SupporterFactory(birth_date=timezone.localdate() - dt.timedelta(days=16 * 365), is_lead=False)
    Consent.objects.create(supporter=minor, guardian=minor.contact, given_at=timezone.now())
    SupporterFactory()
    SupportRequestFactory(participants=8)
    assert approve(a_ready_plan(), by=coordinator) == 1
    assert Assignment.objects.offered().count() == 2


def test_a_request_that_came_back_from_an_earlier_plan_keeps_its_one_session(coordinator: User) -> None:
    request, old = SupportRequestFactory(), a_shift(purpose="session", days=20)
    Session.objects.create(request=request, shift=old)
    old.cancel(by=coordinator, reason="人がそろわない")
    SupporterFactory()
    assert approve(a_ready_plan(), by=coordinator) == 1
    assert (Session.objects.get().request, Session.objects.get().shift.starts_at) == (request, at(14))


# --- What the facts no longer allow --------------------------------------------------------------------


CHANGED = "計画した後で、サポーターの予定や登録の内容などが変わりました。もう一度計画してください。"


def _pause(request: SupportRequest, person: Supporter) -> None:
    person.pause(by=None)


def _withdraw(request: SupportRequest, person: Supporter) -> None:
    request.withdraw(by=None, reason="都合")


def _edit(request: SupportRequest, person: Supporter) -> None:
    SupportRequest.objects.filter(pk=request.pk).update(participants=20)


def _take_room(request: SupportRequest, person: Supporter) -> None:
    a_shift(days=14, room=Room.objects.create(venue=request.venue, name="和室"))


def _close(request: SupportRequest, person: Supporter) -> None:
    calendar = ClosureCalendar.objects.create(code="test", name="休館", source="★")
    day = at(14)
    rule = f"FREQ=YEARLY;BYMONTH={day.month};BYMONTHDAY={day.day}"
    Closure.objects.create(calendar=calendar, rule=rule, reason="点検")
    request.venue.closures = calendar
    request.venue.save()


def _shorten(request: SupportRequest, person: Supporter) -> None:
    request.venue.opens, request.venue.closes = dt.time(13), dt.time(17)
    request.venue.save()


def _book(request: SupportRequest, person: Supporter) -> None:
    an_offer(a_shift(days=14, hour=9), person).accept(by=None)


def _ask_elsewhere(request: SupportRequest, person: Supporter) -> None:
    an_offer(a_shift(days=14, hour=9), person)


def _go_away(request: SupportRequest, person: Supporter) -> None:
    Absence.objects.create(supporter=person, starts_at=at(13), ends_at=at(16))


def _forget(request: SupportRequest, person: Supporter) -> None:
    person.skills.all().delete()


def _lead_no_more(request: SupportRequest, person: Supporter) -> None:
    Supporter.objects.filter(pk=person.pk).update(is_lead=False)


def _require_course(request: SupportRequest, person: Supporter) -> None:
    Course.objects.create(code="new", name="新しい研修", required=True, source="★")


CHANGES = [
    (_pause, "さん:活動中のサポーターだけが引き受けられます。今の状態:休止中"),
    (_require_course, "さん:必修の研修がまだ終わっていません。"),
    (_book, "さん:同じ時間に、ほかの活動が決まっています。"),
    (_ask_elsewhere, "さん:同じ時間に、ほかの活動をお願いしている返事待ちです。"),
    (_go_away, CHANGED),
    (_forget, CHANGED),
    (_lead_no_more, CHANGED),
    (_withdraw, "の申込みは「取り下げ」に変わったため、この案は使えません。"),
    (_edit, "計画した後で、申込みの内容が変わりました。もう一度計画してください。"),
    (_take_room, "の部屋は、この時間にほかの予約があります。"),
    (_close, "は、この日は閉まっています(点検)。"),
    (_shorten, "が使えるのは13:00から17:00までです。"),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES)
def test_a_part_whose_facts_changed_meanwhile_is_left_out_with_the_reason(
    coordinator: User, change: Callable[[SupportRequest, Supporter], None], sentence: str
) -> None:
    request, person = SupportRequestFactory(), SupporterFactory()
    plan = a_ready_plan()
    change(SupportRequest.objects.get(pk=request.pk), Supporter.objects.get(pk=person.pk))
    offers = Assignment.objects.filter(shift__purpose="session")
    assert (approve(plan, by=coordinator), offers.count(), Session.objects.count()) == (0, 0, 0)
    assert outcome(plan).endswith(sentence)
    assert Shift.objects.filter(purpose="session").count() == 0


@pytest.mark.parametrize("change", [change for change, _sentence in CHANGES])
def test_what_approval_would_leave_out_is_known_before(change: Callable[[SupportRequest, Supporter], None]) -> None:
    request, person = SupportRequestFactory(), SupporterFactory()
    plan = a_ready_plan()
    assert against(plan) == ""
    change(SupportRequest.objects.get(pk=request.pk), Supporter.objects.get(pk=person.pk))
    assert against(plan) != ""


def against(plan: Plan) -> str:
    task = plan.tasks.get()
    team = [one.supporter for one in task.team.all()]
    return Facts(plan, timezone.now(), [one.pk for one in team]).against(task, team)


def test_a_time_that_has_passed_is_left_out(coordinator: User, set_now: Callable[[dt.datetime], None]) -> None:
    SupportRequestFactory()
    SupporterFactory()
    plan = a_ready_plan()
    set_now(at(14, 10, 1))
    assert (approve(plan, by=coordinator), outcome(plan), nothing_happened()) == (
        0,
        "予定の時間がもう過ぎています。",
        True,
    )


def _fill(shift: Shift) -> None:
    an_offer(shift, SupporterFactory())


def _cancel(shift: Shift) -> None:
    shift.cancel(by=None, reason="台風")


def _move(shift: Shift) -> None:
    Shift.objects.filter(pk=shift.pk).update(starts_at=shift.starts_at - dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_fill, "この活動は、計画した後で必要な人数が変わりました(もうお願いしているか、そろっています)。"),
        (_move, "計画した後で、この活動の時間が変わりました。もう一度計画してください。"),
        (_cancel, "この活動は中止になりました。"),
    ],
)
def test_a_shift_that_changed_meanwhile_is_left_as_it_is(
    coordinator: User, change: Callable[[Shift], None], sentence: str
) -> None:
    shift = a_shift(needed=1)
    SupporterFactory()
    plan = a_ready_plan()
    change(shift)
    offers = shift.assignments.count()
    assert (approve(plan, by=coordinator), outcome(plan), shift.assignments.count()) == (0, sentence, offers)


def test_what_can_be_applied_is_applied_though_another_part_cannot(coordinator: User) -> None:
    gone, stays = SupportRequestFactory(wishes=[at(14)]), SupportRequestFactory(wishes=[at(21)])
    SupporterFactory()
    plan = a_ready_plan()
    gone.withdraw(by=None, reason="都合")
    assert approve(plan, by=coordinator) == 1
    assert list(Session.objects.values_list("request", flat=True)) == [stays.pk]
    assert PlannedTask.objects.exclude(outcome="").get().request == gone


def test_of_two_sessions_in_the_one_room_the_first_has_it(coordinator: User) -> None:
    SupportRequestFactory(wishes=[at(14)]), SupportRequestFactory(wishes=[at(14)])
    SupporterFactory(), SupporterFactory()
    plan = a_ready_plan()
    Room.objects.create(venue=a_hall(), name="和室")  # entered since: a plan promises no room twice
    assert approve(plan, by=coordinator) == 1
    assert [one.outcome.endswith("ほかの予約があります。") for one in plan.tasks.order_by("pk")] == [False, True]


def test_nothing_is_sent_for_a_team_of_whom_one_cannot_go(coordinator: User) -> None:
    SupportRequestFactory(participants=8)
    SupporterFactory(birth_date=dt.date(1950, 1, 1))
    younger = SupporterFactory(birth_date=dt.date(1990, 1, 1))
    plan = a_ready_plan()
    younger.pause(by=None)
    assert (approve(plan, by=coordinator), nothing_happened(), Message.objects.count()) == (0, True, 0)


# --- Approving twice -----------------------------------------------------------------------------------


def test_approving_twice_asks_people_once(coordinator: User) -> None:
    SupportRequestFactory()
    SupporterFactory()
    plan = a_ready_plan()
    stale = Plan.objects.get(pk=plan.pk)  # the other coordinator's page
    approve(plan, by=coordinator)
    for again in (plan, stale):
        with pytest.raises(PlanNotReady, match="この計画は「承認済み」なので、承認できません。"):
            approve(again, by=coordinator)
    assert (Assignment.objects.count(), Message.objects.count()) == (1, 1)


@pytest.mark.parametrize("status", ["waiting", "solving", "failed", "discarded"])
def test_only_a_ready_plan_is_approved(coordinator: User, status: str) -> None:
    plan = Plan.objects.create(first=at(1).date(), last=at(2).date(), status=status)
    with pytest.raises(PlanNotReady):
        approve(plan, by=coordinator)


def test_a_discarded_plan_does_nothing_and_may_be_discarded_twice(coordinator: User) -> None:
    SupportRequestFactory()
    SupporterFactory()
    plan = a_ready_plan()
    discard(plan, by=coordinator)
    discard(plan, by=coordinator)
    assert (plan.status, nothing_happened()) == (Plan.Status.DISCARDED, True)


def test_an_approved_plan_is_not_discarded(coordinator: User) -> None:
    plan = a_ready_plan()
    approve(plan, by=coordinator)
    with pytest.raises(PlanNotReady):
        discard(plan, by=coordinator)


def test_a_person_is_checked_as_they_are_when_the_plan_has_locked_them(coordinator: User) -> None:
    """Of two plans that ask one person, the second waits for the first: all people are locked before any is asked."""
    SupportRequestFactory()
    SupporterFactory()
    plan = a_ready_plan()
    with CaptureQueriesContext(connection) as queries:
        approve(plan, by=coordinator)
    said = [query["sql"] for query in queries]
    people = next(i for i, sql in enumerate(said) if sql.startswith('SELECT "supporters_supporter"."id"'))
    offer = next(i for i, sql in enumerate(said) if sql.startswith('INSERT INTO "supporters_assignment"'))
    assert (people < offer, 'ORDER BY "supporters_supporter"."id"' in said[people]) == (True, True)
    if connection.vendor == "postgresql":
        assert said[people].endswith("FOR NO KEY UPDATE")


# --- In the background ---------------------------------------------------------------------------------


@pytest.fixture
def two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of five parts is large."""
    monkeypatch.setattr(approving, "AT_ONCE", 2)


def five_parts() -> Plan:
    for day in range(14, 19):
        a_shift(days=day)
        SupporterFactory()
    return a_ready_plan()


@pytest.mark.usefixtures("two_at_once")
def test_a_large_plan_is_carried_out_by_the_worker_to_its_end(
    coordinator: User, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[object]]]
) -> None:
    plan = five_parts()
    with django_capture_on_commit_callbacks() as callbacks:
        approve_in_background(plan, by=coordinator)
    assert (plan.status, len(callbacks), Assignment.objects.count()) == (Plan.Status.APPROVING, 1, 0)
    for refused in (
        lambda: approve(plan, by=coordinator),
        lambda: approve_in_background(plan, by=coordinator),
        lambda: approve_one(plan.tasks.all()[0], by=coordinator),
        lambda: discard(plan, by=coordinator),
    ):
        with pytest.raises(PlanNotReady):
            refused()
    tasks.carry_out_plan(plan.pk)
    plan.refresh_from_db()
    assert (plan.status, Assignment.objects.offered().count()) == (Plan.Status.APPROVED, 5)
    assert [move.by for move in plan.moves.filter(to_status__in=("approving", "approved"))] == [coordinator] * 2
    assert set(plan.tasks.values_list("approved_by", flat=True)) == {coordinator.pk}


@pytest.mark.usefixtures("two_at_once")
def test_what_a_dead_worker_left_is_carried_out_by_the_sweep_and_nobody_is_asked_twice(
    coordinator: User, monkeypatch: pytest.MonkeyPatch, set_now: Callable[[dt.datetime], None]
) -> None:
    plan, apply, applied = five_parts(), approving._apply, []

    def die_at_the_fourth(task: PlannedTask, *args: object, **options: object) -> None:
        applied.append(task.pk)
        if len(applied) == 4:
            raise OperationalError("the server closed the connection")
        apply(task, *args, **options)

    monkeypatch.setattr(approving, "_apply", die_at_the_fourth)
    with pytest.raises(OperationalError):
        approve(plan, by=coordinator)
    assert Assignment.objects.count() == 2  # the transaction of the third and the fourth is gone as a whole
    assert sweep(timezone.now()) == 0  # somebody may still be at work
    set_now(timezone.now() + dt.timedelta(minutes=1))
    assert sweep(timezone.now()) == 1
    plan.refresh_from_db()
    assert (plan.status, Assignment.objects.offered().count()) == (Plan.Status.APPROVED, 5)


def test_a_part_that_fails_by_a_mistake_of_ours_is_said_and_holds_up_no_other(
    coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, apply = five_parts(), approving._apply
    bad = plan.tasks.all()[0]

    def fail_on_one(task: PlannedTask, *args: object, **options: object) -> None:
        if task == bad:
            raise ValueError("a mistake of ours")
        apply(task, *args, **options)

    monkeypatch.setattr(approving, "_apply", fail_on_one)
    assert approve(plan, by=coordinator) == 4
    bad.refresh_from_db()
    assert "思いがけない問題" in bad.outcome
    assert plan.status == Plan.Status.APPROVED


# --- One by one, and another person than the plan's -----------------------------------------------------


def two_tasks() -> tuple[Plan, PlannedTask, PlannedTask]:
    """A plan of two requests on different days, and three people who could go to either."""
    for _ in range(3):
        SupporterFactory()
    for days in (14, 20):
        SupportRequestFactory(wishes=[at(days)])
    plan = a_ready_plan()
    first, second = plan.tasks.order_by("starts_at")
    return plan, first, second


def test_one_part_is_approved_and_the_rest_waits(coordinator: User) -> None:
    plan, first, _second = two_tasks()
    assert [approve_one(first, by=coordinator) for _ in range(2)] == [True, True]
    plan.refresh_from_db()
    assert (plan.status, Session.objects.count()) == (Plan.Status.READY, 1)
    assert approve(plan, by=coordinator) == 1
    assert (plan.status, Session.objects.count()) == (Plan.Status.APPROVED, 2)
    assert Assignment.objects.count() == PlannedMember.objects.count()


def test_a_plan_of_which_every_part_is_approved_is_approved(coordinator: User) -> None:
    plan, first, second = two_tasks()
    for task in (first, second):
        assert approve_one(task, by=coordinator)
    plan.refresh_from_db()
    assert plan.status == Plan.Status.APPROVED


def test_a_part_that_the_facts_no_longer_allow_says_why_and_the_plan_waits(coordinator: User) -> None:
    plan, first, second = two_tasks()
    first.team.all()[0].supporter.pause(by=coordinator)
    assert not approve_one(first, by=coordinator)
    plan.refresh_from_db()
    assert plan.status == Plan.Status.READY
    assert "活動中のサポーターだけが引き受けられます" in PlannedTask.objects.get(pk=first.pk).outcome
    second.team.filter(supporter__status="paused").update(supporter=SupporterFactory())
    assert approve_one(second, by=coordinator)
    plan.refresh_from_db()
    assert plan.status == Plan.Status.APPROVED  # what is left of it was tried and refused


def free_person(task: PlannedTask) -> Supporter:
    return Supporter.objects.exclude(planned__task=task)[0]


def test_the_office_sends_somebody_else_and_the_reason_stays(coordinator: User) -> None:
    plan, first, _second = two_tasks()
    chosen, other = first.team.all()[0].supporter, free_person(first)
    override(first, chosen, other, reason="前から知り合い", by=coordinator)
    assert nothing_happened()
    approve(plan, by=coordinator)
    asked = Supporter.objects.filter(assignments__shift__session__request=first.request)
    assert other in asked
    assert chosen not in asked
    (kept,) = first.overrides.all()
    assert (kept.instead_of, kept.supporter, kept.reason, kept.by) == (chosen, other, "前から知り合い", coordinator)


def test_whom_the_rules_forbid_is_not_sent(coordinator: User) -> None:
    _plan, first, _second = two_tasks()
    chosen, other = first.team.all()[0].supporter, free_person(first)
    other.windows.all().delete()
    with pytest.raises(DoesNotFit):
        override(first, chosen, other, reason="x", by=coordinator)
    with pytest.raises(NotInTeam):
        override(first, other, chosen, reason="x", by=coordinator)
    assert first.team.all()[0].supporter == chosen


def test_who_is_planned_elsewhere_on_that_day_is_not_sent(coordinator: User) -> None:
    for _ in range(4):
        SupporterFactory(week_limit=1)
    for _ in range(2):
        SupportRequestFactory(wishes=[at(14)])
    plan = a_ready_plan()
    first, second = plan.tasks.all()
    with pytest.raises(PlannedElsewhere):
        override(first, first.team.all()[0].supporter, second.team.all()[0].supporter, reason="x", by=coordinator)


def test_who_has_no_more_time_to_give_that_week_is_not_sent_a_second_time(coordinator: User) -> None:
    for _ in range(2):
        SupporterFactory(week_limit=1)
    monday = 14 - timezone.localdate().weekday() % 7
    for day in (1, 2):
        SupportRequestFactory(wishes=[at(monday + day)])
    plan = a_ready_plan()
    first, second = plan.tasks.all()
    twice, instead = first.team.get().supporter, second.team.get()
    with pytest.raises(DoesNotFit):
        override(second, instead.supporter, twice, reason="x", by=coordinator)
    PlannedMember.objects.filter(pk=instead.pk).update(supporter=twice)  # two of the office at once, say
    assert approve(plan, by=coordinator) == 1
    assert (twice.assignments.count(), instead.supporter.assignments.count()) == (1, 0)
