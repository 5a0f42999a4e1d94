"""The office's pages about plans."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from programme.models import Limits, User
from programme.wording import say_day, say_moment
from support_requests.models import Plan, SupportRequest
from support_requests.planning import forms, views
from support_requests.planning.approving import carry_out
from support_requests.planning.solving import solve
from supporters.models import Assignment, Shift, Supporter
from tests.factories import SupporterFactory, SupportRequestFactory, UserFactory, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")

PLANS = reverse("support_requests:plans")


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def a_plan() -> Plan:
    return Plan.objects.create(first=at(1).date(), last=at(28).date())


def solved() -> Plan:
    plan = a_plan()
    solve(plan.pk)
    plan.refresh_from_db()
    return plan


def page(client: Client, plan: Plan) -> str:
    return client.get(reverse("support_requests:plan", args=[plan.pk])).content.decode()


def post(client: Client, plan: Plan, action: str) -> str:
    address = reverse("support_requests:plan", args=[plan.pk])
    return client.post(address, {"action": action}, follow=True).content.decode()


def dates(first: dt.date, last: dt.date) -> dict[str, str]:
    parts = {"first": first, "last": last}
    return {
        f"{name}_{part}": str(getattr(day, part)) for name, day in parts.items() for part in ("year", "month", "day")
    }


# --- Who may see them ----------------------------------------------------------------------------------


def test_anybody_else_finds_no_plans(client: Client, officer: User, desk_account: User) -> None:
    addresses = [PLANS, reverse("support_requests:plan", args=[a_plan().pk])]
    for address in addresses:
        assert client.get(address).status_code == 302
    for user in (officer, desk_account, UserFactory(), SupporterFactory().user):
        client.force_login(user)
        assert [client.get(address).status_code for address in addresses] == [404, 404]


# --- Making one ----------------------------------------------------------------------------------------


def test_the_form_proposes_tomorrow_to_the_last_day_of_the_desks(office: Client) -> None:
    form = office.get(PLANS).context["form"]
    assert form.initial == {"first": at(1).date(), "last": at(Limits.current().desk_days_ahead).date()}


def test_a_plan_is_asked_for_and_its_page_opened(office: Client, coordinator: User) -> None:
    answer = office.post(PLANS, dates(at(3).date(), at(9).date()))
    plan = Plan.objects.get()
    assert answer["Location"] == reverse("support_requests:plan", args=[plan.pk])
    assert (plan.first, plan.last, plan.created_by) == (at(3).date(), at(9).date(), coordinator)


def test_a_period_that_cannot_be_stays_in_the_form_with_a_sentence(office: Client) -> None:
    answer = office.post(PLANS, dates(at(9).date(), at(3).date()))
    assert (answer.status_code, Plan.objects.count()) == (200, 0)
    assert answer.context["form"].errors == {"last": ["最後の日は、最初の日と明日より前にはできません。"]}
    assert f'value="{at(9).date().day}"' in answer.content.decode()


def test_the_list_says_how_far_each_plan_is(office: Client) -> None:
    SupportRequestFactory()
    SupportRequestFactory(needs=["sign"])
    SupporterFactory()
    solved()
    a_plan()
    text = office.get(PLANS).content.decode()
    assert [sentence in text for sentence in ("2件のうち1件", "確認してください", "計算待ち")] == [True] * 3


# --- Looking at one ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["waiting", "solving"])
def test_while_it_is_made_the_page_says_so_and_looks_again_by_itself(office: Client, status: str) -> None:
    plan = a_plan()
    Plan.objects.filter(pk=plan.pk).update(status=status)
    answer = office.get(reverse("support_requests:plan", args=[plan.pk]))
    assert (answer["Refresh"], "計算しています" in answer.content.decode()) == ("3", True)


def test_a_ready_page_does_not_move(office: Client) -> None:
    assert not office.get(reverse("support_requests:plan", args=[solved().pk])).has_header("Refresh")


def test_a_served_request_shows_time_place_team_and_why(office: Client) -> None:
    request, person = SupportRequestFactory(wishes=[at(-1), at(14)]), SupporterFactory()
    done = an_offer(a_shift(days=2), person)
    done.accept(by=None)
    Shift.objects.filter(pk=done.shift_id).update(starts_at=at(-14), ends_at=at(-14, 12))
    done.record_attendance(came=True, by=None)
    plan = solved()
    text = page(office, plan)
    wanted = [
        str(request.group),
        say_moment(at(14)),
        "第2希望",
        person.name,
        "リーダー",
        "(レベル2)",
        say_day(at(-14)),
        "今年度1回",
        "これより良い組み合わせがないことを、計算で確かめています。",
        "この1件を承認して、お願いを送る",
    ]
    assert [sentence for sentence in wanted if sentence not in text] == []
    (row,) = office.get(reverse("support_requests:plan", args=[plan.pk])).context["rows"].served
    assert [(one.supporter, one.topics[0][1], one.turns, one.is_minor) for one in row.team] == [(person, 2, 1, False)]


def test_an_unserved_request_says_per_time_what_is_missing(office: Client) -> None:
    SupportRequestFactory(needs=["sign"], wishes=[at(14), at(60)])
    SupporterFactory(is_lead=False)
    text = page(office, solved())
    wanted = [
        say_moment(at(14)),
        "次がたりません:リーダーができる人、「手話」に当てはまる人",
        say_moment(at(60)),
        "この計画の期間に入っていません。",
    ]
    assert [sentence for sentence in wanted if sentence not in text] == []
    assert "承認して、お願いを送る" not in text


def test_a_failed_plan_says_why_and_may_be_tried_again(office: Client) -> None:
    plan = a_plan()
    Plan.objects.filter(pk=plan.pk).update(status=Plan.Status.FAILED, message="計算の途中で問題が起きました。")
    assert "計算の途中で問題が起きました。" in page(office, plan)
    assert "計算しています" in post(office, plan, "again")


# --- Deciding ------------------------------------------------------------------------------------------


def test_approving_says_what_was_asked_and_what_was_refused(office: Client) -> None:
    SupportRequestFactory(wishes=[at(14)])
    gone = SupportRequestFactory(wishes=[at(21)])
    SupporterFactory()
    plan = solved()
    SupportRequest.objects.get(pk=gone.pk).withdraw(by=None, reason="都合")
    text = post(office, plan, "approve")
    assert "1件をお願いしました。1件は、計画の後で状況が変わったため外しました。" in text
    assert f"「{gone.group}」の申込みは「取り下げ」に変わったため、この案は使えません。" in text
    assert Assignment.objects.offered().count() == 1


def test_a_large_plan_is_approved_in_the_background_and_the_page_says_how_far_it_is(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 1)
    for day in (14, 15):
        a_shift(days=day)
        SupporterFactory()
    plan = solved()
    text = post(office, plan, "approve")
    assert "2件のうち0件が終わりました" in text
    assert office.get(reverse("support_requests:plan", args=[plan.pk])).headers["Refresh"] == "3"
    assert "お願いを送っています" in post(office, plan, "approve")  # a second tap
    carry_out(plan.pk)
    text = page(office, plan)
    assert "お願いを送った活動" in text
    assert Assignment.objects.offered().count() == 2


def test_a_second_tap_on_approve_is_a_sentence(office: Client) -> None:
    SupportRequestFactory()
    SupporterFactory()
    plan = solved()
    post(office, plan, "approve")
    assert "この計画は「承認済み」なので、承認できません。" in post(office, plan, "approve")
    assert Assignment.objects.count() == 1


def test_discarding_sends_nothing(office: Client) -> None:
    SupportRequestFactory()
    SupporterFactory()
    plan = solved()
    assert "何も送っていません。" in post(office, plan, "discard")
    assert Assignment.objects.count() == 0


@pytest.mark.parametrize("action", ["", "dance"])
def test_an_unknown_action_changes_nothing(office: Client, action: str) -> None:
    plan = solved()
    answer = office.post(reverse("support_requests:plan", args=[plan.pk]), {"action": action})
    plan.refresh_from_db()
    assert (answer.status_code, plan.status) == (404, Plan.Status.READY)


def test_looking_changes_nothing(office: Client) -> None:
    plan = solved()
    before = plan.moves.count()
    page(office, plan)
    office.get(f"{reverse('support_requests:plan', args=[plan.pk])}?action=approve")
    assert plan.moves.count() == before


def test_a_duty_at_a_desk_counts_in_whose_turn_it_is(office: Client, set_now: Callable[[dt.datetime], None]) -> None:
    person, desk = SupporterFactory(), a_shift(days=7)
    an_offer(desk, person).accept(by=None)
    set_now(desk.ends_at)
    SupportRequestFactory(wishes=[at(14)])
    plan = solved()
    (row,) = office.get(reverse("support_requests:plan", args=[plan.pk])).context["rows"].served
    assert [member.last_turn for member in row.team] == [desk.starts_at]


# --- Speed ---------------------------------------------------------------------------------------------


def ask_why(client: Client, plan: Plan) -> str:
    task = plan.tasks.filter(starts_at=at(14))[0]
    address = reverse("support_requests:plan_task", args=[plan.pk, task.pk])
    return client.get(address, {"supporter": Supporter.objects.order_by("-pk")[0].pk}).content.decode()


def _queries(run: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        run()
    return len(queries)


def _row() -> None:
    SupportRequestFactory(wishes=[at(14)], received_at=timezone.now())
    SupportRequestFactory(wishes=[at(15)], needs=["sign"])
    SupporterFactory(is_lead=True)
    a_shift(days=14, hour=15)


def test_the_plans_page_needs_as_many_queries_for_three_rows_as_for_one(office: Client) -> None:
    SupporterFactory(is_lead=True)  # a next best person to name, whether or not the hall is closed that day
    _row()
    plan = solved()
    one, one_listed = _queries(lambda: page(office, plan)), _queries(lambda: office.get(PLANS))
    one_asked = _queries(lambda: ask_why(office, plan))
    _row()
    _row()
    plan = solved()
    three, three_listed = _queries(lambda: page(office, plan)), _queries(lambda: office.get(PLANS))
    rows = office.get(reverse("support_requests:plan", args=[plan.pk])).context["rows"]
    assert (len(rows.served), len(rows.unserved)) == (6, 3)
    assert (three, three_listed) == (one, one_listed)
    assert _queries(lambda: ask_why(office, plan)) == one_asked


# --- One by one ----------------------------------------------------------------------------------------


def task_page(plan: Plan) -> str:
    return reverse("support_requests:plan_task", args=[plan.pk, plan.tasks.get().pk])


def test_one_part_is_approved_on_its_page(office: Client) -> None:
    for day in (14, 15):
        a_shift(days=day)
        SupporterFactory()
    plan = solved()
    address = reverse("support_requests:plan_task", args=[plan.pk, plan.tasks.all()[0].pk])
    text = office.post(address, {"action": "approve"}, follow=True).content.decode()
    assert "1件をお願いしました。" in text
    assert "先に承認しました" in text
    assert Assignment.objects.count() == 1


def test_another_person_is_sent_with_a_reason_that_the_plan_shows(office: Client) -> None:
    for _ in range(3):
        SupporterFactory()
    SupportRequestFactory()
    plan = solved()
    chosen = plan.tasks.get().team.all()[0].supporter
    other = Supporter.objects.exclude(planned__task__plan=plan)[0]
    form = {"action": "override", "override-instead_of": chosen.pk, "override-supporter": other.pk}
    office.post(task_page(plan), form)  # no reason
    assert plan.tasks.get().team.filter(supporter=chosen).exists()
    text = office.post(task_page(plan), form | {"override-reason": "前から知り合い"}, follow=True).content.decode()
    assert "行く人を代えました。" in text
    assert "前から知り合い" in text
    assert plan.tasks.get().team.filter(supporter=other).exists()


def test_an_action_that_is_none_is_not_found(office: Client) -> None:
    SupporterFactory()
    SupportRequestFactory()
    plan = solved()
    assert office.post(task_page(plan), {"action": "x"}).status_code == 404


# --- A large one ---------------------------------------------------------------------------------------


def test_a_plan_is_read_page_by_page(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PARTS_A_PAGE", 2)
    SupporterFactory(week_limit=7)
    for days in (10, 12, 14):
        SupportRequestFactory(wishes=[at(days)])
    never = SupportRequestFactory(needs=["sign"], wishes=[at(9)])
    plan = solved()
    address, seen = reverse("support_requests:plan", args=[plan.pk]), []
    for number in (1, 2):
        answer = office.get(address, {"page": number})
        assert answer.context["counts"]["served"] + answer.context["counts"]["unserved"] == 4
        seen += [row.task for row in answer.context["rows"].all]
    assert [task.starts_at for task in seen] == [at(10), at(12), at(14), None]
    assert seen[-1].request == never


def test_a_large_plan_is_compared_with_today_when_it_is_asked_for(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 1)
    SupporterFactory()
    for days in (10, 12):
        SupportRequestFactory(wishes=[at(days)])
    plan = solved()
    address = reverse("support_requests:plan", args=[plan.pk])
    answer = office.get(address)
    assert (answer.context["changes"], "今の状況と比べる" in answer.content.decode()) == (None, True)
    answer = office.get(address, {"compare": 1})
    assert answer.context["changes"].counts == {"settled": 2}
    assert "今の状況と比べる" not in answer.content.decode()


def test_whom_to_send_instead_is_found_by_name_among_all(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "PEOPLE_AT_MOST", 1)
    monkeypatch.setattr(views, "PEOPLE_AT_MOST", 1)
    SupportRequestFactory(wishes=[at(10)])
    SupporterFactory(is_lead=True)
    late = SupporterFactory(name="渡辺 和", kana="わたなべ なごみ", status="paused")
    plan = solved()
    late.resume(by=None)
    found = office.get(task_page(plan), {"q": "ワタナベ"})
    (_empty, chosen) = found.context["form"].fields["supporter"].widget.choices
    assert chosen == (late.pk, "渡辺 和")
    assert found.context["are_many"]
    assert late.name not in office.get(task_page(plan)).content.decode()
