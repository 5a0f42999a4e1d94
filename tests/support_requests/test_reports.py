"""The report after a session, and what it makes of the request, the team and the figures."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from programme.errors import ChangedMeanwhile
from programme.models import Topic, User
from programme.steps import CHECK
from support_requests.errors import AlreadyReported, NotOverYet
from support_requests.models import Report, Session, SupportRequest
from support_requests.views.reports import ReportView
from supporters.errors import AlreadyBooked, ShiftCancelled
from supporters.models import Claim
from tests.factories import SupporterFactory, UserFactory
from tests.support_requests.booking import a_booked_session, a_planned_session

pytestmark = pytest.mark.usefixtures("programme_facts")

Clock = Callable[[dt.datetime], None]


@pytest.fixture
def session(set_now: Clock) -> Session:
    """A session with a team of two that is just over."""
    session = a_booked_session(names=["髙橋𠮷子", "林次郎"])
    set_now(session.shift.ends_at)
    return session


def path_of(session: Session) -> str:
    return f"/requests/sessions/{session.pk}/report/"


def answers(session: Session, **changes: Any) -> dict[str, Any]:
    team = [assignment.pk for assignment in session.shift.assignments.held()]
    return {"attendees": "７人", "topics": ["T05"], "present": team, "note": "", "went": "well", **changes}


def send(client: Client, session: Session, data: dict[str, Any]) -> Any:
    """Send each page with its part of ``data``, then the summary. Gives the page that answers in the end."""
    draft = uuid.uuid4()
    for step in ReportView.steps:
        client.post(page_of(session, draft, step.slug), data)
    return client.post(page_of(session, draft, CHECK), follow=True)


def page_of(session: Session, draft: uuid.UUID, step: str) -> str:
    return reverse("support_requests:report_step", args=[session.pk, draft, step])


def member(session: Session, name: str) -> User:
    return User.objects.get(supporter__assignments__shift=session.shift, supporter__name=name)


# --- The page -------------------------------------------------------------------------------------------


def test_the_report_is_for_the_team_and_the_office(client: Client, coordinator: User, session: Session) -> None:
    other = SupporterFactory.create()
    statuses = [client.get(path_of(session)).status_code]
    for user in (UserFactory.create(), other.user, member(session, "林次郎"), coordinator):
        client.force_login(user)
        statuses.append(client.get(path_of(session), follow=True).status_code)
    assert statuses == [302, 404, 404, 200, 200]


def test_topics_and_team_are_ticked_from_the_start(client: Client, session: Session) -> None:
    client.force_login(member(session, "林次郎"))
    draft = uuid.uuid4()
    client.post(page_of(session, draft, "attendees"), {"attendees": "3"})
    assert client.get(page_of(session, draft, "topics")).context["form"]["topics"].value() == ["T05"]
    client.post(page_of(session, draft, "topics"), {"topics": ["T05"]})
    ticked = client.get(page_of(session, draft, "team")).context["form"]["present"].value()
    assert ticked == [it.pk for it in session.shift.assignments.held()]


def test_the_way_into_the_report_is_its_first_question_or_where_one_stopped(client: Client, session: Session) -> None:
    client.force_login(member(session, "林次郎"))
    first = client.get(path_of(session)).headers["Location"]
    assert first.endswith("/attendees/")
    client.post(first, {"attendees": "3"})
    again = client.get(path_of(session), follow=True)
    assert again.redirect_chain[-1][0] == first.replace("attendees", "topics")


def test_one_tap_says_that_nobody_came_and_asks_nothing_that_was_taught(client: Client, session: Session) -> None:
    client.force_login(member(session, "林次郎"))
    draft = uuid.uuid4()
    client.post(page_of(session, draft, "attendees"), {"attendees": "5"})
    client.post(page_of(session, draft, "topics"), {"topics": ["T05"]})
    gone_on = client.post(page_of(session, draft, "attendees"), {"attendees": ["", "0"]})
    assert gone_on.headers["Location"] == page_of(session, draft, "team")
    for step in ("team", "how"):
        client.post(page_of(session, draft, step), answers(session))
    client.post(page_of(session, draft, CHECK))
    report = Report.objects.get()
    assert (report.attendees, report.topics.count()) == (0, 0)


def test_a_report_says_how_many_came_and_what_they_learnt(client: Client, session: Session) -> None:
    by = member(session, "林次郎")
    client.force_login(by)
    page = send(client, session, answers(session, note="楽しかった")).content.decode()
    report = Report.objects.get()
    assert (report.attendees, report.note, report.follow_up, report.went, report.reported_by) == (
        7,
        "楽しかった",
        False,
        "well",
        by,
    )
    assert [topic.pk for topic in report.topics.all()] == ["T05"]
    assert "報告は受け取り済みです。" in page
    assert "7人" in page
    assert "林次郎</dd>" in page  # no address of an account without a name
    assert by.email not in page


def test_the_request_moves_to_reported_with_who_and_when(client: Client, session: Session) -> None:
    by, before = member(session, "林次郎"), dt.datetime.now(dt.UTC)
    client.force_login(by)
    send(client, session, answers(session))
    moves = list(session.request.moves.order_by("pk"))[-2:]
    assert [(move.from_status, move.to_status, move.by) for move in moves] == [
        ("booked", "held", by),
        ("held", "reported", by),
    ]
    assert before <= moves[0].at <= moves[1].at <= dt.datetime.now(dt.UTC)


def test_who_did_not_come_is_noted_absent_and_frees_the_time(
    client: Client, coordinator: User, session: Session
) -> None:
    client.force_login(coordinator)
    came = session.shift.assignments.get(supporter__name="林次郎")
    send(client, session, answers(session, present=[came.pk]))
    team = {it.supporter.name: (it.status, it.claims.count() > 0) for it in session.shift.assignments.all()}
    assert team == {"林次郎": ("attended", True), "髙橋𠮷子": ("absent", False)}


def test_who_reports_own_absence_is_not_sent_to_a_page_of_others(client: Client, session: Session) -> None:
    client.force_login(member(session, "髙橋𠮷子"))
    came = session.shift.assignments.get(supporter__name="林次郎")
    response = send(client, session, answers(session, present=[came.pk]))
    assert response.status_code == 200
    assert "報告を受け取りました。" in response.content.decode()


def test_a_second_report_is_refused_and_the_first_shown(client: Client, session: Session) -> None:
    client.force_login(member(session, "林次郎"))
    send(client, session, answers(session))
    page = send(client, session, answers(session, attendees="9")).content.decode()
    assert "この活動の報告は、もう受け取っています。" in page
    assert Report.objects.get().attendees == 7


@pytest.mark.parametrize(
    ("page", "changes", "errors"),
    [
        (
            "attendees",
            {"attendees": ""},
            {"attendees": ["参加した人数を入力してください。どなたも来なかったときは 0 です。"]},
        ),
        ("attendees", {"attendees": "たくさん"}, {"attendees": ["数字で入力してください(例 3)。"]}),
        ("attendees", {"attendees": "1000"}, {"attendees": ["この値は 999 以下でなければなりません。"]}),
        ("attendees", {"attendees": "-1"}, {"attendees": ["この値は 0 以上でなければなりません。"]}),
        ("topics", {"topics": []}, {"topics": ["学んだことを、1つ以上選んでください。"]}),
        ("how", {"went": ""}, {"went": ["どちらかを選んでください。"]}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, session: Session, page: str, changes: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    client.force_login(member(session, "林次郎"))
    response = send(client, session, answers(session, **changes))
    where, _status = response.redirect_chain[-1]
    assert (where.split("/")[-2], response.context["form"].errors) == (page, errors)
    assert Report.objects.count() == 0


def test_before_the_start_there_is_nothing_to_report(client: Client, coordinator: User) -> None:
    session = a_booked_session()
    client.force_login(coordinator)
    assert "報告は、活動が始まってから入力できます。" in client.get(path_of(session)).content.decode()
    send(client, session, answers(session))
    assert (Report.objects.count(), SupportRequest.objects.get().status) == (0, "booked")


# --- Nobody came ----------------------------------------------------------------------------------------


def test_a_session_to_which_nobody_came_is_reported_but_was_not_held(client: Client, session: Session) -> None:
    client.force_login(member(session, "林次郎"))
    page = send(client, session, answers(session, attendees="0", topics=[])).content.decode()
    request = SupportRequest.objects.get()
    assert (request.status, Report.objects.get().attendees) == ("reported", 0)
    assert Session.objects.held().count() == 0
    assert [move.to_status for move in request.moves.order_by("pk")][-1:] == ["reported"]
    assert "held" not in [move.to_status for move in request.moves.all()]
    assert "派遣の回数には数えません" in page


def test_a_session_with_one_person_was_held(session: Session) -> None:
    session.record_report(by=None, attendees=1, topics=[], present=[])
    assert Session.objects.held().get() == session


# --- The verb -------------------------------------------------------------------------------------------


def report(session: Session) -> Report:
    return session.record_report(
        by=None, attendees=3, topics=[Topic.objects.get(pk="T05")], present=session.shift.assignments.held()
    )


def test_the_verb_refuses_before_the_start() -> None:
    with pytest.raises(NotOverYet):
        report(a_booked_session())


def test_the_verb_refuses_a_second_report(session: Session) -> None:
    report(session)
    with pytest.raises(AlreadyReported):
        report(Session.objects.get(pk=session.pk))


def test_the_verb_refuses_a_session_that_was_called_off(set_now: Clock) -> None:
    session = a_booked_session()
    session.request.withdraw(by=None, reason="大雪")
    set_now(session.shift.ends_at)
    with pytest.raises(ShiftCancelled):
        report(Session.objects.get(pk=session.pk))
    assert Session.objects.held().count() == 0


def test_the_verb_refuses_a_session_whose_team_was_never_complete(set_now: Clock) -> None:
    session = a_planned_session()
    set_now(session.shift.ends_at)
    with pytest.raises(ChangedMeanwhile):
        report(session)
    assert Report.objects.count() == 0


# --- Putting it right -----------------------------------------------------------------------------------


def corrected(session: Session, **changes: Any) -> dict[str, Any]:
    """What was reported, with changes."""
    there = session.shift.assignments.filter(status="attended")
    facts: dict[str, Any] = {"attendees": 3, "topics": [Topic.objects.get(pk="T05")], "present": list(there)}
    return facts | {"note": "", "follow_up": False, "went": "well", "reason": "数えまちがい"} | changes


def test_a_correction_keeps_in_the_history_who_why_and_how_many(session: Session, coordinator: User) -> None:
    report(session)
    session.correct_report(by=coordinator, **corrected(session, attendees=5, note="追記", follow_up=True, went="hard"))
    now = Report.objects.get()
    assert (now.attendees, now.note, now.follow_up, now.went) == (5, "追記", True, "hard")
    move = session.request.moves.last()
    assert (move.by, move.from_status, move.to_status) == (coordinator, "reported", "reported")
    assert move.reason == "報告を直しました(参加 3人→5人): 数えまちがい"


def test_a_correction_takes_the_seat_of_who_was_not_there_and_gives_it_back(session: Session) -> None:
    report(session)
    first, second = session.shift.assignments.order_by("pk")
    states = []
    for present in ([first], [first, second]):
        session.correct_report(by=None, **corrected(session, present=present))
        second.refresh_from_db()
        states.append((second.status, second.seat is not None, second.claims.exists()))
    assert states == [("absent", False, False), ("attended", True, True)]


def test_who_has_another_duty_by_now_cannot_have_been_there(session: Session) -> None:
    report(session)
    first, second = session.shift.assignments.order_by("pk")
    session.correct_report(by=None, **corrected(session, present=[first]))
    Claim.objects.create(supporter=second.supporter, cell=first.claims.first().cell, assignment=first)
    with pytest.raises(AlreadyBooked):
        session.correct_report(by=None, **corrected(session, present=[first, second], attendees=9))
    assert Report.objects.get().attendees == 3  # all or nothing


def test_without_a_report_there_is_nothing_to_put_right(session: Session) -> None:
    with pytest.raises(ChangedMeanwhile):
        session.correct_report(by=None, **corrected(session))


def test_the_office_puts_a_report_right_on_its_page_with_a_reason(
    client: Client, coordinator: User, session: Session
) -> None:
    report(session)
    client.force_login(coordinator)
    address = f"{path_of(session)}correct/"
    assert client.get(address).context["form"]["attendees"].value() == 3
    there = [row.pk for row in session.shift.assignments.filter(status="attended")]
    sent = answers(session, attendees="4", present=there)
    assert "理由を入力してください。" in client.post(address, sent).content.decode()
    assert "4人" in client.post(address, sent | {"reason": "名簿と合わせた"}, follow=True).content.decode()
    client.force_login(member(session, "林次郎"))
    assert client.get(address).status_code == 404
