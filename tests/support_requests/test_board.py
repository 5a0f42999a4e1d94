"""The week board: proposals that happen to nobody, their conflicts, one commit, one undo."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notifications.models import Message
from programme.models import Limit, User
from support_requests.board import sandbox, views
from support_requests.board.errors import BoardStale, MovedOn, NothingProposed, NotOnShift, OtherWeek, StepRefused
from support_requests.board.sandbox import state_of, touched
from support_requests.board.week import week_of
from support_requests.models import Board, BoardStep
from supporters.errors import AlreadyBooked
from supporters.models import Absence, Assignment, Claim, Shift, Supporter
from tests.factories import SupporterFactory, a_shift

pytestmark = pytest.mark.usefixtures("programme_facts")

Status = Assignment.Status
PAGE = "/requests/board/"


@pytest.fixture
def monday() -> dt.date:
    today = timezone.localdate()
    return today - dt.timedelta(days=today.weekday()) + dt.timedelta(days=14)


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def shift_on(monday: dt.date, day: int, hour: int = 10, **facts: object) -> Shift:
    days = (monday - timezone.localdate()).days + day
    return a_shift(days=days, hour=hour, joining="first_come", needs_lead=False, **facts)


def seat(shift: Shift, *people: Supporter) -> list[Assignment]:
    return [Assignment.take(shift, one, by=None) for one in people]


def step(by: User, monday: dt.date, one: Supporter, leaves: Shift | None, goes: Shift | None, **how: str) -> None:
    facts = {"how": "agreed", "reason": ""} | how
    sandbox.propose(by=by, monday=monday, supporter=one, leaves=leaves, goes=goes, **facts)


def commit(by: User) -> int:
    board = Board.objects.get(committed_at=None)
    return sandbox.commit(board, state_of(touched(board)), by=by)


def live(shift: Shift) -> dict[Supporter, str]:
    rows = shift.assignments.filter(status__in=sandbox.ON).select_related("supporter")
    return {row.supporter: row.status for row in rows}


# --- Proposing -----------------------------------------------------------------------------------------
def test_a_proposal_happens_to_nobody(coordinator: User, monday: dt.date) -> None:
    shift, one = shift_on(monday, 1), SupporterFactory()
    step(coordinator, monday, one, None, shift)
    assert not Assignment.objects.exists()
    assert not Message.objects.exists()


def test_who_is_dragged_on_and_back_leaves_no_step(coordinator: User, monday: dt.date) -> None:
    home, other, third = (shift_on(monday, day) for day in range(3))
    one = SupporterFactory()
    seat(home, one)
    step(coordinator, monday, one, home, other)
    step(coordinator, monday, one, other, third)
    assert list(BoardStep.objects.values_list("leaves", "goes")) == [(home.pk, third.pk)]
    step(coordinator, monday, one, third, home)
    assert not BoardStep.objects.exists()


def test_who_is_there_already_only_leaves(coordinator: User, monday: dt.date) -> None:
    home, other, third = (shift_on(monday, day) for day in range(3))
    one = SupporterFactory()
    seat(home, one)
    seat(other, one)
    step(coordinator, monday, one, home, other)
    assert list(BoardStep.objects.values_list("leaves", "goes")) == [(home.pk, None)]
    step(coordinator, monday, one, other, third)
    step(coordinator, monday, one, third, home)
    assert sorted(BoardStep.objects.values_list("leaves", "goes")) == [(other.pk, None)]


def test_a_proposed_person_dragged_off_leaves_no_step(coordinator: User, monday: dt.date) -> None:
    shift, one = shift_on(monday, 1), SupporterFactory()
    step(coordinator, monday, one, None, shift)
    step(coordinator, monday, one, shift, None)
    assert not BoardStep.objects.exists()


def test_only_who_is_there_can_leave_and_only_in_the_week(coordinator: User, monday: dt.date) -> None:
    shift, later = shift_on(monday, 1), shift_on(monday, 8)
    one = SupporterFactory()
    with pytest.raises(NotOnShift):
        step(coordinator, monday, one, shift, None)
    with pytest.raises(OtherWeek):
        step(coordinator, monday, one, None, later)


# --- Conflicts as data ---------------------------------------------------------------------------------
def test_hard_and_soft_conflicts_are_told_before_anything_is_committed(coordinator: User, monday: dt.date) -> None:
    first, same_time = shift_on(monday, 1), shift_on(monday, 1, needed=2)
    one, away = SupporterFactory(), SupporterFactory()
    Absence.objects.create(supporter=away, starts_at=first.starts_at, ends_at=first.ends_at)
    seat(first, one)
    step(coordinator, monday, one, None, same_time)
    step(coordinator, monday, away, None, same_time)
    week = week_of(monday, Board.objects.get())
    assert [(one.hard, one.soft) for one in week.proposals] == [
        (["同じ時間に、ほかの活動が決まっています。"], []),
        ([], ["都合の悪い日に入っています。"]),
    ]


def test_two_proposals_count_against_each_other(coordinator: User, monday: dt.date) -> None:
    one = SupporterFactory()
    step(coordinator, monday, one, None, shift_on(monday, 1))
    step(coordinator, monday, one, None, shift_on(monday, 1))
    week = week_of(monday, Board.objects.get())
    assert [bool(proposal.hard) for proposal in week.proposals] == [False, True]


def test_a_move_frees_the_time_and_the_seat_it_leaves(coordinator: User, monday: dt.date) -> None:
    first, same_time = shift_on(monday, 1), shift_on(monday, 1)
    one, other = SupporterFactory(), SupporterFactory()
    seat(first, one)
    step(coordinator, monday, one, first, same_time)
    step(coordinator, monday, other, None, first)
    week = week_of(monday, Board.objects.get())
    assert [proposal.hard for proposal in week.proposals] == [[], []]
    assert commit(coordinator) == 2
    assert (live(first), live(same_time)) == ({other: "accepted"}, {one: "accepted"})


def test_a_full_shift_and_one_left_short_are_said(coordinator: User, monday: dt.date) -> None:
    full, left = shift_on(monday, 1), shift_on(monday, 2)
    sitting, leaving = SupporterFactory(), SupporterFactory()
    seat(full, sitting)
    seat(left, leaving)
    step(coordinator, monday, leaving, left, full)
    (proposal,) = week_of(monday, Board.objects.get()).proposals
    assert proposal.hard == ["この活動には、空いた所がありません。"]
    assert "人がたりません(1人中0人)" in proposal.soft[0]


def test_the_office_may_set_a_limit_aside_with_a_reason_that_is_kept(coordinator: User, monday: dt.date) -> None:
    one = SupporterFactory(week_limit=1)
    seat(shift_on(monday, 1), one)
    shift = shift_on(monday, 3)
    step(coordinator, monday, one, None, shift)
    with pytest.raises(StepRefused):
        commit(coordinator)
    assert live(shift) == {}
    step(coordinator, monday, one, shift, None)
    step(coordinator, monday, one, None, shift, reason="本人から電話")
    assert commit(coordinator) == 1
    assert shift.assignments.get().moves.last().reason == "本人から電話"


# --- Committing ----------------------------------------------------------------------------------------
def test_a_commit_does_all_in_one_and_tells_each(coordinator: User, monday: dt.date) -> None:
    first, second = shift_on(monday, 1), shift_on(monday, 2)
    one, other = SupporterFactory(), SupporterFactory()
    seat(first, one)
    Message.objects.all().delete()
    step(coordinator, monday, one, first, second)
    step(coordinator, monday, other, None, first, how="ask")
    assert commit(coordinator) == 2
    assert (live(first), live(second)) == ({other: "offered"}, {one: "accepted"})
    assert sorted(Message.objects.values_list("kind", flat=True)) == ["accepted", "offer", "taken_off"]
    assert set(Claim.objects.values_list("assignment__shift", flat=True)) == {second.pk}


def test_of_several_steps_one_refusal_stops_all(coordinator: User, monday: dt.date) -> None:
    first, second = shift_on(monday, 1), shift_on(monday, 1)
    one, other = SupporterFactory(), SupporterFactory()
    step(coordinator, monday, other, None, shift_on(monday, 4))
    step(coordinator, monday, one, None, first)
    step(coordinator, monday, one, None, second)
    with pytest.raises(StepRefused) as refused:
        commit(coordinator)
    assert one.name in str(refused.value)
    assert not Assignment.objects.exists()


def test_a_stale_board_is_refused_and_says_what_changed(coordinator: User, monday: dt.date) -> None:
    first, second = shift_on(monday, 1, needed=2), shift_on(monday, 2)
    one, other = SupporterFactory(), SupporterFactory(name="花子")
    seat(first, one, other)
    step(coordinator, monday, one, first, second)
    board = Board.objects.get()
    seen = state_of(touched(board))
    first.assignments.get(supporter=other).want_stand_in(by=None)
    with pytest.raises(BoardStale) as refused:
        sandbox.commit(board, seen, by=coordinator)
    assert "花子 引き受け済み → 代わりの人を探しています" in str(refused.value)
    assert live(second) == {}


@pytest.mark.parametrize("seen", ["", "x", "[]", '{"a": 1}', '{"1": ["", {"x": "y"}]}', "{}"])
def test_a_board_whose_page_says_nothing_readable_is_stale(
    office: Client, coordinator: User, monday: dt.date, seen: str
) -> None:
    shift = shift_on(monday, 1)
    step(coordinator, monday, SupporterFactory(), None, shift)
    address = reverse("support_requests:board_act", args=[Board.objects.get().pk])
    assert office.post(address, {"action": "commit", "seen": seen}).status_code == 302
    assert live(shift) == {}


def test_a_second_tap_commits_nothing_more(coordinator: User, monday: dt.date) -> None:
    step(coordinator, monday, SupporterFactory(), None, shift_on(monday, 1))
    board = Board.objects.get()
    seen = state_of(touched(board))
    assert [sandbox.commit(board, seen, by=coordinator) for _ in range(2)] == [1, 1]
    assert Assignment.objects.count() == 1


def test_an_empty_board_is_not_committed(coordinator: User, monday: dt.date) -> None:
    board = Board.objects.create(made_by=coordinator, monday=monday)
    with pytest.raises(NothingProposed):
        sandbox.commit(board, {}, by=coordinator)


def test_who_is_asked_too_often_is_not_asked_by_the_board(coordinator: User, monday: dt.date) -> None:
    Limit.objects.filter(pk="asks_a_month").update(value=1)
    one = SupporterFactory()
    for day in (1, 2):
        step(coordinator, monday, one, None, shift_on(monday, day), how="ask")
    with pytest.raises(StepRefused):
        commit(coordinator)
    assert not Assignment.objects.exists()


# --- Undoing -------------------------------------------------------------------------------------------
def test_an_undo_brings_everybody_back(coordinator: User, monday: dt.date) -> None:
    first, second = shift_on(monday, 1), shift_on(monday, 2)
    one, other, third = SupporterFactory(), SupporterFactory(), SupporterFactory()
    seat(first, one)
    step(coordinator, monday, one, first, second)
    step(coordinator, monday, other, None, first)
    step(coordinator, monday, third, None, shift_on(monday, 3), how="ask")
    commit(coordinator)
    board = Board.objects.get()
    assert [sandbox.undo(board, by=coordinator) for _ in range(2)] == [3, 0]
    assert (live(first), live(second)) == ({one: "accepted"}, {})
    assert set(Claim.objects.values_list("supporter", "assignment__shift")) == {(one.pk, first.pk)}


def test_after_an_answer_the_board_is_not_undone(coordinator: User, monday: dt.date) -> None:
    shift, one = shift_on(monday, 1), SupporterFactory(name="花子")
    step(coordinator, monday, one, None, shift, how="ask")
    commit(coordinator)
    shift.assignments.get().decline(by=None)
    with pytest.raises(MovedOn, match="花子: 辞退"):
        sandbox.undo(Board.objects.get(), by=coordinator)


def test_where_the_place_has_gone_nothing_is_undone(coordinator: User, monday: dt.date) -> None:
    first, second = shift_on(monday, 1), shift_on(monday, 2)
    one = SupporterFactory()
    seat(first, one)
    step(coordinator, monday, one, first, second)
    commit(coordinator)
    seat(first, SupporterFactory())
    with pytest.raises(MovedOn):
        sandbox.undo(Board.objects.get(), by=coordinator)
    assert live(second) == {one: "accepted"}


# --- Pages ---------------------------------------------------------------------------------------------
def test_the_whole_way_works_without_a_script(office: Client, monday: dt.date) -> None:
    shift, one = shift_on(monday, 1), SupporterFactory()
    week = monday.isoformat()
    assert one.name in office.get(reverse("support_requests:board_people", args=[shift.pk])).content.decode()
    form = {"week": week, "supporter": one.pk, "goes": shift.pk, "how": "agreed"}
    office.post(reverse("support_requests:board_propose"), form)
    page = office.get(PAGE, {"week": week})
    board = page.context["board"]
    address = reverse("support_requests:board_act", args=[board.pk])
    office.post(address, {"action": "commit", "seen": page.context["seen"]})
    assert live(shift) == {one: "accepted"}
    assert "確定したものを元に戻す" in office.get(PAGE, {"week": week}).content.decode()
    office.post(address, {"action": "undo"})
    assert live(shift) == {}


def test_a_full_shift_is_refused_in_the_offices_words(coordinator: User, monday: dt.date) -> None:
    full, new = shift_on(monday, 1, needed=1), SupporterFactory()
    seat(full, SupporterFactory())
    step(coordinator, monday, new, None, full)
    with pytest.raises(StepRefused, match="人数はそろっています。") as refused:
        commit(coordinator)
    assert "ありがとうございます" not in str(refused.value)


def test_a_person_is_moved_or_taken_off_on_a_page(office: Client, monday: dt.date) -> None:
    first, second, one = shift_on(monday, 1), shift_on(monday, 2), SupporterFactory()
    seat(first, one)
    address = reverse("support_requests:board_person", args=[one.pk])
    page = office.get(address, {"week": monday.isoformat(), "leaves": first.pk})
    assert [choice.shift for choice, _hard in page.context["page"]] == [second]
    form = {"week": monday.isoformat(), "supporter": one.pk, "leaves": first.pk}
    office.post(reverse("support_requests:board_propose"), form)
    assert list(BoardStep.objects.values_list("leaves", "goes")) == [(first.pk, None)]
    page = office.get(PAGE, {"week": monday.isoformat(), "view": "people"}).content.decode()
    assert "外す案" in page


def test_a_duty_that_is_dropped_on_another_person_passes_to_them(office: Client, monday: dt.date) -> None:
    shift, one, other = shift_on(monday, 1), SupporterFactory(), SupporterFactory()
    seat(shift, one)
    form = {"week": monday.isoformat(), "supporter": other.pk, "instead_of": one.pk, "goes": shift.pk, "leaves": ""}
    for _twice in range(2):
        office.post(reverse("support_requests:board_propose"), form | {"view": "people"})
        steps = BoardStep.objects.order_by("pk").values_list("supporter", "leaves", "goes")
        assert list(steps) == [(one.pk, shift.pk, None), (other.pk, None, shift.pk)]


def test_who_is_not_there_passes_nothing_on(office: Client, monday: dt.date) -> None:
    shift, one, other = shift_on(monday, 1), SupporterFactory(), SupporterFactory()
    form = {"week": monday.isoformat(), "supporter": other.pk, "instead_of": one.pk, "goes": shift.pk}
    page = office.post(reverse("support_requests:board_propose"), form, follow=True).content.decode()
    assert "この人は、もうこの活動の担当ではありません。" in page
    assert not BoardStep.objects.exists()


def test_steps_can_be_dropped_one_by_one_or_all(office: Client, coordinator: User, monday: dt.date) -> None:
    for day in (1, 2, 3):
        step(coordinator, monday, SupporterFactory(), None, shift_on(monday, day))
    address = reverse("support_requests:board_act", args=[Board.objects.get().pk])
    office.post(address, {"action": f"drop:{BoardStep.objects.first().pk}"})
    assert BoardStep.objects.count() == 2
    office.post(address, {"action": "clear"})
    assert not Board.objects.exists()


def test_nobody_acts_on_the_board_of_another(client: Client, coordinator: User, monday: dt.date) -> None:
    step(coordinator, monday, SupporterFactory(), None, shift_on(monday, 1))
    client.force_login(User.objects.create_user("other@example.jp", role="coordinator"))
    address = reverse("support_requests:board_act", args=[Board.objects.get().pk])
    assert client.post(address, {"action": "clear"}).status_code == 404


@pytest.mark.parametrize("week", ["", "x", "9999-12-31", "0001-01-01", "2026-02-30"])
def test_a_week_that_cannot_be_is_no_fault(office: Client, week: str) -> None:
    assert office.get(PAGE, {"week": week}).status_code == 200


def test_the_board_asks_the_same_for_one_shift_and_for_many(office: Client, coordinator: User, monday: dt.date) -> None:
    counts: dict[str, set[int]] = {"": set(), "people": set()}
    for day in (0, 1, 2):
        for hour in (8, 12, 16):
            shift = shift_on(monday, day, hour)
            one = SupporterFactory()
            seat(shift, one)
            step(coordinator, monday, SupporterFactory(), None, shift_on(monday, day, hour))
        for view, numbers in counts.items():
            with CaptureQueriesContext(connection) as queries:
                office.get(PAGE, {"week": monday.isoformat(), "view": view})
            numbers.add(len(queries))
    assert [len(numbers) for numbers in counts.values()] == [1, 1]


def test_the_lists_of_people_and_of_places_ask_the_same_for_one_and_for_many(
    office: Client, coordinator: User, monday: dt.date
) -> None:
    shift, numbers, week = shift_on(monday, 1, needed=9), set(), {"week": monday.isoformat()}
    for day in (2, 3, 4):
        one, other = SupporterFactory(), SupporterFactory()
        seat(shift_on(monday, day), one)
        step(coordinator, monday, other, None, shift_on(monday, day, 15))
        with CaptureQueriesContext(connection) as queries:
            people = office.get(reverse("support_requests:board_people", args=[shift.pk]))
            places = office.get(reverse("support_requests:board_person", args=[other.pk]), week)
        numbers.add(len(queries))
    assert (len(people.context["rows"]), len(places.context["page"].object_list)) == (6, 6)
    assert len(numbers) == 1
    assert office.get(reverse("support_requests:board_person", args=[0]), week).status_code == 404


def test_who_would_go_elsewhere_by_a_step_is_judged_so_on_every_list(
    office: Client, coordinator: User, monday: dt.date
) -> None:
    shift, same_time, home = shift_on(monday, 1), shift_on(monday, 1, 11), shift_on(monday, 2)
    one, leaver = SupporterFactory(), SupporterFactory()
    seat(home, leaver)
    step(coordinator, monday, one, None, same_time)
    step(coordinator, monday, leaver, home, None)
    page = office.get(reverse("support_requests:board_people", args=[shift.pk]))
    against = {choice.supporter: [str(it) for it in choice.against] for choice, _there in page.context["rows"]}
    assert against == {one: [str(AlreadyBooked())], leaver: []}
    places = office.get(reverse("support_requests:board_person", args=[one.pk]), {"week": monday.isoformat()})
    hard = {choice.shift: [str(it) for it in hard] for choice, hard in places.context["page"].object_list}
    assert hard == {shift: [str(AlreadyBooked())], home: []}  # the place that the leaver would leave is free


def test_what_the_board_has_seen_is_how_the_shifts_of_its_steps_stand(
    office: Client, coordinator: User, monday: dt.date
) -> None:
    home, other, called_off = (shift_on(monday, day, needed=3) for day in (1, 2, 3))
    one, mate = SupporterFactory(), SupporterFactory()
    seat(home, one, mate)
    seat(shift_on(monday, 4), SupporterFactory())
    step(coordinator, monday, one, home, other)
    step(coordinator, monday, mate, None, called_off)
    called_off.cancel(by=coordinator, reason="雨")
    for view in ("", "people"):
        seen = office.get(PAGE, {"week": monday.isoformat(), "view": view}).context["seen"]
        assert sandbox.read_state(seen) == state_of(touched(Board.objects.get()))
        assert len(state_of(touched(Board.objects.get()))) == 3


def test_of_a_full_day_those_that_are_short_of_people_and_those_of_steps_are_shown_and_the_rest_a_tap_away(
    office: Client, coordinator: User, monday: dt.date
) -> None:
    staffed = [shift_on(monday, 2, hour) for hour in (8, 9, 10, 11, 12, 13)]
    for shift in staffed:
        seat(shift, SupporterFactory())
    short, touched = shift_on(monday, 2, 18), staffed[-1]
    step(coordinator, monday, SupporterFactory(), None, touched)
    page = office.get(PAGE, {"week": monday.isoformat()})
    day = page.context["week"].days[2]
    assert [place.shift for place in day.places] == [*staffed[:3], touched, short]
    assert (day.hidden, "ほかに2件を見る" in page.content.decode()) == (2, True)
    alone = office.get(PAGE, {"week": monday.isoformat(), "day": day.day.isoformat()})
    assert [[place.shift for place in one.places] for one in alone.context["week"].days] == [[*staffed, short]]
    assert "一週間を見る" in alone.content.decode()
    form = {"week": monday.isoformat(), "day": day.day.isoformat(), "supporter": SupporterFactory().pk}
    back = office.post(reverse("support_requests:board_propose"), form | {"goes": short.pk})
    assert f"day={day.day.isoformat()}" in back["Location"]
    other = monday + dt.timedelta(days=7)
    assert len(office.get(PAGE, {"week": monday.isoformat(), "day": other.isoformat()}).context["week"].days) == 7


def test_people_stand_by_name_on_pages(
    office: Client, coordinator: User, monday: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PEOPLE_A_PAGE", 2)
    first, second, third, elsewhere = (SupporterFactory(kana=kana) for kana in ("あ", "い", "う", "え"))
    shift = shift_on(monday, 1, needed=3)
    seat(shift, first, second)
    seat(shift_on(monday, 8), elsewhere)
    step(coordinator, monday, third, None, shift)
    shown = []
    for number in (1, 2):
        page = office.get(PAGE, {"week": monday.isoformat(), "view": "people", "page": number})
        shown.append([one for one, _days in page.context["people"]])
    assert shown == [[first, second], [third]]


def test_what_a_page_has_seen_reads_back(monday: dt.date) -> None:
    shift = shift_on(monday, 1)
    seat(shift, SupporterFactory())
    state = state_of({shift.pk})
    assert sandbox.read_state(json.dumps(state)) == state
