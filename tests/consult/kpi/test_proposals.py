"""What comes into the records of a closed month proposes its own correction, and waits for somebody's yes or no."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.errors import NothingChanged, ReasonMissing
from consult.kpi import ledger, proposals
from consult.kpi.report import report
from consult.models import Activity, Consultation, Correction, ProposedCorrection, Touch
from programme.errors import ChangedMeanwhile
from programme.fiscal import Month
from programme.models import District, Limit, Topic, User
from support_requests.models import Feedback, Report
from supporters.models import Assignment, Registration
from tests.consult.kpi.records import (
    DAY,
    a_consultation,
    a_duty,
    a_session,
    a_supporter,
    an_activity,
    state_late,
    tokyo,
    waiting,
)
from tests.processes import shell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MAY, JUNE = Month(2024, 5), Month(2024, 6)


def values(month: Month = MAY) -> dict[str, int]:
    return {row.definition.code: row.value for row in report(month).rows}


# --- What is proposed ------------------------------------------------------------------------------------
def test_late_cases_change_no_closed_figure_but_propose_a_correction(coordinator: User) -> None:
    a_consultation()
    ledger.close_month(MAY, by=coordinator)
    late = [a_consultation().pk.hex, a_consultation().pk.hex]
    assert values()["consultations"] == 1
    found = waiting(MAY)["consultations"]
    assert (found.old, found.new, sorted(found.came)) == (1, 3, sorted([row, 1] for row in late))
    assert (found.went, found.changed) == ([], [])


def test_a_voided_case_a_late_report_and_a_changed_course_are_found_by_themselves(coordinator: User) -> None:
    case, course = a_consultation(), an_activity(Activity.Kind.PREVENTION_COURSE, attendees=10)
    session = a_session(attendees=None)
    ledger.close_month(MAY, by=coordinator)
    case.void(by=coordinator, reason="二重に記録した")
    Report.objects.create(session=session, attendees=4)
    Activity.objects.filter(pk=course.pk).update(attendees=12)
    found = waiting(MAY)
    assert found["consultations"].went == [[case.pk.hex, 1]]
    assert found["participants"].came == [[str(session.pk), 4]]
    assert found["prevention_course_participants"].changed == [[str(course.pk), 10, 12]]


def test_what_a_group_says_after_the_closing_is_proposed(coordinator: User) -> None:
    a_session(feedback=(4, 1))
    late = a_session()
    ledger.close_month(MAY, by=coordinator)
    Feedback.objects.create(session=late, helpful=2, again=3)
    assert {code: (each.old, each.new, each.came) for code, each in waiting(MAY).items()} == {
        "feedback": (1, 2, [[str(late.pk), 1]]),
        "satisfaction": (1000, 500, [[str(late.pk), 0]]),
        "wanted_again": (0, 500, [[str(late.pk), 1]]),
    }


def test_a_registration_put_right_is_found_in_each_month_that_it_changes(coordinator: User) -> None:
    a_supporter((dt.date(2024, 6, 3), None))
    for month in (MAY, JUNE):
        ledger.close_month(month, by=coordinator)
    Registration.objects.update(started_on=dt.date(2024, 5, 30))
    assert {code: (each.old, each.new) for code, each in waiting(MAY).items()} == {
        "supporters": (0, 1),
        "supporters_new": (0, 1),
    }
    assert {code: (each.old, each.new) for code, each in waiting(JUNE).items()} == {"supporters_new": (1, 0)}


def test_an_earlier_registration_imported_later_makes_a_closed_new_supporter_a_returned_one(coordinator: User) -> None:
    supporter = a_supporter((dt.date(2024, 5, 7), None))
    ledger.close_month(MAY, by=coordinator)
    Registration.objects.create(supporter=supporter, started_on=dt.date(2022, 4, 1), ended_on=dt.date(2023, 3, 31))
    assert {code: (each.old, each.new) for code, each in waiting(MAY).items()} == {
        "supporters_new": (1, 0),
        "supporters_returned": (0, 1),
    }


def test_a_case_corrected_after_closing_proposes_the_parts_that_changed(coordinator: User) -> None:
    case = a_consultation()
    ledger.close_month(MAY, by=coordinator)
    case.correct(by=coordinator, reason="押しまちがい", topic=Topic.objects.get(pk="T06"))
    found = waiting(MAY)["consultations"]
    assert (found.old, found.new) == (1, 1)
    assert found.cells["topic"] == {"T05": [1, 0], "T06": [0, 1]}
    proposals.approve(found, reason="押しまちがい", by=coordinator)
    topics = {cell.key: cell.value for cell in report(MAY).row("consultations").cells["topic"]}
    assert (topics.get("T05", 0), topics["T06"]) == (0, 1)
    assert waiting(MAY) == {}


def test_a_supporter_who_moves_house_changes_no_closed_breakdown(coordinator: User) -> None:
    supporter = a_supporter((dt.date(2024, 5, 1), None))
    ledger.close_month(MAY, by=coordinator)
    a_consultation()  # May is looked at
    type(supporter).objects.update(home_district=District.objects.exclude(pk=supporter.home_district_id)[0])
    assert set(waiting(MAY)) == {"consultations"}


# --- Settings of today ----------------------------------------------------------------------------------
def test_a_new_rate_of_the_honorarium_restates_no_closed_month(coordinator: User) -> None:
    helper = a_supporter()
    a_duty(a_session().shift, helper)
    ledger.close_month(MAY, by=coordinator)
    Limit.objects.filter(code="honorarium_yen").update(value=1500)
    a_consultation()  # May is looked at
    assert set(waiting(MAY)) == {"consultations"}
    late = a_duty(a_session(tokyo(DAY, 14)).shift, a_supporter())
    found = waiting(MAY)["honoraria"]
    assert (found.old, found.new, found.changed) == (750, 750 + 1125, [])
    assert found.came == [[str(late.pk), 1125]]
    stated = proposals.approve(found, reason="入力が遅れた", by=coordinator)
    assert stated.tallies["all"] == [1875, 2]
    assert sum(total for total, _number in stated.tallies["by"]["purpose"].values()) == 1875


def test_who_may_be_paid_today_changes_no_closed_month_but_an_absence_does(coordinator: User) -> None:
    duty = a_duty(a_session().shift, a_supporter())
    ledger.close_month(MAY, by=coordinator)
    type(duty.supporter).objects.update(may_be_paid=False)
    a_consultation()
    assert set(waiting(MAY)) == {"consultations"}
    Assignment.objects.update(status="absent", seat=None)
    found = waiting(MAY)
    assert (found["honoraria"].new, found["honoraria"].went) == (0, [[str(duty.pk), 750]])
    assert found["support_hours"].new == 0


def test_a_district_given_up_or_added_later_changes_no_closed_month_but_a_late_course_does(coordinator: User) -> None:
    first, second, *_others = District.objects.order_by("position")
    an_activity(district=first.pk)
    ledger.close_month(MAY, by=coordinator)
    share = values()["districts_share"]
    District.objects.filter(pk=first.pk).update(active=False)
    District.objects.create(code="D99", name="新しい地区", position=999, latitude=36.4, longitude=139.1)
    a_consultation()
    assert "districts_share" not in waiting(MAY)
    assert "districts_reached" not in waiting(MAY)
    an_activity(district=second.pk)
    found = waiting(MAY)
    assert found["districts_share"].changed == [[str(second.pk), 0, 1]]
    assert (found["districts_reached"].old, found["districts_reached"].new) == (1, 2)
    assert found["districts_share"].new in (2 * share, 2 * share + 1)  # rounded down


def test_a_session_corrected_after_closing_is_proposed_beside_settled_amounts(coordinator: User) -> None:
    session = a_session()
    a_duty(session.shift, a_supporter())
    ledger.close_month(MAY, by=coordinator)
    Limit.objects.filter(code="honorarium_yen").update(value=1500)
    Report.objects.filter(session=session).update(attendees=7)
    assert {code: each.changed for code, each in waiting(MAY).items()} == {"participants": [[str(session.pk), 5, 7]]}


def test_open_months_propose_nothing_and_keep_no_touch() -> None:
    a_consultation()
    assert proposals.sweep() == 0
    assert Touch.objects.count() == 0


def test_sweeping_again_proposes_nothing_new(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    first = waiting(MAY)["consultations"].pk
    assert proposals.sweep() == 0
    Touch.objects.create(source="*")
    assert waiting(MAY)["consultations"].pk == first
    assert ProposedCorrection.objects.count() == 1


def test_only_touched_months_are_looked_at(coordinator: User) -> None:
    for month in (Month(2024, 4), MAY, JUNE):
        ledger.close_month(month, by=coordinator)
    proposals.sweep()
    a_consultation()
    assert proposals.sweep() == 1


def test_what_is_stored_while_a_month_is_closed_is_found_afterwards(coordinator: User) -> None:
    """Another process's case may commit after the count and before the closing: its touch is swept too early."""
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    Touch.objects.exclude(source="closing").delete()
    assert waiting(MAY)["consultations"].new == 1


def test_more_late_records_replace_the_proposal_and_their_going_takes_it_back(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    first = a_consultation()
    waiting(MAY)
    second = a_consultation()
    assert waiting(MAY)["consultations"].new == 2
    for case in (first, second):
        case.void(by=coordinator, reason="二重に記録した")
    assert waiting(MAY) == {}
    assert [each.status for each in ProposedCorrection.objects.all()] == ["replaced", "gone"]


def test_a_closed_month_is_compared_by_the_version_under_which_it_was_closed(
    coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from consult.kpi import definitions
    from consult.kpi.rows import sessions

    a_consultation()
    ledger.close_month(MAY, by=coordinator)
    old = definitions.find("consultations", 1)
    new = replace(old, version=2, since=dt.date(2024, 4, 1), rows=sessions.held, by={})
    monkeypatch.setattr(definitions, "DEFINITIONS", (*definitions.DEFINITIONS, new))
    assert waiting(MAY) == {}
    a_consultation()
    assert (waiting(MAY)["consultations"].old, waiting(MAY)["consultations"].new) == (1, 2)


# --- Deciding --------------------------------------------------------------------------------------------
def test_an_approved_proposal_is_the_figure_and_is_gone(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    proposal = waiting(MAY)["consultations"]
    correction = proposals.approve(proposal, reason=" 入力が遅れた ", by=coordinator)
    assert (correction.old, correction.new, correction.reason) == (0, 1, "入力が遅れた")
    assert (proposal.status, proposal.correction) == ("stated", correction)
    row = report(MAY).row("consultations")
    assert (row.frozen, row.value) == (0, 1)
    assert waiting(MAY) == {}
    with pytest.raises(NothingChanged):
        proposals.approve(proposal, reason="入力が遅れた", by=coordinator)
    assert Correction.objects.count() == 1


def test_a_refused_proposal_does_not_come_back_until_records_change_again(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    refused = waiting(MAY)["consultations"]
    proposals.refuse(refused, reason="練習の記録", by=coordinator)
    Touch.objects.create(source="*")
    assert waiting(MAY) == {}
    assert (refused.status, refused.reason, refused.settled_by) == ("refused", "練習の記録", coordinator)
    assert values()["consultations"] == 0
    a_consultation()
    assert waiting(MAY)["consultations"].new == 2


@pytest.mark.parametrize("decide", [proposals.approve, proposals.refuse])
def test_a_decision_needs_a_reason_and_is_made_once(coordinator: User, decide: object) -> None:
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    proposal = waiting(MAY)["consultations"]
    with pytest.raises(ReasonMissing):
        decide(proposal, reason="\u3000", by=coordinator)
    proposals.refuse(proposal, reason="練習の記録", by=coordinator)
    with pytest.raises(ChangedMeanwhile):
        decide(proposal, reason="?", by=coordinator)


def test_records_that_change_before_the_yes_are_not_stated_unseen(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    proposal = waiting(MAY)["consultations"]
    a_consultation()
    with pytest.raises(ChangedMeanwhile):
        proposals.approve(proposal, reason="入力が遅れた", by=coordinator)
    assert Correction.objects.count() == 0
    assert state_late(MAY, "consultations", coordinator).new == 2


def test_a_change_that_no_record_shows_survives_the_next_late_record(coordinator: User) -> None:
    a_consultation()
    ledger.close_month(MAY, by=coordinator)
    a_consultation()
    assert waiting(MAY)["consultations"].new == 2
    ledger.correct(MAY, "consultations", 4, "失われた紙の記録 3件", by=coordinator)
    assert (waiting(MAY)["consultations"].old, waiting(MAY)["consultations"].new) == (4, 5)
    state_late(MAY, "consultations", coordinator)
    assert values()["consultations"] == 5
    assert waiting(MAY) == {}


steps = st.lists(
    st.one_of(
        st.tuples(st.just("late"), st.integers(1, 3)),
        st.tuples(st.just("void"), st.integers(0, 9)),
        st.tuples(st.just("state"), st.just(0)),
        st.tuples(st.just("refuse"), st.just(0)),
        st.tuples(st.just("correct"), st.integers(0, 20)),
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_a_correction_changes_exactly_what_it_says(coordinator: User, steps: list[tuple[str, int]]) -> None:
    """Whatever comes in whatever order: figures move by stated corrections alone, and by what these say."""
    from django.db import transaction

    with transaction.atomic():
        a_consultation()
        ledger.close_month(MAY, by=coordinator)
        before = values()
        for step, number in steps:
            stated = Correction.objects.count()
            if step == "late":
                for _each in range(number):
                    a_consultation()
            elif step == "void":
                cases = list(Consultation.objects.counted().order_by("pk"))
                if cases:
                    cases[number % len(cases)].void(by=coordinator, reason="二重に記録した")
            elif step == "correct" and number != before["consultations"]:
                ledger.correct(MAY, "consultations", number, "紙の記録", by=coordinator)
            elif found := waiting(MAY).get("consultations"):
                decide = proposals.approve if step == "state" else proposals.refuse
                decide(found, reason="確かめた", by=coordinator)
            new = Correction.objects.order_by("pk")[stated:]
            says = {each.figure: each.new for each in new}
            assert all(each.old == before[each.figure] for each in new)
            assert values() == before | says
            before = values()
        assert ledger.verify_month(MAY) is True
        transaction.set_rollback(True)


@pytest.mark.slow
def test_eight_at_once_close_sweep_and_approve_once(environment: dict[str, str]) -> None:
    answers = shell(
        environment,
        """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.db import connection
from consult.kpi import ledger, proposals
from consult.models import Activity, Correction, ProposedCorrection
from programme.errors import Refused
from programme.fiscal import Month
from programme.loading import load
from programme.models import District, User
import datetime as dt

load()
user = User.objects.create_user("alice@example.jp")
may = Month(2024, 5)
ledger.close_month(may, by=user)
for number in range(3):
    Activity.objects.create(kind="hall_course", date=dt.date(2024, 5, 7), name=str(number),
                            district=District.objects.first(), attendees=5)
together = Barrier(8)

def run(work):
    def attempt(number):
        together.wait()
        try:
            return type(work()).__name__
        except Refused as error:
            return type(error).__name__
        finally:
            connection.close()
    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(attempt, range(8)))

print(*run(lambda: proposals.sweep()))
print(*sorted(ProposedCorrection.objects.values_list("figure", "status")))
def approve():
    return proposals.approve(ProposedCorrection.objects.get(figure="hall_courses"), reason="late", by=user)
print(*run(approve))
print(Correction.objects.filter(figure="hall_courses").count())
""",
    ).splitlines()
    assert answers[0].split() == ["int"] * 8
    assert answers[1].count("hall_courses") == 1
    assert answers[2].split() == ["Correction"] + ["NothingChanged"] * 7
    assert answers[3] == "1"
