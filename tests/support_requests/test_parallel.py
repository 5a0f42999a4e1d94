"""Eight at once: threads with connections of their own, on a real database."""

from collections.abc import Iterator

import pytest

from tests.processes import manage, own_environment, shell

START = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.db import connection
from programme.errors import Refused

barrier = Barrier(8)

def at_once(verb):
    def attempt(_number):
        try:
            barrier.wait()
            return verb()
        except Refused as refused:
            return type(refused).__name__
        finally:
            connection.close()
    with ThreadPoolExecutor(8) as pool:
        return sorted(str(answer) for answer in pool.map(attempt, range(8)))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[dict[str, str]]:
    """An environment for real processes in which the programme's facts are loaded, once for all tests here."""
    with own_environment(tmp_path_factory.mktemp("parallel")) as values:
        manage(values, "load_programme")
        yield values


def test_one_form_sent_eight_times_at_once_is_one_request(loaded: dict[str, str]) -> None:
    answers = shell(
        loaded,
        START
        + """
import uuid
from programme.models import Venue
from support_requests.models import Group, SupportRequest
from support_requests.services import receive
from tests.support_requests.wishes import a_wish

form_id = uuid.uuid4()
place = dict(kind="own", name="同時館", address="x", district_id="D03")
wishes = [a_wish(form_id=form_id, group_name="同時の会", place=Venue(**place)) for _ in range(8)]
print(at_once(lambda: receive(wishes.pop())[1]))
asked = SupportRequest.objects.get(group__name="同時の会")
messages = asked.group.contact.messages.all()
stored = (Group.objects.filter(name="同時の会"), Venue.objects.filter(name="同時館"), messages)
print([rows.count() for rows in stored])
""",
    )
    assert answers.split("\n")[:2] == [str(["False"] * 7 + ["True"]), "[1, 1, 1]"]


def test_eight_forms_of_one_group_at_once_keep_to_its_requests_a_month(loaded: dict[str, str]) -> None:
    answers = shell(
        loaded,
        START
        + """
from programme.models import Limit
from support_requests.models import SupportRequest
from support_requests.services import receive
from tests.support_requests.wishes import a_wish

Limit.objects.filter(pk="requests_a_month").update(value=2)
wishes = [a_wish(group_name="同時の二つの会", email="futatsu@example.jp") for _ in range(8)]
print(at_once(lambda: receive(wishes.pop())[1]))
Limit.objects.filter(pk="requests_a_month").update(value=99)
wishes = [a_wish(group_name=f"同時の{number}", email="minna@example.jp") for number in range(8)]
print(at_once(lambda: receive(wishes.pop())[1]))
asked = SupportRequest.objects.values_list("group__contact__email", flat=True)
print([list(asked).count(email) for email in ("futatsu@example.jp", "minna@example.jp")])
""",
    )
    assert answers.split("\n")[:3] == [
        str(["TooManyThisMonth"] * 6 + ["True"] * 2),
        str(["AskedEnough"] * 3 + ["True"] * 5),
        "[2, 5]",
    ]


def test_a_session_reported_eight_times_at_once_is_reported_once(loaded: dict[str, str]) -> None:
    answers = shell(
        loaded,
        START
        + """
import datetime as dt
from django.utils import timezone
from support_requests.models import Report, Session
from supporters.models import Shift
from tests.support_requests.booking import a_booked_session

session = a_booked_session()
now, hour = timezone.now(), dt.timedelta(hours=1)
Shift.objects.filter(pk=session.shift.pk).update(starts_at=now - 2 * hour, ends_at=now - hour)
copies = [Session.objects.get(pk=session.pk) for _ in range(8)]
print(at_once(lambda: copies.pop().record_report(by=None, attendees=4, topics=[], present=[]).attendees))
print(Report.objects.filter(session=session).count(), session.request.moves.filter(to_status="reported").count())
""",
    )
    assert answers.split("\n")[:2] == [str(["4"] + ["AlreadyReported"] * 7), "1 1"]


def test_a_request_confirmed_and_taken_back_at_once_ends_in_one_state(loaded: dict[str, str]) -> None:
    answers = shell(
        loaded,
        START
        + """
from support_requests.models import SupportRequest
from tests.factories import SupportRequestFactory

asked = SupportRequestFactory.create(status="received")
verbs = [lambda it: it.confirm(by=None), lambda it: it.withdraw(by=None, reason="")] * 4
copies = [SupportRequest.objects.get(pk=asked.pk) for _ in verbs]
at_once(lambda: verbs.pop()(copies.pop()))
moves = list(asked.moves.values_list("to_status", flat=True))
print(SupportRequest.objects.get(pk=asked.pk).status, moves in (["withdrawn"], ["confirmed", "withdrawn"]))
""",
    )
    assert answers.strip() == "withdrawn True"
