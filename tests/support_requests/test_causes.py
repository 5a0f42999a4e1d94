"""A session that is called off: each cause has its own words, for the group and for the team."""

import pytest

from notifications.models import Message
from support_requests.models import Session
from supporters.models import Shift
from tests.support_requests.booking import a_booked_session

pytestmark = pytest.mark.usefixtures("programme_facts")

Cause = Shift.Cause
TO_GROUP = {
    Cause.GROUP: "ご都合をうかがい、この日は行わないことにしました。",
    Cause.SUPPORTERS: "行けるサポーターがそろいませんでした。",
    Cause.VENUE: "会場が使えなくなったため、この日は行えません。",
    Cause.WEATHER: "天候や災害のため、この日は行いません。安全を第一に、会場へ行かないでください。",
    Cause.OFFICE: "",
}
TO_TEAM = {
    Cause.GROUP: "申し込んだ団体の都合で、中止になりました。",
    Cause.SUPPORTERS: "行けるサポーターがそろわないため、中止にします。",
    Cause.VENUE: "会場が使えなくなったため、中止にします。",
    Cause.WEATHER: "天候や災害のため、中止にします。安全を第一に、会場へ行かないでください。",
    Cause.OFFICE: "",
}


@pytest.fixture
def session() -> Session:
    return a_booked_session()


def mails(session: Session) -> tuple[str, str]:
    """The last mails to the group and to the team's one member."""
    person = session.shift.assignments.get().supporter
    newest = Message.objects.order_by("-pk")
    return tuple(newest.filter(recipient=one)[0].body for one in (session.request.group.contact, person.contact))  # type: ignore[return-value]


def said(text: str, words: dict[Cause, str]) -> list[str]:
    """Of all causes' sentences those that stand in the mail."""
    return [sentence for sentence in words.values() if sentence and sentence in text]


@pytest.mark.parametrize("cause", list(Cause))
def test_declining_says_the_cause_in_its_own_words_and_no_others(session: Session, cause: Cause) -> None:
    session.request.decline(by=None, reason="次の機会に", cause=cause)
    group, team = mails(session)
    assert said(group, TO_GROUP) == [TO_GROUP[cause]] * bool(TO_GROUP[cause])
    assert said(team, TO_TEAM) == [TO_TEAM[cause]] * bool(TO_TEAM[cause])
    assert "次の機会に" in group
    assert "次の機会に" in team


@pytest.mark.parametrize("cause", list(Cause))
def test_giving_up_the_time_says_it_likewise(session: Session, cause: Cause) -> None:
    session.request.reopen(by=None, reason="次の機会に", cause=cause)
    group, team = mails(session)
    assert (said(group, TO_GROUP), said(team, TO_TEAM)) == (
        [TO_GROUP[cause]] * bool(TO_GROUP[cause]),
        [TO_TEAM[cause]] * bool(TO_TEAM[cause]),
    )


def test_what_a_group_withdraws_its_team_hears_as_the_groups_wish(session: Session) -> None:
    session.request.withdraw(by=None, reason="用事")
    group, team = mails(session)
    assert (said(group, TO_GROUP), said(team, TO_TEAM)) == ([], [TO_TEAM[Cause.GROUP]])
    assert "お申し込みを取り消しました" in group
