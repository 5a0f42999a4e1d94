"""Periods: their spelling, and that a longer one is its months put together."""

import datetime as dt
from typing import Any

import pytest

from consult.kpi import ledger
from consult.kpi.dimensions import apart
from consult.kpi.period_reports import NOBODYS, PeriodReport, period_report
from consult.kpi.report import report
from consult.kpi.reporting_period import Period, usual_periods
from programme.fiscal import Month
from programme.models import District, Goal, User, Venue
from tests.consult.kpi.records import a_consultation, a_desk, a_group, a_session, a_supporter, some_of_each, tokyo


# --- Spelling ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-01", Month(2024, 1), Month(2024, 1)),
        ("2023FY", Month(2023, 4), Month(2024, 3)),
        ("2023H1", Month(2023, 4), Month(2023, 9)),
        ("2023H2", Month(2023, 10), Month(2024, 3)),
        ("2024-04..2024-10", Month(2024, 4), Month(2024, 10)),
        ("2023-01..2024-12", Month(2023, 1), Month(2024, 12)),
    ],
)
def test_a_period_is_read_and_written_in_one_spelling(text: str, first: Month, last: Month) -> None:
    assert Period.parse(text) == Period(first, last)
    assert str(Period(first, last)) == text


@pytest.mark.parametrize(
    ("long", "short"),
    [("2023-04..2024-03", "2023FY"), ("2023-10..2024-03", "2023H2"), ("2024-01..2024-01", "2024-01")],
)
def test_a_period_with_a_name_of_its_own_is_called_by_it(long: str, short: str) -> None:
    assert str(Period.parse(long)) == short


@pytest.mark.parametrize(
    "text", ["", "2024", "2024-13", "2024H3", "2024FYs", "2024-05..2024-04", "2024-1..2024-2", "..", "x"]
)
def test_other_texts_are_no_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|ends before"):
        Period.parse(text)


def test_january_lies_in_the_second_half_of_the_fiscal_year_before() -> None:
    january = Month(2024, 1)
    assert january in set(Period.parse("2023H2").months())
    assert Period.of(january).fiscal_year == 2023
    assert Period.parse("2024-03..2024-04").fiscal_year is None


def test_what_has_not_begun_is_not_offered() -> None:
    usual = usual_periods()
    assert all(period.is_there for period in usual)
    assert usual[0].is_year
    assert Period.parse("2021H1") in usual
    assert not Period.parse("2020FY").is_there
    assert not Period.parse("2998FY").is_there


# --- Figures -------------------------------------------------------------------------------------------
def values(found: PeriodReport) -> dict[str, int]:
    return {row.definition.code: row.value for row in found.rows}


@pytest.mark.django_db
@pytest.mark.usefixtures("programme_facts")
class TestFigures:
    def test_a_month_says_what_the_months_report_says(self, coordinator: User) -> None:
        some_of_each(2)
        ledger.close_month(Month(2024, 5), by=coordinator)
        ledger.correct(Month(2024, 5), "sessions", 9, "紙の報告", by=coordinator)
        monthly, found = report(Month(2024, 5)), period_report(Period.parse("2024-05"))
        for row in found.rows:
            other = monthly.row(row.definition.code)
            assert (row.value, row.year_to_date, row.frozen, row.corrections, row.unaccounted) == (
                other.value,
                other.year_to_date,
                other.frozen,
                other.corrections,
                other.unaccounted,
            )
            cells = {code: [(e.key, e.label, e.value, e.year_to_date) for e in of] for code, of in row.cells.items()}
            assert cells == {
                code: [(e.key, e.label, e.value, e.year_to_date) for e in of] for code, of in other.cells.items()
            }

    def test_flows_are_summed_and_stocks_are_those_of_the_last_month(self) -> None:
        a_supporter((dt.date(2024, 4, 10), None))
        a_supporter((dt.date(2024, 5, 10), dt.date(2024, 9, 1)))
        a_consultation(dt.date(2024, 3, 31))
        a_consultation(dt.date(2024, 4, 1))
        a_consultation(dt.date(2024, 9, 30))
        a_consultation(dt.date(2024, 10, 1))
        found = values(period_report(Period.parse("2024H1")))
        assert (found["supporters"], found["supporters_new"], found["consultations"]) == (1, 2, 2)
        assert values(period_report(Period.parse("2024-03..2024-10")))["consultations"] == 4

    def test_a_group_of_several_months_is_one_group(self) -> None:
        group = a_group()
        for month in (4, 5, 6):
            a_session(tokyo(dt.date(2024, month, 5)), group=group)
        found = period_report(Period.parse("2024H1"))
        assert values(found)["groups_served"] == 1
        assert [found.row("groups_served").by_month[Month(2024, month)] for month in (4, 5, 6, 7)] == [1, 1, 1, 0]

    def test_a_correction_moves_every_period_that_contains_its_month(self, coordinator: User) -> None:
        a_consultation(dt.date(2024, 5, 15))
        ledger.close_month(Month(2024, 5), by=coordinator)
        ledger.correct(Month(2024, 5), "consultations", 4, "紙の記録", by=coordinator)
        for text, value in {"2024-05": 4, "2024H1": 4, "2024FY": 4, "2024-03..2024-05": 4, "2024-06": 0}.items():
            found = period_report(Period.parse(text))
            assert values(found)["consultations"] == value, text
            assert len(found.corrections) == (value != 0), text

    def test_a_correction_stands_in_the_period_when_it_was_made(self, coordinator: User) -> None:
        ledger.close_month(Month(2024, 5), by=coordinator)
        made = ledger.correct(Month(2024, 5), "consultations", 4, "紙の記録", by=coordinator)
        now = Period.of(Month.of(made.at.date()))
        assert [each.pk for each in period_report(now).corrections_made] == [made.pk]
        assert not period_report(Period.parse("2024-05")).corrections_made

    def test_a_period_over_two_fiscal_years_has_neither_goal_nor_year_to_date(self) -> None:
        Goal.objects.create(figure="consultations", fiscal_year=2024, value=7, source="test")
        row = period_report(Period.parse("2024-03..2024-04")).row("consultations")
        assert (row.goal, row.share, row.year_to_date) == (None, None, None)
        assert period_report(Period.parse("2024FY")).row("consultations").goal.value == 7

    def test_a_period_that_is_still_going_on_ends_with_the_present_month(self) -> None:
        this_year = Period.of_year(Period.of(usual_periods()[0].begun.last).fiscal_year)
        found = period_report(this_year)
        assert (found.is_over, found.is_closed) == (False, False)
        assert found.months[-1] == usual_periods()[0].begun.last

    @pytest.mark.parametrize("text", ["2024-05", "2024FY", "2023-04..2025-03"])
    def test_the_number_of_queries_depends_on_neither_rows_nor_closed_months(
        self, text: str, coordinator: User, django_assert_num_queries: Any, django_assert_max_num_queries: Any
    ) -> None:
        some_of_each(1)
        with django_assert_max_num_queries(25) as first:
            period_report(Period.parse(text))
        some_of_each(2)
        with django_assert_num_queries(len(first)):
            period_report(Period.parse(text))
        for month in (4, 5, 6):
            ledger.close_month(Month(2024, month), by=coordinator)
        with django_assert_max_num_queries(len(first) + 3):
            period_report(Period.parse(text))


# --- Small cells ---------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.usefixtures("programme_facts")
class TestSmallCells:
    def test_an_officer_sees_no_small_part_in_any_form(self, officer: User, client: Any) -> None:
        for _each in range(3):
            a_consultation(dt.date(2024, 5, 15))
        client.force_login(officer)
        found = client.get("/api/v1/kpi/2024-05/").json()
        [figure] = [each for each in found["figures"] if each["code"] == "consultations"]
        assert (found["suppressed"], figure["value"]) == (True, 3)
        assert figure["breakdowns"] == []
        assert "topic:T05" not in client.get("/kpi/periods/2024-05/export.csv").content.decode("utf-8-sig")

    def test_one_small_part_is_hidden_with_the_next_larger_one(self) -> None:
        for topic, number in (("T05", 3), ("T07", 6), ("T13", 20)):
            for _each in range(number):
                a_consultation(dt.date(2024, 5, 15), topic_id=topic)
        suppressed = period_report(Period.parse("2024-05"), suppressed=True).row("consultations")
        cells = {cell.key: (cell.value, cell.year_to_date) for cell in suppressed.cells["topic"]}
        assert cells == {"T05": (None, None), "T07": (None, None), "T13": (20, None)}

    def test_where_all_parts_would_be_hidden_not_even_their_names_are_shown(self) -> None:
        for topic, number in (("T05", 1), ("T07", 4)):
            for _each in range(number):
                a_consultation(dt.date(2024, 5, 15), topic_id=topic)
        suppressed = period_report(Period.parse("2024-05"), suppressed=True).row("consultations")
        assert suppressed.value == 5
        assert "topic" not in suppressed.cells

    def test_a_coordinator_sees_all_parts(self, coordinator: User, client: Any) -> None:
        a_consultation(dt.date(2024, 5, 15))
        client.force_login(coordinator)
        found = client.get("/api/v1/kpi/2024-05/").json()
        [figure] = [each for each in found["figures"] if each["code"] == "consultations"]
        assert found["suppressed"] is False
        assert [
            cell["value"] for each in figure["breakdowns"] if each["code"] == "topic" for cell in each["cells"]
        ] == [1]

    def test_of_two_nested_parts_only_the_finer_is_shown(self) -> None:
        """Three people at one of two desks of a district: its sum would give them away."""
        halls = Venue.objects.filter(kind=Venue.Kind.HALL)[:3]
        Venue.objects.update(district=District.objects.all()[0])
        for number, hall in zip((3, 9, 20), halls, strict=True):
            for _each in range(number):
                a_consultation(dt.date(2024, 5, 15), desk=a_desk(f"hall-{hall.pk}", venue=hall))
        for _each in range(5):
            a_supporter((dt.date(2024, 5, 15), None))
        whole, suppressed = (period_report(Period.parse("2024-05"), suppressed=each) for each in (False, True))
        assert {"desk", "district"} <= whole.row("consultations").cells.keys()
        assert {"adult", "age_band", "category"} <= whole.row("supporters").cells.keys()
        for row in suppressed.rows:
            if row.definition.model not in NOBODYS:
                assert list(row.cells) == apart(row.cells), row.definition.code
        assert "district" not in suppressed.row("consultations").cells
        assert sorted(cell.value or 0 for cell in suppressed.row("consultations").cells["desk"]) == [0, 0, 20]
        assert {"district", "category"} <= suppressed.row("supporters").cells.keys()

    def test_hours_and_money_of_a_few_people_are_left_out_whole(self) -> None:
        some_of_each(6)
        suppressed = period_report(Period.parse("2024-05"), suppressed=True)
        left_out = set()
        for row in suppressed.rows:
            if row.definition.unit in ("円", "%", "時間") and row.definition.model not in NOBODYS:
                left_out.add(row.definition.code)
                assert row.cells == {}, row.definition.code
        assert {"honoraria", "support_hours", "acceptance"} <= left_out
        assert period_report(Period.parse("2024-05")).row("support_hours").cells
        assert suppressed.row("consultations").cells["topic"][0].value == 6


# --- Pages ---------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.usefixtures("programme_facts")
class TestPages:
    def test_from_and_to_lead_to_the_periods_page(self, officer: User, client: Any) -> None:
        client.force_login(officer)
        assert client.get("/kpi/periods/?from=2024-04&to=2024-09").headers["Location"] == "/kpi/periods/2024H1/"

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("from=2024-09&to=2024-04", "最後の月は、最初の月と同じか、後の月にしてください。"),
            ("from=2024-13&to=2024-14", "正しく選択してください"),
            ("from=2024-04", "必須"),
        ],
    )
    def test_a_period_that_cannot_be_is_refused_beside_the_field(
        self, query: str, sentence: str, officer: User, client: Any
    ) -> None:
        client.force_login(officer)
        response = client.get(f"/kpi/periods/?{query}")
        assert response.status_code == 200
        assert sentence in response.content.decode()

    @pytest.mark.parametrize("text", ["2024-13", "2024-05..2024-04", "2024FYs", "1999FY", "2998-01", "x"])
    def test_an_address_of_no_period_is_not_there(self, text: str, officer: User, client: Any) -> None:
        client.force_login(officer)
        for path in ("/kpi/periods/{}/", "/kpi/periods/{}/export.csv", "/api/v1/kpi/{}/", "/kpi/half-years/{}/"):
            assert client.get(path.format(text)).status_code == 404

    def test_the_api_is_for_coordinators_and_officers(self, officer: User, client: Any) -> None:
        assert client.get("/api/v1/kpi/2024-05/").status_code in (401, 403)
        client.force_login(User.objects.create_user("somebody@example.jp", name="Somebody"))
        assert client.get("/api/v1/kpi/2024-05/").status_code == 404
        client.force_login(officer)
        assert client.get("/api/v1/kpi/2024-05/").headers["Content-Type"] == "application/json"
