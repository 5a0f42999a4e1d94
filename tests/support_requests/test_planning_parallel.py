"""Eight coordinators and eight workers at once: a plan is made once and carried out once."""

from collections.abc import Iterator

import pytest

from tests.processes import manage, own_environment, shell
from tests.support_requests.test_parallel import START


@pytest.fixture
def loaded(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[dict[str, str]]:
    """An environment for real processes in which the programme's facts are loaded."""
    with own_environment(tmp_path_factory.mktemp("plans")) as values:
        manage(values, "load_programme")
        yield values


def test_a_plan_made_and_approved_eight_times_at_once_is_made_once_and_asks_once(loaded: dict[str, str]) -> None:
    answers = shell(
        loaded,
        START
        + """
from notifications.models import Message
from support_requests.models import Plan, PlannedTask, Session
from support_requests.planning.approving import approve
from support_requests.planning.solving import solve
from supporters.models import Assignment
from tests.factories import SupporterFactory, SupportRequestFactory, at

SupportRequestFactory()
SupporterFactory()
plan = Plan.objects.create(first=at(1).date(), last=at(28).date())
at_once(lambda: solve(plan.pk))
plan.refresh_from_db()
print(plan.status, PlannedTask.objects.count(), plan.moves.count())
print(at_once(lambda: approve(Plan.objects.get(pk=plan.pk), by=None)))
print([rows.objects.count() for rows in (Session, Assignment, Message)])
""",
    )
    assert answers.split("\n")[:3] == ["ready 1 2", str(["1"] + ["PlanNotReady"] * 7), "[1, 1, 1]"]


def test_a_plan_is_approved_while_its_people_accept_other_offers_and_nobody_waits_in_a_ring(
    loaded: dict[str, str],
) -> None:
    """Part 1 asks X anew; part 2 fills up a shift to which X says yes in this moment."""
    answers = shell(
        loaded,
        START
        + """
import threading
from unittest.mock import patch
from django.utils import timezone
from support_requests.models import Plan, PlannedMember, PlannedTask, SupportRequest
from support_requests.planning import approving
from support_requests.planning.problem import request_hash
from supporters.models import Assignment, Supporter
from tests.factories import SupporterFactory, SupportRequestFactory, a_shift, an_offer, at

x, y = SupporterFactory(), SupporterFactory()
shift = a_shift(needed=2, days=9)
offer = an_offer(shift, x)
asked = SupportRequestFactory(wishes=[at(14)])
plan = Plan.objects.create(first=at(1).date(), last=at(28).date(), status="ready")
first = PlannedTask.objects.create(
    plan=plan, request=asked, asked_hash=request_hash(asked), starts_at=at(14), explanation=[])
PlannedMember.objects.create(task=first, supporter=x)
second = PlannedTask.objects.create(plan=plan, shift=shift, starts_at=shift.starts_at, explanation=[])
PlannedMember.objects.create(task=second, supporter=y)

part_one_done, real_offer = threading.Event(), approving._offer

def slow_offer(*args, **facts):
    real_offer(*args, **facts)
    part_one_done.set()
    threading.Event().wait(1)  # while the other thread accepts

def accept():
    part_one_done.wait(10)
    try:
        offer.accept(by=None)
        return "accepted"
    except Exception as error:
        return type(error).__name__
    finally:
        connection.close()

def approve():
    try:
        with patch.object(approving, "_offer", slow_offer):
            return approving.approve(plan, by=None)
    except Exception as error:
        return type(error).__name__
    finally:
        connection.close()

with ThreadPoolExecutor(2) as pool:
    yes, parts = pool.submit(accept), pool.submit(approve)
    print(yes.result(), parts.result())
print(list(plan.tasks.values_list("outcome", flat=True)))
""",
    )
    assert answers.split("\n")[:2] == ["accepted 2", "['', '']"]
