"""Eight coordinators and eight workers at once: a plan is made once and carried out once."""

from collections.abc import Iterator

import pytest

from tests.processes import manage, own_environment, shell
from tests.support_requests.test_parallel import START


@pytest.fixture(scope="module")
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
