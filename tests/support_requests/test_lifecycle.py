"""Random verbs of groups, supporters, the office and the clock: after each step every promise holds."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from programme.errors import Refused
from programme.models import Room, User, Venue
from support_requests.models import Plan, Session, SupportRequest
from support_requests.planning import solving
from support_requests.planning.approving import approve
from support_requests.rescheduling import reschedule
from supporters.joining import join
from supporters.models import Assignment, Consent, Shift, Supporter
from supporters.tasks import lapse_offers
from tests.factories import ContactFactory, SupporterFactory, SupportRequestFactory, a_hall, a_shift, an_offer, at
from tests.support_requests.lifecycle import broken

pytestmark = pytest.mark.usefixtures("programme_facts")

PEOPLE = 5
DAYS = (14, 15)
ROWS = st.integers(0, 5)


def _nth(rows: Any, number: int) -> Any:
    """One of ``rows``, by a number that may be larger than there are; None when there are none."""
    found = list(rows.order_by("pk"))
    return found[number % len(found)] if found else None


class Lifecycle(RuleBasedStateMachine):
    """Each rule is one verb of one actor. A refusal is an answer; anything else that is raised is a fault."""

    office: User

    @initialize()
    def people(self) -> None:
        self.point = transaction.atomic()
        self.point.__enter__()
        Venue.objects.update(closures=None)
        Room.objects.create(venue=a_hall(), name="会議室")
        self.office = User.objects.create_user("office@example.jp", name="Olga")
        for _ in range(PEOPLE):
            SupporterFactory.create(week_limit=9, month_limit=9)
        born = timezone.localdate() - dt.timedelta(days=16 * 366)
        minor = SupporterFactory.create(birth_date=born, is_lead=False)
        Consent.objects.create(supporter=minor, guardian=ContactFactory.create(), given_at=timezone.now())
        a_shift(days=14, hour=11, needed=2, joining=Shift.Joining.FIRST_COME)
        a_shift(days=15, hour=10, needed=2, joining=Shift.Joining.CHOICE)
        self.a_group_asks(8)
        self.the_office_plans()

    def teardown(self) -> None:
        if hasattr(self, "point"):
            transaction.set_rollback(True)
            self.point.__exit__(None, None, None)

    def do(self, verb: Callable[[], Any]) -> None:
        try:
            with transaction.atomic():
                verb()
        except Refused:
            pass
        # What the workers do within the minute.
        solving.sweep(timezone.now())

    # --- Groups --------------------------------------------------------------------------------------
    @precondition(lambda self: SupportRequest.objects.count() < 3)
    @rule(participants=st.sampled_from((4, 8)))
    def a_group_asks(self, participants: int) -> None:
        SupportRequestFactory.create(participants=participants, wishes=[at(day) for day in DAYS])

    @rule(number=ROWS)
    def a_group_takes_its_request_back(self, number: int) -> None:
        if asked := _nth(SupportRequest.objects.all(), number):
            self.do(lambda: asked.withdraw(by=None, reason=""))

    @rule(number=ROWS, day=st.sampled_from((*DAYS, 16)), by_link=st.booleans())
    def a_session_moves(self, number: int, day: int, by_link: bool) -> None:
        if session := _nth(Session.objects.all(), number):
            by = None if by_link else self.office
            self.do(lambda: reschedule(session, at(day), by=by, reason="都合"))

    # --- Supporters ----------------------------------------------------------------------------------
    @rule(number=ROWS)
    def a_supporter_says_yes(self, number: int) -> None:
        if row := _nth(Assignment.objects.offered(), number):
            self.do(lambda: row.accept(by=row.supporter.user))

    @rule(number=ROWS)
    def a_supporter_cannot_come(self, number: int) -> None:
        if row := _nth(Assignment.objects.held(), number):
            self.do(lambda: row.want_stand_in(by=row.supporter.user))

    @rule(number=ROWS, verb=st.sampled_from(("accept", "decline", "want_stand_in")))
    def a_supporter_answers(self, number: int, verb: str) -> None:
        if row := _nth(Assignment.objects.filter(status__in=Assignment.LIVE), number):
            self.do(lambda: getattr(row, verb)(by=row.supporter.user))

    @rule(number=ROWS)
    def a_supporter_comes_after_all(self, number: int) -> None:
        rows = Assignment.objects.exclude(status__in=Assignment.LIVE)
        if row := _nth(rows, number):
            self.do(lambda: Assignment.take(row.shift, row.supporter, by=self.office, reason="電話"))

    @rule(person=ROWS, shift=ROWS)
    def a_supporter_joins(self, person: int, shift: int) -> None:
        who, where = _nth(Supporter.objects.all(), person), _nth(Shift.objects.all(), shift)
        self.do(lambda: join(where, who, by=who.user))

    @rule(person=ROWS, verb=st.sampled_from(("pause", "resume")))
    def a_supporter_rests_and_comes_back(self, person: int, verb: str) -> None:
        who = _nth(Supporter.objects.all(), person)
        self.do(lambda: getattr(who, verb)(by=who.user))

    # --- The office ----------------------------------------------------------------------------------
    @rule()
    def the_office_plans(self) -> None:
        plan = Plan.objects.create(first=at(1).date(), last=at(20).date())
        solving.solve(plan.pk)
        plan.refresh_from_db()
        self.do(lambda: approve(plan, by=self.office))

    @rule(person=ROWS, shift=ROWS)
    def the_office_asks(self, person: int, shift: int) -> None:
        who, where = _nth(Supporter.objects.all(), person), _nth(Shift.objects.standing(), shift)
        if where and not where.assignments.filter(supporter=who, status__in=Assignment.LIVE).exists():
            self.do(lambda: an_offer(where, who))

    @rule(number=ROWS, verb=st.sampled_from(("choose", "pass_over")))
    def the_office_chooses(self, number: int, verb: str) -> None:
        if row := _nth(Assignment.objects.filter(status=Assignment.Status.APPLIED), number):
            self.do(lambda: getattr(row, verb)(by=self.office))

    @rule(number=ROWS, cause=st.sampled_from(Shift.Cause.values), verb=st.sampled_from(("reopen", "decline")))
    def the_office_lets_a_time_fall(self, number: int, cause: str, verb: str) -> None:
        if asked := _nth(SupportRequest.objects.all(), number):
            self.do(lambda: getattr(asked, verb)(by=self.office, reason="中止", cause=cause))

    @rule(number=ROWS)
    def the_office_goes_with_fewer(self, number: int) -> None:
        if session := _nth(Session.objects.all(), number):
            self.do(lambda: session.go_with_fewer(by=self.office, reason="足りる"))

    # --- The clock -----------------------------------------------------------------------------------
    @rule()
    def the_offers_lapse(self) -> None:
        Assignment.objects.offered().update(answer_by=timezone.now() - dt.timedelta(minutes=1))
        self.do(lapse_offers)

    @invariant()
    def every_promise_holds(self) -> None:
        if hasattr(self, "point"):
            assert broken() == []


def test_whatever_people_do_in_whatever_order_every_promise_holds(programme_facts: None) -> None:
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
