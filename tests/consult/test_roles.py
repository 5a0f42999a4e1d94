"""Each page for each role: what you may not see is not there."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, Desk, Opening
from programme.models import User

pytestmark = pytest.mark.django_db

ROLES = ("public", "off_duty", "on_duty", "desk_account", "other_desk_account", "officer", "coordinator")
LOGIN, GONE, OPEN, ON = "sign in", 404, 200, 302


@pytest.fixture
def people(
    off_duty: User, on_duty: User, desk_account: User, other_desk_account: User, officer: User, coordinator: User
) -> dict[str, User | None]:
    return dict(
        zip(ROLES, (None, off_duty, on_duty, desk_account, other_desk_account, officer, coordinator), strict=True)
    )


def answer(client: Client, user: User | None, url: str, sent: dict[str, str] | None = None) -> int | str:
    client.logout()
    if user:
        client.force_login(user)
    page = client.get(url) if sent is None else client.post(url, sent)
    if page.status_code == 302 and "/accounts/" in page["Location"]:
        return LOGIN
    return page.status_code


def of_all(
    client: Client, people: dict[str, User | None], url: str, sent: dict[str, str] | None = None
) -> list[int | str]:
    return [answer(client, people[role], url, sent) for role in ROLES]


def test_the_finder_is_everybodys(client: Client, people: dict[str, User | None]) -> None:
    assert of_all(client, people, reverse("consult:finder")) == [OPEN] * 7


def test_the_log_is_the_teams_its_desks_and_the_coordinators(
    client: Client, people: dict[str, User | None], opening: Opening
) -> None:
    url = reverse("consult:log", args=[opening.pk])
    assert of_all(client, people, url) == [LOGIN, GONE, OPEN, OPEN, GONE, GONE, OPEN]
    assert of_all(client, people, url, {"topic": "T05"}) == [LOGIN, GONE, OPEN, OPEN, GONE, GONE, OPEN]
    assert opening.consultations.count() == 0


def test_who_may_log_logs(client: Client, people: dict[str, User | None], opening: Opening) -> None:
    url = reverse("consult:log", args=[opening.pk])
    got = [
        answer(client, people[role], url, {"id": str(uuid.uuid4()), "topic": "T05", "outcome": "solved"})
        for role in ROLES
    ]
    assert got == [LOGIN, GONE, ON, ON, GONE, GONE, ON]
    assert opening.consultations.count() == 3


def test_the_logs_home_is_for_who_is_signed_in(
    client: Client, people: dict[str, User | None], opening: Opening
) -> None:
    # The desk's own account goes straight to its opening.
    assert of_all(client, people, reverse("consult:log_home")) == [LOGIN, OPEN, OPEN, ON, OPEN, OPEN, OPEN]


@pytest.mark.parametrize("page", ["consult:void", "consult:correct"])
def test_a_case_is_put_right_by_its_team_its_desk_and_the_coordinators(
    client: Client, people: dict[str, User | None], log_case: Callable[..., Consultation], page: str
) -> None:
    url = reverse(page, args=[log_case().pk])
    assert of_all(client, people, url) == [LOGIN, GONE, OPEN, OPEN, GONE, GONE, OPEN]


def test_another_desks_account_cannot_make_a_case_void(
    client: Client, other_desk_account: User, log_case: Callable[..., Consultation]
) -> None:
    case = log_case()
    url = reverse("consult:void", args=[case.pk])
    assert answer(client, other_desk_account, url, {"why": "練習で記録した"}) == GONE
    case.refresh_from_db()
    assert not case.is_void


@pytest.mark.parametrize("page", ["openings", "desk_new", "activities"])
def test_the_offices_lists_are_the_coordinators(client: Client, people: dict[str, User | None], page: str) -> None:
    assert of_all(client, people, reverse(f"consult:{page}")) == [LOGIN, GONE, GONE, GONE, GONE, GONE, OPEN]


@pytest.mark.parametrize("page", ["opening", "call_off", "desk_edit", "open_dates"])
def test_the_offices_pages_are_the_coordinators(
    client: Client, people: dict[str, User | None], desk: Desk, opening: Opening, page: str
) -> None:
    subject = desk if page in ("desk_edit", "open_dates") else opening
    url = reverse(f"consult:{page}", args=[subject.pk])
    assert of_all(client, people, url) == [LOGIN, GONE, GONE, GONE, GONE, GONE, OPEN]
    assert answer(client, people["coordinator"], reverse(f"consult:{page}", args=[10**6])) == GONE
