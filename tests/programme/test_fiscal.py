"""Days, months and fiscal years."""

import datetime as dt

import pytest

from programme.fiscal import Month, fiscal_year, fiscal_year_name, reiwa, span, start_of

JST = dt.timezone(dt.timedelta(hours=9))


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (dt.date(2023, 3, 31), 2022),
        (dt.date(2023, 4, 1), 2023),
        (dt.date(2024, 1, 31), 2023),
        (dt.date(2024, 2, 29), 2023),
        (dt.date(2026, 3, 31), 2025),
        (dt.date(2026, 4, 1), 2026),
    ],
)
def test_the_fiscal_year_begins_on_the_first_of_april(day: dt.date, year: int) -> None:
    assert fiscal_year(day) == year


def test_january_2024_lies_in_fiscal_year_2023_although_it_is_the_era_year_6() -> None:
    assert Month(2024, 1).fiscal_year == 2023
    assert fiscal_year_name(Month(2024, 1).fiscal_year) == "令和5年度"
    assert reiwa(2024) == "令和6"


def test_the_first_year_of_the_era_is_not_a_number() -> None:
    assert reiwa(2019) == "令和元"


def test_a_month_knows_its_days_and_neighbours() -> None:
    february = Month(2024, 2)
    assert (february.first, february.last) == (dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    assert (Month(2023, 12).next, Month(2024, 1).previous) == (Month(2024, 1), Month(2023, 12))
    assert Month(2024, 3).fiscal_year_first == dt.date(2023, 4, 1)
    assert Month.of(dt.date(2024, 3, 31)) < Month(2024, 4)


def test_a_month_is_read_as_it_is_written() -> None:
    assert Month.parse("2024-01") == Month(2024, 1)
    assert str(Month(2024, 1)) == "2024-01"


@pytest.mark.parametrize(
    "text", ["", "2024", "2024-1", "24-01", "2024-13", "2024-00", "2024/01", "２０２４-01", "2024-01-01"]
)
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        Month.parse(text)


def test_a_day_begins_at_midnight_in_tokyo() -> None:
    assert start_of(dt.date(2024, 1, 1)) == dt.datetime(2023, 12, 31, 15, tzinfo=dt.UTC)


def test_a_span_ends_where_the_next_day_begins() -> None:
    assert span(dt.date(2024, 1, 1), dt.date(2024, 1, 31)) == (
        dt.datetime(2024, 1, 1, tzinfo=JST),
        dt.datetime(2024, 2, 1, tzinfo=JST),
    )
