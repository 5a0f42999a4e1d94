"""The monthly figures name nobody: small numbers are withheld and cannot be computed from the rest."""

import csv
import datetime as dt
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consult.kpi import ledger
from consult.kpi.dimensions import apart
from consult.models import Consultation, Desk
from consult.open_data.figures import PUBLISHED, last_change
from consult.open_data.tables import catalogue
from consult.open_data.validator import check
from programme.fiscal import Month
from programme.models import Outcome, User
from tests.consult.kpi.records import a_session, a_supporter, tokyo
from tests.consult.rows import a_desk

pytestmark = pytest.mark.usefixtures("programme_facts")

MAY = Month(2024, 5)
DAY = dt.date(2024, 5, 15)


@pytest.fixture
def desk() -> Desk:
    return a_desk()


def log(desk: Desk, count: int, topic: str = "T05", day: dt.date = DAY) -> None:
    for _ in range(count):
        Consultation.objects.create(
            desk=desk, date=day, happened_at=tokyo(day), topic_id=topic, outcome=Outcome.objects.all()[0]
        )


def rows(client: Client) -> list[dict[str, str]]:
    data = client.get("/open-data/figures.csv").content
    assert check(catalogue().table("figures"), data) == []
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def of(found: list[dict[str, str]], figure: str, dimension: str = "") -> dict[str, str]:
    """By key: the value as published."""
    return {
        row["項目コード"]: row["値"] or row["秘匿"]
        for row in found
        if (row["指標コード"], row["内訳コード"]) == (figure, dimension)
    }


def test_an_open_month_is_not_published(client, coordinator: User, desk):
    log(desk, 9)
    assert rows(client) == []
    assert last_change() is None

    ledger.close_month(MAY, by=coordinator)
    assert of(rows(client), "consultations") == {"": "9"}
    assert last_change() is not None


def test_a_small_cell_and_the_next_larger_one_are_withheld(client, coordinator: User, desk):
    log(desk, 3, "T05")
    log(desk, 6, "T07")
    log(desk, 20, "T19")
    ledger.close_month(MAY, by=coordinator)

    found = rows(client)
    assert of(found, "consultations") == {"": "29"}
    assert of(found, "consultations", "topic") == {"T05": "X", "T07": "X", "T19": "20"}
    assert of(found, "consultations", "desk") == {str(desk.pk): "29"}


def test_a_month_of_few_cases_shows_neither_number_nor_topics(client, coordinator: User, desk):
    log(desk, 4)
    ledger.close_month(MAY, by=coordinator)

    found = rows(client)
    assert of(found, "consultations") == {"": "X"}
    for dimension in ("topic", "device", "age_band", "outcome", "visit", "desk"):
        assert of(found, "consultations", dimension) == {"": "X"}


def test_who_came_and_who_left_cannot_be_told_from_the_stock(client, coordinator: User):
    for _ in range(9):
        a_supporter((dt.date(2024, 4, 1), None))
    a_supporter((DAY, None))
    for month in (Month(2024, 4), MAY):
        ledger.close_month(month, by=coordinator)

    found = [row for row in rows(client) if row["年月"] == "2024-05"]
    assert of(found, "supporters") == {"": "10"}
    for flow in ("supporters_new", "supporters_returned", "supporters_withdrawn"):
        assert of(found, flow) == {"": "X"}


def test_sessions_are_visits_and_not_withheld_but_their_few_participants_are(client, coordinator: User):
    a_session(tokyo(DAY), attendees=3)
    ledger.close_month(MAY, by=coordinator)

    found = rows(client)
    assert of(found, "sessions") == {"": "1"}
    assert of(found, "participants") == {"": "X"}


def test_what_is_visible_of_a_breakdown_sums_to_its_total_or_leaves_enough_open(client, coordinator: User, desk):
    for count, topic in enumerate(("T01", "T02", "T03", "T05", "T07", "T13"), start=1):
        log(desk, count, topic)
    ledger.close_month(MAY, by=coordinator)

    found = rows(client)
    total = int(of(found, "consultations")[""])
    seen = of(found, "consultations", "topic")
    withheld = [key for key, value in seen.items() if value == "X"]
    left = total - sum(int(value) for value in seen.values() if value != "X")
    assert len(withheld) >= 2
    assert left - len(withheld) + 1 >= 5


def test_a_correction_is_published_as_one(client, coordinator: User, desk):
    log(desk, 9)
    ledger.close_month(MAY, by=coordinator)
    ledger.correct(MAY, "consultations", 12, "紙の記録がもれていました", by=coordinator, seen=9)

    found = rows(client)
    assert of(found, "consultations") == {"": "12"}
    assert {row["状態"] for row in found} == {"訂正あり"}
    assert "紙の記録" not in str(found)


def test_two_breakdowns_of_one_figure_are_never_parts_of_each_other():
    """A desk lies in a district: one of them would tell what the other withholds."""
    assert {code: apart(dimensions) for code, dimensions in PUBLISHED.items()} == {
        code: list(dimensions) for code, dimensions in PUBLISHED.items()
    }


def test_more_months_take_no_more_queries(client, coordinator: User, desk):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/open-data/figures.csv")
        return len(captured)

    counts = []
    for month in range(5, 8):
        log(desk, 6, day=dt.date(2024, month, 3))
        ledger.close_month(Month(2024, month), by=coordinator)
        counts.append(queries())
    assert counts[0] == counts[2]
