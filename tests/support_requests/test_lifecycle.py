"""Random verbs of groups, supporters, guardians, the office and the clock: after each step every promise holds."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from consult.kpi.reconciling import reconcile
from programme.errors import Refused
from programme.fiscal import Month
from programme.models import Room, Topic, User, Venue
from support_requests.board import sandbox
from support_requests.models import Board, Plan, Report, Session, SupportRequest
from support_requests.planning import solving
from support_requests.planning.approving import approve
from support_requests.rescheduling import reschedule
from support_requests.services import revise
from supporters import erasing, honoraria
from supporters.asking import ask
from supporters.attending import check_in
from supporters.joining import join
from supporters.models import Assignment, CheckIn, Consent, Honorarium, Shift, Supporter
from supporters.tasks import lapse_offers
from tests.factories import ContactFactory, SupporterFactory, SupportRequestFactory, a_hall, a_shift, an_offer, at
from tests.support_requests.booking import a_booked_session, a_planned_session
from tests.support_requests.lifecycle import broken
from tests.support_requests.wishes import a_wish

pytestmark = pytest.mark.usefixtures("programme_facts")

MONDAY = dt.datetime(2026, 6, 1, 1, tzinfo=dt.UTC)  # 10 o'clock in Tokyo
PEOPLE = 4
DAYS = (14, 15)
ROWS = st.integers(0, 5)
Row, Asked = Assignment.Status, SupportRequest.Status

reached: Counter[str] = Counter()
"""over all walks: states in which something was seen, and rules whose verb was done"""


def _nth(rows: Any, number: int) -> Any:
    """One of ``rows``, by a number that may be larger than there are."""
    found = list(rows.order_by("pk"))
    return found[number % len(found)]


def where(rows: Callable[[], Any]) -> Callable[[Any], Any]:
    """A rule that needs one of ``rows``."""
    return precondition(lambda self: rows().exists())


def _booked_to_come() -> Any:
    return Session.objects.filter(request__status=Asked.BOOKED, shift__starts_at__gt=timezone.now())


def _held_now() -> Any:
    """Sessions that have begun and that nobody has reported."""
    begun = Session.objects.filter(shift__starts_at__lte=timezone.now(), shift__cancelled_at=None, report=None)
    return begun.filter(request__status=Asked.BOOKED)


def _duties_now() -> Any:
    """Duties whose door is open, or was today."""
    soon = timezone.now() + dt.timedelta(minutes=30)
    return Assignment.objects.held().filter(shift__starts_at__lte=soon, check_in=None)


class Lifecycle(RuleBasedStateMachine):
    """Each rule is one verb of one actor. A refusal is an answer; anything else that is raised is a fault."""

    office: User

    @initialize(one_took_place=st.booleans())
    def people(self, one_took_place: bool) -> None:
        self.now = MONDAY
        self.clock = mock.patch.object(timezone, "now", side_effect=lambda: self.now)
        self.clock.start()
        self.point = transaction.atomic()
        self.point.__enter__()
        Venue.objects.update(closures=None)
        Room.objects.create(venue=a_hall(), name="会議室", capacity=20)
        self.office = User.objects.create_user("office@example.jp", name="Olga")
        self.second = User.objects.create_user("second@example.jp", name="Sara")
        for _ in range(PEOPLE):
            SupporterFactory.create(week_limit=9, month_limit=9)
        born = timezone.localdate() - dt.timedelta(days=16 * 366)
        self.minor = SupporterFactory.create(birth_date=born, is_lead=False)
        Consent.objects.create(supporter=self.minor, guardian=ContactFactory.create(), given_at=timezone.now())
        a_shift(days=14, hour=11, needed=2, joining=Shift.Joining.FIRST_COME)
        chosen = a_shift(days=15, hour=10, needed=2, joining=Shift.Joining.CHOICE)
        for number in (2, 3):
            Assignment.apply(chosen, _nth(Supporter.objects.all(), number), by=None)
        a_booked_session(names=["甲", "乙"], wishes=[at(14, 14), at(15, 14)])
        asked = a_planned_session(needed=2, wishes=[at(15, 16), at(16, 16)])
        an_offer(asked.shift, _nth(Supporter.objects.all(), 0)).accept(by=None)
        an_offer(asked.shift, _nth(Supporter.objects.all(), 1))
        SupportRequestFactory.create(status=Asked.RECEIVED, wishes=[at(day) for day in DAYS])
        if one_took_place:
            a_booked_session(names=["丙", "丁"], wishes=[at(1, 13)])
            self.a_session_takes_place(absent=True)

    def teardown(self) -> None:
        if hasattr(self, "point"):
            transaction.set_rollback(True)
            self.point.__exit__(None, None, None)
            self.clock.stop()

    def do(self, verb: Callable[[], Any]) -> None:
        rule_name = sys._getframe(1).f_code.co_name
        try:
            with transaction.atomic():
                verb()
            reached[rule_name] += 1
        except Refused:
            pass
        self.the_workers_go_round()

    def the_workers_go_round(self) -> None:
        """What they do within the minute."""
        lapse_offers()
        erasing.erase_due()
        solving.sweep(timezone.now())

    # --- Groups --------------------------------------------------------------------------------------
    @precondition(lambda self: SupportRequest.objects.count() < 5)
    @rule(participants=st.sampled_from((4, 8)))
    def a_group_asks(self, participants: int) -> None:
        facts = {"participants": participants, "status": Asked.RECEIVED}
        self.do(lambda: SupportRequestFactory.create(wishes=[at(day) for day in DAYS], **facts))

    @where(lambda: SupportRequest.objects.filter(status=Asked.RECEIVED))
    @rule(number=ROWS, by_link=st.booleans())
    def a_group_is_known(self, number: int, by_link: bool) -> None:
        asked = _nth(SupportRequest.objects.filter(status=Asked.RECEIVED), number)
        self.do(lambda: asked.confirm(by=None if by_link else self.office))

    @where(lambda: SupportRequest.objects.filter(status__in=(Asked.RECEIVED, Asked.CONFIRMED)))
    @rule(number=ROWS, people=st.sampled_from((3, 9)), by_link=st.booleans())
    def a_group_asks_for_something_else(self, number: int, people: int, by_link: bool) -> None:
        asked = _nth(SupportRequest.objects.filter(status__in=(Asked.RECEIVED, Asked.CONFIRMED)), number)
        wish = a_wish(group_name=asked.group.name, participants=people, starts=[at(15, 13)])
        self.do(lambda: revise(asked, wish, by=None if by_link else self.office))

    @precondition(lambda self: SupportRequest.objects.under_way().count() > 2)
    @rule(number=ROWS)
    def a_group_takes_its_request_back(self, number: int) -> None:
        self.do(lambda: _nth(SupportRequest.objects.all(), number).withdraw(by=None, reason=""))

    @where(lambda: Session.objects.filter(request__status__in=(Asked.PLANNED, Asked.BOOKED)))
    @rule(number=ROWS, day=st.sampled_from((*DAYS, 16)), by_link=st.booleans())
    def a_session_moves(self, number: int, day: int, by_link: bool) -> None:
        session = _nth(Session.objects.filter(request__status__in=(Asked.PLANNED, Asked.BOOKED)), number)
        by = None if by_link else self.office
        self.do(lambda: reschedule(session, at(day), by=by, reason="都合"))

    # --- Supporters and guardians ----------------------------------------------------------------------
    @where(Assignment.objects.offered)
    @rule(number=ROWS)
    def a_supporter_says_yes(self, number: int) -> None:
        row = _nth(Assignment.objects.offered(), number)
        self.do(lambda: row.accept(by=row.supporter.user))

    @where(Assignment.objects.offered)
    @rule(number=ROWS)
    def a_supporter_says_no(self, number: int) -> None:
        row = _nth(Assignment.objects.offered(), number)
        self.do(lambda: row.decline(by=row.supporter.user))

    @where(Assignment.objects.held)
    @rule(number=ROWS)
    def a_supporter_cannot_come(self, number: int) -> None:
        row = _nth(Assignment.objects.held(), number)
        self.do(lambda: row.want_stand_in(by=row.supporter.user))

    @where(lambda: Assignment.objects.filter(status__in=Assignment.LIVE))
    @rule(number=ROWS, verb=st.sampled_from(("accept", "decline", "want_stand_in")))
    def a_supporter_answers_late(self, number: int, verb: str) -> None:
        """An old page, a link used twice: whatever the state is."""
        row = _nth(Assignment.objects.all(), number)
        self.do(lambda: getattr(row, verb)(by=row.supporter.user))

    @where(lambda: Assignment.objects.exclude(status__in=Assignment.LIVE))
    @rule(number=ROWS)
    def a_supporter_comes_after_all(self, number: int) -> None:
        row = _nth(Assignment.objects.exclude(status__in=Assignment.LIVE), number)
        self.do(lambda: Assignment.take(row.shift, row.supporter, by=self.office, reason="電話"))

    @rule(person=ROWS, shift=st.integers(0, 1))
    def a_supporter_joins(self, person: int, shift: int) -> None:
        who = _nth(Supporter.objects.active(), person)
        place = _nth(Shift.objects.exclude(joining=""), shift)
        self.do(lambda: join(place, who, by=who.user))

    @rule(person=ROWS, verb=st.sampled_from(("pause", "resume")))
    def a_supporter_rests_or_comes_back(self, person: int, verb: str) -> None:
        who = _nth(Supporter.objects.all(), person)
        self.do(lambda: getattr(who, verb)(by=who.user))

    @precondition(lambda self: Supporter.objects.active().count() > PEOPLE + 2)
    @rule(person=ROWS)
    def a_supporter_is_forgotten(self, person: int) -> None:
        who = _nth(Supporter.objects.active(), person)
        self.do(lambda: erasing.ask(who, by=who.user))

    @where(_duties_now)
    @rule(number=ROWS)
    def a_supporter_arrives(self, number: int) -> None:
        row = _nth(_duties_now(), number)
        self.do(
            lambda: check_in(
                row, by=row.supporter.user, way=CheckIn.Way.CODE, late_because=CheckIn.LateBecause.values[0]
            )
        )

    @where(_held_now)
    @rule(number=ROWS, attendees=st.sampled_from((5, 5, 0)), absent=st.booleans())
    def a_supporter_reports(self, number: int, attendees: int, absent: bool) -> None:
        session = _nth(_held_now(), number)
        team = list(session.shift.assignments.held().order_by("pk"))
        present = team[1:] if absent else team
        topics = [Topic.objects.get(pk="T05")]
        self.do(lambda: session.record_report(by=self.office, attendees=attendees, topics=topics, present=present))

    @rule(given=st.booleans())
    def a_guardian_thinks_again(self, given: bool) -> None:
        consent = Consent.objects.get(supporter=self.minor)
        self.do(lambda: consent.revoke(by=None) if not given else consent.give())

    # --- The office ----------------------------------------------------------------------------------
    @where(lambda: SupportRequest.objects.filter(status=Asked.CONFIRMED))
    @rule()
    def the_office_plans(self) -> None:
        plan = Plan.objects.create(first=at(1).date(), last=at(20).date())
        solving.solve(plan.pk)
        plan.refresh_from_db()
        self.do(lambda: approve(plan, by=self.office))

    @rule(person=ROWS, shift=ROWS)
    def the_office_asks(self, person: int, shift: int) -> None:
        who, place = _nth(Supporter.objects.all(), person), _nth(Shift.objects.all(), shift)
        self.do(lambda: ask(place, who, by=self.office))

    @where(lambda: Assignment.objects.filter(status=Row.APPLIED))
    @rule(number=ROWS)
    def the_office_chooses(self, number: int) -> None:
        self.do(lambda: _nth(Assignment.objects.filter(status=Row.APPLIED), number).choose(by=self.office))

    @where(lambda: Assignment.objects.filter(status=Row.APPLIED))
    @rule(number=ROWS)
    def the_office_passes_somebody_over(self, number: int) -> None:
        self.do(lambda: _nth(Assignment.objects.filter(status=Row.APPLIED), number).pass_over(by=self.office))

    @precondition(lambda self: SupportRequest.objects.under_way().count() > 1)
    @rule(number=ROWS, cause=st.sampled_from(Shift.Cause.values), verb=st.sampled_from(("reopen", "decline")))
    def the_office_lets_a_time_fall(self, number: int, cause: str, verb: str) -> None:
        asked = _nth(SupportRequest.objects.all(), number)
        self.do(lambda: getattr(asked, verb)(by=self.office, reason="中止", cause=cause))

    @where(lambda: Session.objects.filter(request__status=Asked.PLANNED))
    @rule(number=ROWS)
    def the_office_goes_with_fewer(self, number: int) -> None:
        session = _nth(Session.objects.filter(request__status=Asked.PLANNED), number)
        self.do(lambda: session.go_with_fewer(by=self.office, reason="足りる"))

    @where(lambda: Assignment.objects.filter(status__in=sandbox.ON))
    @rule(number=ROWS, undone=st.booleans())
    def the_office_frees_somebody_on_the_board(self, number: int, undone: bool) -> None:
        row = _nth(Assignment.objects.filter(status__in=sandbox.ON).select_related("shift", "supporter"), number)
        day = row.shift.local_date
        monday = day - dt.timedelta(days=day.weekday())

        def commit() -> None:
            step = {"supporter": row.supporter, "leaves": row.shift, "goes": None, "how": "", "reason": "都合"}
            sandbox.propose(by=self.office, monday=monday, **step)
            board = Board.objects.of(self.office, monday).open().get()
            sandbox.commit(board, sandbox.state_of(sandbox.touched(board)), by=self.office)
            if undone:
                sandbox.undo(board, by=self.office)

        self.do(commit)

    @where(lambda: Report.objects.filter(attendees__gt=0))
    @rule(by_two=st.booleans())
    def the_office_pays(self, by_two: bool) -> None:
        month = Month.of(MONDAY.date())

        def settle() -> None:
            honoraria.draw_up(month, by=self.office)
            found = reconcile(month)
            assert found.agrees
            assert found.undrawn.duties == 0
            approver = self.second if by_two else self.office
            seen = honoraria.count_of(honoraria.approvable(month, by=approver))
            honoraria.approve_lines(month, by=approver, seen=seen)
            honoraria.pay(by=self.office)

        self.do(settle)

    # --- The clock -----------------------------------------------------------------------------------
    @where(Assignment.objects.offered)
    @rule()
    def the_offers_lapse(self) -> None:
        Assignment.objects.offered().update(answer_by=timezone.now() - dt.timedelta(minutes=1))
        self.do(lambda: None)

    @precondition(lambda self: self.now < MONDAY + dt.timedelta(days=12))
    @rule()
    def a_day_goes_by(self) -> None:
        self.now += dt.timedelta(days=1)
        self.do(lambda: None)

    @where(_booked_to_come)
    @rule(absent=st.booleans())
    def a_session_takes_place(self, absent: bool) -> None:
        session = _booked_to_come().order_by("shift__starts_at")[0]
        self.now = session.shift.starts_at
        self.do(lambda: None)
        for _one in session.shift.assignments.held()[absent:]:
            self.a_supporter_arrives(0)
        self.a_supporter_reports(0, 5, absent)

    @invariant()
    def every_promise_holds(self) -> None:
        if hasattr(self, "point"):
            assert broken() == []
            reached.update(f"request {one}" for one in set(SupportRequest.objects.values_list("status", flat=True)))
            reached.update(f"duty {one}" for one in set(Assignment.objects.values_list("status", flat=True)))
            reached["paid"] += Honorarium.objects.exclude(payment=None).count()


def _not_reached() -> set[str]:
    """Rules whose verb was never done, and states in which nothing was ever seen."""
    rules = {name for name, member in vars(Lifecycle).items() if hasattr(member, "hypothesis_stateful_rule")}
    states = {f"duty {one}" for one in Row.values} | {f"request {one}" for one in Asked.values}
    within = {"duty proposed", "request held"}  # only within a verb
    return (rules | states | {"paid"}) - within - (+reached).keys()


def test_whatever_people_do_in_whatever_order_every_promise_holds(programme_facts: None) -> None:
    """Some walks, the same each time, and more of them until they have been everywhere."""
    reached.clear()
    walks = settings(
        max_examples=4,
        stateful_step_count=40,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # the walk that fails is shown as it was; shortening it would take minutes
        suppress_health_check=list(HealthCheck),
    )
    for number in range(8):
        seed(number)(Lifecycle)
        run_state_machine_as_test(Lifecycle, settings=walks)
        if number and not _not_reached():
            break
    assert _not_reached() == set()
