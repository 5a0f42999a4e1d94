"""What a group says after its session: asked once, given once, changed until the month is closed, passed on."""

import datetime as dt
import io
import re
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from consult.kpi import ledger
from consult.kpi.counting import state
from consult.kpi.definitions import in_force
from consult.kpi.exports import export
from consult.kpi.reporting_period import Period
from notifications.models import Matter, Message, Preference
from programme.fiscal import Month
from programme.models import User
from support_requests.errors import FeedbackClosed, NotHeld
from support_requests.messages import status_url
from support_requests.models import Feedback, Session
from support_requests.services import FEEDBACK_DAYS
from support_requests.tasks import ask_for_feedback
from tests.support_requests.booking import a_booked_session, a_planned_session

pytestmark = pytest.mark.usefixtures("programme_facts")

Clock = Callable[[dt.datetime], None]
ASKED = "感想をお聞かせください"
DAY = dt.timedelta(days=1)


@pytest.fixture
def session(set_now: Clock) -> Session:
    """A session of two supporters, over and reported."""
    return a_held_session(set_now)


def a_held_session(set_now: Clock, *, attendees: int = 5, names: tuple[str, ...] = ("髙橋𠮷子", "林次郎")) -> Session:
    session = a_booked_session(names=names)
    set_now(session.shift.ends_at)
    report(session, attendees=attendees)
    return session


def report(session: Session, *, attendees: int = 5) -> None:
    came = list(session.shift.assignments.held().filter(supporter__name="髙橋𠮷子"))
    session.record_report(by=None, attendees=attendees, topics=[], present=came)


def path_of(session: Session) -> str:
    return "/requests/" + status_url(session.request).partition("/requests/")[2]


def give(session: Session, *, helpful: int = 4, again: int = 3, thanks: str = "") -> Feedback:
    return Feedback.give(session, helpful=helpful, again=again, thanks=thanks)


def answers(**changes: str) -> dict[str, str]:
    return {"helpful": "4", "again": "3", "thanks": "楽しかったです", **changes}


def stored() -> list[tuple[int, int, str]]:
    return list(Feedback.objects.values_list("helpful", "again", "thanks"))


# --- The page -------------------------------------------------------------------------------------------
def test_the_status_page_asks_two_questions_with_words_beside_the_faces(client: Client, session: Session) -> None:
    page = client.get(path_of(session)).content.decode()
    assert ASKED in page
    for words in ("役に立ちましたか", "あまり役に立たなかった", "また来てほしいですか", "来てほしくない"):
        assert words in page
    assert page.count('type="radio"') == page.count('aria-hidden="true" focusable="false"') == 8
    assert "締めるまで変えられます" in page


def test_the_group_is_asked_from_the_end_on_whether_or_not_it_was_reported(client: Client, set_now: Clock) -> None:
    session = a_booked_session(names=["髙橋𠮷子"])
    pages = [client.get(path_of(session)).content.decode()]
    set_now(session.shift.ends_at - dt.timedelta(minutes=1))
    pages.append(client.get(path_of(session)).content.decode())
    set_now(session.shift.ends_at)
    pages.append(client.get(path_of(session)).content.decode())
    assert [ASKED in page for page in pages] == [False, False, True]
    client.post(path_of(session), answers())
    assert stored() == [(4, 3, "楽しかったです")]
    report(session)
    assert 'value="楽しかったです"' in client.get(path_of(session)).content.decode()


def test_a_session_of_which_nobody_reported_that_anybody_came_counts_for_no_figure(
    client: Client, set_now: Clock
) -> None:
    session = a_booked_session(names=["髙橋𠮷子"])
    set_now(session.shift.ends_at)
    give(session)
    month = Month.of(session.shift.local_date)

    def answered() -> int:
        return state(in_force(month.first), month.first, month.last)["feedback"].counted.value or 0

    assert answered() == 0
    report(session)
    assert answered() == 1


@pytest.mark.parametrize("why", ["nobody came", "called off", "no team"])
def test_nobody_is_asked_of_a_session_that_was_not(client: Client, set_now: Clock, why: str) -> None:
    session = a_planned_session() if why == "no team" else a_booked_session(names=["髙橋𠮷子"])
    if why == "called off":
        session.request.withdraw(by=None, reason="")
    set_now(session.shift.ends_at)
    if why == "nobody came":
        report(session, attendees=0)
    assert ASKED not in client.get(path_of(session)).content.decode()
    client.post(path_of(session), answers())
    assert stored() == []
    with pytest.raises(NotHeld):
        give(session)


def test_an_answer_sent_twice_is_one_and_may_be_changed(client: Client, session: Session) -> None:
    assert client.post(path_of(session), answers())["Location"].endswith("/#feedback")
    first = Feedback.objects.get().given_at
    client.post(path_of(session), answers())
    assert Feedback.objects.get().given_at == first
    page = client.get(path_of(session)).content.decode()
    assert "お答えを受け取りました。" in page
    assert 'value="楽しかったです"' in page
    client.post(path_of(session), answers(helpful="2", thanks=""))
    assert stored() == [(2, 3, "")]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"helpful": ""}, {"helpful": ["役に立ったかどうか、1つ選んでください。"]}),
        ({"again": ""}, {"again": ["また来てほしいかどうか、1つ選んでください。"]}),
        ({"helpful": "5"}, {"helpful": ["正しく選択してください。 5 は候補にありません。"]}),
        (
            {"thanks": "あ" * 201},
            {"thanks": ["この値は 200 文字以下でなければなりません( 201 文字になっています)。"]},
        ),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    client: Client, session: Session, changes: dict[str, str], errors: dict[str, list[str]]
) -> None:
    response = client.post(path_of(session), answers(**changes))
    assert response.context["form"].errors == errors
    assert stored() == []
    if "thanks" not in changes:
        assert "楽しかったです" in response.content.decode()


def test_once_the_month_is_closed_an_answer_stands_but_a_first_one_is_welcome(
    client: Client, coordinator: User, session: Session, set_now: Clock
) -> None:
    late = a_held_session(set_now, names=("支援一郎",))
    client.post(path_of(session), answers())
    month = Month.of(session.shift.local_date)
    set_now(session.shift.ends_at + dt.timedelta(days=40))
    ledger.close_month(month, by=coordinator)
    page = client.get(path_of(session)).content.decode()
    assert ASKED not in page
    assert "お答えはもう変えられません" in page
    assert "とても役に立った" in page
    client.post(path_of(session), answers(helpful="1"))
    assert stored() == [(4, 3, "楽しかったです")]
    assert "あとで変えられません" in client.get(path_of(late)).content.decode()
    client.post(path_of(late), answers(helpful="1", thanks=""))
    assert sorted(stored()) == [(1, 3, ""), (4, 3, "楽しかったです")]


# --- The verb -------------------------------------------------------------------------------------------
def test_the_verb_refuses_what_the_page_does_not_ask(set_now: Clock, coordinator: User) -> None:
    session = a_booked_session(names=["髙橋𠮷子"])
    with pytest.raises(NotHeld):
        give(session)
    set_now(session.shift.ends_at)
    report(session)
    first = give(session)
    set_now(session.shift.ends_at + dt.timedelta(days=40))
    ledger.close_month(Month.of(session.shift.local_date), by=coordinator)
    assert give(session) == first  # the same once more is no change
    with pytest.raises(FeedbackClosed):
        give(session, helpful=1)
    assert stored() == [(4, 3, "")]


def test_the_database_keeps_one_answer_of_a_session_and_knows_the_faces(session: Session) -> None:
    give(session)
    with pytest.raises(IntegrityError), transaction.atomic():
        Feedback.objects.create(session=session, helpful=4, again=4)
    with pytest.raises(IntegrityError), transaction.atomic():
        Feedback.objects.update(helpful=5)


# --- Passing it on --------------------------------------------------------------------------------------
def test_thanks_reach_who_was_there_and_nobody_else(client: Client, session: Session) -> None:
    give(session, thanks="  孫と\n話せました ")
    client.force_login(User.objects.get(supporter__name="髙橋𠮷子"))
    page = client.get("/supporters/").content.decode()
    assert "孫と 話せました" in page
    assert session.request.group.contact.name not in page
    client.force_login(User.objects.get(supporter__name="林次郎"))  # was absent
    assert "孫と 話せました" not in client.get("/supporters/").content.decode()


def test_the_supporters_page_asks_as_often_for_three_thanks_as_for_one(
    client: Client, session: Session, set_now: Clock
) -> None:
    helper = User.objects.get(supporter__name="髙橋𠮷子")
    client.force_login(helper)
    counts = []
    for number in range(3):
        give(session, thanks=f"ありがとう{number}")
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/supporters/").content.decode()
        counts.append((len(queries), page.count("ありがとう")))
        session = a_held_session(set_now)
        session.shift.assignments.filter(status="attended").update(supporter=helper.supporter)
    assert [thanks for _queries, thanks in counts] == [1, 2, 3]
    assert counts[0][0] == counts[2][0]


def test_the_office_reads_the_answers_on_the_requests_page(client: Client, coordinator: User, session: Session) -> None:
    give(session, helpful=2, thanks="声が小さかった")
    client.force_login(coordinator)
    page = client.get(f"/requests/list/{session.request_id}/").content.decode()
    assert "あまり役に立たなかった" in page
    assert "声が小さかった" in page


def test_no_file_holds_the_thanks(officer: User, coordinator: User, session: Session) -> None:
    give(session, thanks="孫と話せました")
    period = Period.of(Month.of(session.shift.local_date))
    for by in (officer, coordinator):
        said = [export(period, form, by=by).data.decode("utf-8-sig") for form in ("json", "csv")]
        book = load_workbook(io.BytesIO(export(period, "xlsx", by=by).data))
        said += [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
        assert not any("孫と話せました" in each for each in said)
        assert any("出張サポートの感想" in each for each in said)


# --- Asking ---------------------------------------------------------------------------------------------
def asked() -> list[Message]:
    return list(Message.objects.filter(kind="request_feedback"))


def test_the_group_is_asked_the_day_after_once_in_its_language(
    client: Client, session: Session, set_now: Clock
) -> None:
    ask_for_feedback()
    assert asked() == []  # still the day itself
    contact = session.request.group.contact
    contact.language = "en"
    contact.save()
    set_now(session.shift.ends_at + DAY)
    ask_for_feedback()
    ask_for_feedback()
    set_now(session.shift.ends_at + 2 * DAY)
    ask_for_feedback()
    (message,) = asked()
    assert message.recipient == contact
    assert message.title.startswith("How was the learning session?")
    link = re.search(r"(/requests/status/[^/]+/)#feedback", message.body)
    assert link is not None
    assert 'id="feedback"' in client.get(link[1]).content.decode()


def test_who_answers_before_the_question_leaves_is_not_asked(session: Session, set_now: Clock) -> None:
    set_now(session.shift.ends_at + DAY)
    ask_for_feedback()
    give(session)
    assert [message.state for message in asked()] == ["cancelled"]


def test_who_has_answered_who_had_no_session_and_who_can_only_be_rung_is_not_asked(set_now: Clock) -> None:
    answered, empty = a_held_session(set_now), a_held_session(set_now, attendees=0)
    give(answered)
    rung = a_held_session(set_now)
    contact = rung.request.group.contact
    contact.email, contact.phone = "", "027-224-1111"
    contact.save()
    set_now(empty.shift.ends_at + DAY)
    ask_for_feedback()
    assert asked() == []


def test_who_wants_no_questions_is_sent_none(session: Session, set_now: Clock) -> None:
    Preference.objects.create(contact=session.request.group.contact, matter=Matter.FEEDBACK, wanted=False)
    set_now(session.shift.ends_at + DAY)
    ask_for_feedback()
    assert [message.state for message in asked()] == ["cancelled"]


def test_a_session_of_long_ago_is_asked_for_no_more(session: Session, set_now: Clock) -> None:
    set_now(session.shift.ends_at + (FEEDBACK_DAYS + 1) * DAY)
    ask_for_feedback()
    assert asked() == []
    set_now(session.shift.ends_at + FEEDBACK_DAYS * DAY)
    ask_for_feedback()
    assert len(asked()) == 1
