"""On the first of a month the month that ended is drafted, and the coordinators are told, once."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from consult.kpi import drafts, ledger
from consult.models import MonthDraft
from consult.tasks import draft_last_month
from notifications.models import Message
from programme.fiscal import Month
from programme.models import Role, User
from tests.consult.kpi.records import a_consultation, a_session, tokyo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

MAY = Month(2024, 5)
Clock = Callable[[dt.datetime], None]


@pytest.fixture(autouse=True)
def first_of_june(set_now: Clock) -> None:
    set_now(tokyo(dt.date(2024, 6, 1), 6))


def test_the_draft_holds_the_figures_of_the_month_that_ended(coordinator: User) -> None:
    a_consultation(dt.date(2024, 5, 31))
    a_consultation(dt.date(2024, 6, 1))
    draft = drafts.draft_last_month()
    assert draft is not None
    assert (draft.year, draft.month, draft.figures["consultations"]) == (2024, 5, 1)


def test_every_coordinator_is_told_once_with_what_is_still_to_be_done(coordinator: User, officer: User) -> None:
    User.objects.create_user("gone@example.jp", role=Role.COORDINATOR, is_active=False)
    session = a_session(attendees=None)
    type(session.request).objects.filter(pk=session.request_id).update(status="booked")
    assert [draft_last_month() for _time in range(2)] == [True, False]
    message = Message.objects.get()
    assert (message.address, message.title) == (coordinator.email, "2024年5月(令和6年5月)の実績の下書きができました")
    assert "・報告がまだの出張サポート: 1" in message.body
    assert "/kpi/2024-05/" in message.body


def test_a_first_on_which_nothing_ran_is_made_up_for(coordinator: User, set_now: Clock) -> None:
    set_now(tokyo(dt.date(2024, 6, 9)))
    assert drafts.draft_last_month() is not None


def test_a_month_that_was_closed_already_is_not_drafted(coordinator: User) -> None:
    ledger.close_month(MAY, by=coordinator)
    assert drafts.draft_last_month() is None
    assert MonthDraft.objects.count() == 0


def test_the_coordinator_keeps_one_contact(coordinator: User, set_now: Clock) -> None:
    for month in (6, 7):
        set_now(tokyo(dt.date(2024, month, 1), 6))
        drafts.draft_last_month()
    assert Message.objects.values("recipient").distinct().count() == 1
    assert timezone.localdate() == dt.date(2024, 7, 1)
