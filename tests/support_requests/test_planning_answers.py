"""What a plan answers: who else, why not, whom to look for; and what happens by itself after a no."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import matching
from programme.models import Limit, User
from programme.wording import say_moment
from support_requests.models import Plan, PlannedTask, Session
from support_requests.planning import solving
from support_requests.planning.mending import mend
from support_requests.planning.saying import say_rule
from support_requests.planning.solving import solve
from supporters.models import Assignment, Supporter
from tests.factories import SupporterFactory, SupportRequestFactory, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def solved(plan: Plan | None = None) -> Plan:
    plan = plan or Plan.objects.create(first=at(1).date(), last=at(28).date())
    solve(plan.pk)
    return Plan.objects.get(pk=plan.pk)


def page(client: Client, plan: Plan) -> str:
    return client.get(reverse("support_requests:plan", args=[plan.pk])).content.decode()


def ask(client: Client, task: PlannedTask, supporter: Supporter | None = None) -> str:
    address = reverse("support_requests:plan_task", args=[task.plan_id, task.pk])
    return client.get(address, {"supporter": supporter.pk} if supporter else {}).content.decode()


# --- While it is made, and what is kept ------------------------------------------------------------------


def test_while_it_is_made_the_page_says_how_far_it_is(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    SupportRequestFactory()
    SupporterFactory()
    plan, real, seen = Plan.objects.create(first=at(1).date(), last=at(28).date()), matching.solve, []

    def watched(problem: matching.Problem, *, progress: Callable[..., None], **options: Any) -> matching.Plan:
        def look(step: matching.Progress) -> None:
            progress(step)
            seen.append(page(office, plan))

        return real(problem, progress=look, **options)

    monkeypatch.setattr(matching, "solve", watched)
    solve(plan.pk)
    assert "最初の案ができました。" in seen[0]
    assert "今の案は15点、最大でも15点です。" in seen[0]
    assert "組み合わせをととのえて、" in seen[-1]


def test_a_plan_keeps_both_objectives_and_says_what_made_it(office: Client) -> None:
    SupportRequestFactory()
    SupporterFactory()
    plan = solved()
    assert (plan.q is not None, plan.q_bound, plan.version) == (True, plan.q, matching.version())
    assert f"計算の版:{plan.version}" in page(office, plan)


def test_facts_that_changed_are_said_before_approval(office: Client) -> None:
    SupportRequestFactory()
    person = SupporterFactory()
    plan = solved()
    assert "計画した後で、状況が変わりました" not in page(office, plan)
    person.pause(by=None)
    text = page(office, plan)
    assert "計画した後で、状況が変わりました" in text
    assert f"{person.name}さん:活動中のサポーターだけが引き受けられます。今の状態:休止中" in text


# --- What it changes -----------------------------------------------------------------------------------


def test_what_a_plan_changes_is_counted_by_activity_and_by_person_before_approval(office: Client) -> None:
    leaving, staying, busy = (SupporterFactory(is_lead=True) for _ in range(3))
    shift, settled = a_shift(days=14, needed=2), a_shift(days=20)
    for person, duty in ((staying, shift), (leaving, shift), (busy, settled)):
        an_offer(duty, person).accept(by=None)
    shift.assignments.get(supporter=leaving).want_stand_in(by=None)
    SupportRequestFactory(wishes=[at(16)])
    moved, old = SupportRequestFactory(wishes=[at(17)]), a_shift(purpose="session", days=10)
    Session.objects.create(request=moved, shift=old)
    old.cancel(by=None, reason="人がそろわない")
    new = SupporterFactory(is_lead=True)
    for person in (leaving, staying, busy):
        person.absences.create(starts_at=at(16, hour=0), ends_at=at(18, hour=0))
    plan = solved()
    answer = office.get(reverse("support_requests:plan", args=[plan.pk]))
    changes, rows = answer.context["changes"], answer.context["rows"]
    assert changes.counts == {"settled": 1, "moved": 1, "filled": 1}
    assert (changes.untouched, changes.asked, changes.freed) == (
        1,
        len({row.team[0].supporter for row in rows.served}),
        1,
    )
    kinds = {row.change.kind: row.change for row in rows.served}
    assert (kinds["filled"].kept, kinds["filled"].freed, kinds["moved"].before) == ([staying], [leaving], old.starts_at)
    people = {one.supporter: one for one in changes.people}
    assert len(people[new].asked) >= 2
    assert ([row.title for row in people[leaving].freed], people[leaving].kept) == ([shift.title], 0)
    for words in ("承認すると変わること", "そのままの人:", f"{leaving.name}さんは、代わりが決まると空きます", "前は"):
        assert words in answer.content.decode()


# --- Answers -------------------------------------------------------------------------------------------


def test_who_else_could_go_is_ranked_with_what_it_costs(office: Client) -> None:
    SupportRequestFactory(wishes=[at(14)])
    people = {SupporterFactory(), SupporterFactory(), SupporterFactory()}
    (task,) = solved().tasks.all()
    (spare,) = people - {member.supporter for member in task.team.all()}
    (other,) = task.others
    assert (other["supporter"], other["weight"], other["leaves"]) == (spare.pk, 0, [])
    assert spare.name in ask(office, task)


def test_why_somebody_does_not_go_is_the_first_rule_that_fails(office: Client) -> None:
    SupportRequestFactory(wishes=[at(14)])
    people, busy = {SupporterFactory(), SupporterFactory(), SupporterFactory()}, SupporterFactory()
    an_offer(a_shift(days=14), busy).accept(by=None)
    plan = solved()
    (task,) = plan.tasks.all()
    team = {member.supporter for member in task.team.all()}
    (other,) = people - team
    assert say_rule("H6") in ask(office, task, busy)
    assert say_rule(None) in ask(office, task, other)
    assert "この活動に行く人に選ばれています。" in ask(office, task, team.pop())


def test_why_not_is_not_answered_from_other_facts(office: Client) -> None:
    SupportRequestFactory()
    person, other = SupporterFactory(), SupporterFactory()
    (task,) = solved().tasks.all()
    other.pause(by=None)
    assert "計画した後で状況が変わったため、答えられません。" in ask(office, task, person)


def test_a_task_of_another_plan_is_not_there(office: Client) -> None:
    SupportRequestFactory()
    (task,) = solved().tasks.all()
    other = Plan.objects.create(first=at(1).date(), last=at(2).date())
    assert office.get(reverse("support_requests:plan_task", args=[other.pk, task.pk])).status_code == 404


def test_whom_to_look_for_is_said_with_the_witness(office: Client) -> None:
    request = SupportRequestFactory(needs=["sign"], wishes=[at(14)])
    SupporterFactory()
    plan = solved()
    best = plan.recruits[0]
    assert (best["needs"], best["weight"], [task["key"] for task in best["tasks"]]) == (
        ["sign"],
        15,
        [f"request:{request.pk}"],
    )
    text = page(office, plan)
    assert "こんな人がいれば、もっと行けます" in text
    assert "「手話」に当てはまる人" in text
    assert f"{say_moment(at(14))} {request.group}" in text


# --- After a no ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["decline", "lapse"])
def test_a_no_is_planned_again_by_itself_and_touches_nothing_else(office: Client, answer: str) -> None:
    shift, asked, other = a_shift(days=7), SupporterFactory(), SupporterFactory()
    SupportRequestFactory(wishes=[at(7)])  # open, and not touched by the no
    offer = an_offer(shift, asked)
    if answer == "decline":
        offer.decline(by=None)
    else:
        offer.lapse()
    assert solving.sweep(timezone.now()) == 1
    plan = Plan.objects.get()
    (task,) = plan.tasks.all()
    assert (task.shift, [one.supporter for one in task.team.all()]) == (shift, [other])
    assert plan.status == Plan.Status.APPROVED
    assert Assignment.objects.offered().get().supporter == other
    text = page(office, plan)
    assert "新しくお願いした人は1人です。ほかの人の予定は変わりません。" in text
    assert f"断った人、返事がなかった人: {asked.name}" in " ".join(text.split())


def test_a_stand_in_is_looked_for_as_soon_as_somebody_says_that_they_cannot_come() -> None:
    shift, ill, other = a_shift(days=7), SupporterFactory.create(), SupporterFactory.create()
    place = an_offer(shift, ill)
    place.accept(by=None)
    assert solving.sweep(timezone.now()) == 0
    place.want_stand_in(by=None, reason="熱が出ました")
    solving.sweep(timezone.now())
    offer = Assignment.objects.offered().get()
    assert offer.supporter == other
    place.refresh_from_db()
    assert (place.status, place.is_held) == (Assignment.Status.STANDING_IN_WANTED, True)
    offer.accept(by=None)
    place.refresh_from_db()
    assert place.status == Assignment.Status.RELEASED
    assert shift.is_staffed()


def test_of_equals_whoever_was_asked_the_longest_ago_is_asked_first() -> None:
    first, second, third, fourth = (SupporterFactory.create() for _ in range(4))
    for days, person in ((3, second), (2, first), (1, fourth)):
        row = an_offer(a_shift(days=20 + days), person)
        row.decline(by=None)
        row.shift.cancel(by=None, reason="試験")
        Assignment.objects.filter(pk=row.pk).update(offered_at=timezone.now() - dt.timedelta(days=days))
    order = []
    shift = a_shift(days=7)
    an_offer(shift, SupporterFactory.create()).decline(by=None)
    for _turn in range(4):
        solving.sweep(timezone.now())
        row = Assignment.objects.filter(shift=shift).offered().get()
        order.append(row.supporter)
        row.decline(by=None)
    assert order == [third, second, first, fourth]


def test_whoever_was_asked_often_this_month_is_passed_over() -> None:
    Limit.objects.filter(code="asks_a_month").update(value=1)
    often, other = SupporterFactory.create(), SupporterFactory.create()
    an_offer(a_shift(days=20), often).accept(by=None)
    shift = a_shift(days=7)
    an_offer(shift, SupporterFactory.create()).decline(by=None)
    solving.sweep(timezone.now())
    assert Assignment.objects.offered().get().supporter == other


def test_when_nobody_is_left_it_rises_in_the_inbox_with_the_reason(office: Client) -> None:
    shift = a_shift(days=7)
    an_offer(shift, SupporterFactory.create()).decline(by=None)
    assert "お願いできる人がいなくなった活動" not in office.get("/office/").content.decode()
    solving.sweep(timezone.now())
    inbox = office.get("/office/").content.decode()
    assert "お願いできる人がいなくなった活動" in inbox
    reason = "この日時に行けるサポーターの中に、次がたりません"
    assert reason in inbox
    assert "人がたりず、だれにもお願いしていない活動" not in inbox
    listed = office.get(reverse("support_requests:given_up")).content.decode()
    assert reason in listed
    an_offer(shift, SupporterFactory.create())  # the office has found somebody
    assert "お願いできる人がいなくなった活動" not in office.get("/office/").content.decode()


def test_a_no_is_planned_again_once(coordinator: User) -> None:
    an_offer(a_shift(days=7), SupporterFactory()).decline(by=None)
    assert mend(timezone.now()) is not None
    assert mend(timezone.now()) is None


def test_a_second_no_is_planned_again_too() -> None:
    shift = a_shift(days=7)
    an_offer(shift, SupporterFactory()).decline(by=None)
    assert mend(timezone.now()) is not None
    an_offer(shift, SupporterFactory()).decline(by=None)
    assert mend(timezone.now()) is not None


def test_a_no_after_which_the_team_is_complete_needs_no_plan() -> None:
    shift = a_shift(days=7)
    an_offer(shift, SupporterFactory()).decline(by=None)
    an_offer(shift, SupporterFactory()).accept(by=None)
    assert mend(timezone.now()) is None
    assert mend(timezone.now() + dt.timedelta(days=8)) is None
