"""The day as it goes, and its end."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.models import Consultation, Opening
from consult.paper import enter
from programme.models import User
from tests.consult.rows import a_desk, an_opening

pytestmark = pytest.mark.django_db

Log = Callable[..., Consultation]


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def test_todays_counts_leave_voided_cases_out_and_name_those_from_paper(
    office: Client, opening: Opening, coordinator: User, log_case: Log
) -> None:
    log_case("T05")
    log_case("T07").void(by=coordinator, reason="練習")
    enter(opening, {"T05": {"solved": 2}}, includes_taps=False, by=coordinator)
    page = office.get(reverse("consult:live"))
    assert [(row.pk, row.cases, row.from_paper) for row in page.context["openings"]] == [(opening.pk, 3, 2)]
    numbers = office.get(reverse("consult:live"), {"numbers": ""}).json()
    assert (numbers["total"], numbers["openings"][str(opening.pk)]["count"]) == (3, 3)


def test_a_day_without_desks_says_so(office: Client, programme_facts: None) -> None:
    assert "今日の相談所はありません。" in office.get(reverse("consult:live")).content.decode()


def test_the_page_asks_the_same_for_one_desk_and_for_three(
    office: Client, opening: Opening, log_case: Log, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 2, 3):
        log_case(opening=an_opening(a_desk(f"相談所{number}"), timezone.localdate()))
        if number in (1, 3):
            with django_assert_num_queries(4):  # session, account, openings, programme
                office.get(reverse("consult:live"))


def test_the_summary_says_the_count_the_commonest_topics_and_thanks(
    client: Client, desk_account: User, opening: Opening, log_case: Log
) -> None:
    for topic in ("T05", "T07", "T05", "T01", "T02", "T03", "T04"):
        log_case(topic, follow_up=topic == "T07")
    client.force_login(desk_account)
    page = client.get(reverse("consult:closing", args=[opening.pk]))
    assert (page.context["count"], page.context["follow_up"], page.context["other_topics"]) == (7, 1, 1)
    assert next((str(topic), number) for topic, number in page.context["topics"]) == ("LINE", 2)
    assert "今日もありがとうございました。" in page.content.decode()
