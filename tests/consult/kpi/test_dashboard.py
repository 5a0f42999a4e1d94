"""The dashboard and the what-if page: who sees what, what the numbers say, and that closed months cost no rows."""

import datetime as dt
import itertools
import re
import uuid
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consult.kpi import ledger
from consult.kpi.book import Book
from consult.kpi.dashboard import heat, pictures
from consult.kpi.dashboard.charts import WIDTH, Chart, Kind, Series, Span, scale
from consult.kpi.dashboard.coverage import coverage
from consult.kpi.dashboard.forecast import Rate
from consult.kpi.dashboard.goals import standings, year_of
from consult.kpi.dashboard.topics import compare, counts
from consult.kpi.dashboard.weeks import WEEKS, daily, last_weeks, openings, recent
from consult.kpi.dashboard.whatif import line, supporters_needed
from consult.kpi.definitions import in_force
from consult.kpi.report import report
from consult.models import Consultation, Desk, Opening
from programme.fiscal import Month
from programme.models import Closure, ClosureCalendar, Goal, Outcome, User
from supporters.models import Assignment, Seat, Shift
from tests.consult.kpi.records import a_consultation, a_desk, a_session, a_supporter, tokyo
from tests.factories import SupporterFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

PAGE, WHAT_IF, HOURS = "/kpi/dashboard/", "/kpi/dashboard/what-if/", "/kpi/dashboard/hours/"
TODAY = dt.date(2026, 11, 21)  # a Saturday
MAY = Month(2024, 5)


def cases(day: dt.date, hour: int = 10, number: int = 1, desk: Desk | None = None, topic: str = "T05") -> None:
    outcome = Outcome.objects.all()[0]
    Consultation.objects.bulk_create(
        Consultation(
            id=uuid.uuid4(),
            desk=desk or a_desk(),
            date=day,
            happened_at=tokyo(day, hour),
            topic_id=topic,
            outcome=outcome,
        )
        for _each in range(number)
    )


def an_opening(day: dt.date, *, cancelled: bool = False, desk: Desk | None = None) -> Opening:
    desk = desk or a_desk()
    shift = Shift.plan(
        purpose=Opening.PURPOSE,
        title=desk.name,
        venue=desk.venue,
        starts_at=tokyo(day, 9),
        ends_at=tokyo(day, 12),
        needed=2,
    )
    if cancelled:
        shift.cancelled_at, shift.cancel_reason = tokyo(day), "大雪"
        shift.save()
    return Opening.objects.create(desk=desk, date=day, shift=shift)


def weekly_openings(cases_each: int = 3, weeks: int = WEEKS) -> None:
    """An opening on each Tuesday of the last weeks before the real today."""
    _first, last = last_weeks(timezone.localdate())
    for number in range(weeks):
        day = last - dt.timedelta(days=5 + 7 * number)
        an_opening(day)
        cases(day, number=cases_each)


def page(client: Client, user: User, address: str = PAGE) -> str:
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


# --- Who may ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", [PAGE, WHAT_IF, HOURS])
def test_coordinator_and_officer_see_it_and_nobody_else(
    client: Client, coordinator: User, officer: User, desk_account: User, address: str
) -> None:
    assert client.get(address).status_code == 302
    statuses = []
    for user in (coordinator, officer, desk_account, UserFactory()):
        client.force_login(user)
        statuses.append(client.get(address).status_code)
    assert statuses == [200, 200, 404, 404]


def test_the_officer_reads_ranges_where_the_coordinator_reads_numbers(
    client: Client, coordinator: User, officer: User
) -> None:
    cases(TODAY - dt.timedelta(days=400), 10, number=3)
    year = "?year=2025"
    assert re.search(r'<td class="heat-4">3</td>', page(client, coordinator, HOURS + year))
    shown = page(client, officer, HOURS + year)
    assert re.search(r'<td class="heat-4">1–4</td>', shown)
    assert not re.search(r'<td class="heat-\d">3</td>', shown)


def test_no_supporter_is_named(client: Client, coordinator: User) -> None:
    supporter = a_supporter((timezone.localdate(), None))
    assert supporter.name not in page(client, coordinator)
    assert supporter.name not in page(client, coordinator, WHAT_IF)


# --- Addresses ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("query", ["?year=1999", "?year=x", "?year="])
def test_a_year_that_is_not_there_gives_the_present_one(client: Client, coordinator: User, query: str) -> None:
    heading = re.search(r"<h1>.*?</h1>", page(client, coordinator))
    assert heading is not None
    assert heading[0] in page(client, coordinator, PAGE + query)


def test_the_hours_of_all_desks_lead_to_those_of_one(client: Client, coordinator: User) -> None:
    desk = a_desk()
    cases(MAY.first, desk=desk)
    shown = page(client, coordinator, f"{HOURS}?year=2024")
    assert "時刻と曜日(すべての相談所)" in shown
    assert f"?year=2024&amp;desk={desk.pk}" in shown
    assert f"時刻と曜日({desk.title})" in page(client, coordinator, f"{HOURS}?year=2024&desk={desk.pk}")


@pytest.mark.parametrize("desk", ["999999", "x", "-1"])
def test_a_desk_that_is_not_there_is_not_found(client: Client, coordinator: User, desk: str) -> None:
    client.force_login(coordinator)
    assert client.get(f"{HOURS}?desk={desk}").status_code == 404


# --- The year against its goals ------------------------------------------------------------------------------
def test_the_year_so_far_is_that_of_the_report(coordinator: User) -> None:
    for month in (Month(2024, 4), MAY):
        cases(month.first, number=7)
        a_session(tokyo(month.first), attendees=9)
        a_supporter((month.first, None))
    ledger.close_month(Month(2024, 4), by=coordinator)
    ledger.correct(Month(2024, 4), "consultations", 10, "紙の記録", by=coordinator)
    cases(Month(2024, 4).first)  # late: it must not move the closed month
    year = year_of(2024, MAY.last)
    codes = ("supporters_new", "participants", "consultations")
    goals = [
        (Goal(figure=definition.code, fiscal_year=2024, value=100), definition)
        for definition in in_force(MAY.first)
        if definition.code in codes
    ]
    found = standings(goals, year, Book(year.begun, stock_months=[], codes=codes), None)
    assert {each.code: each.so_far for each in found} == {code: report(MAY).row(code).year_to_date for code in codes}
    assert {each.code: each.so_far for each in found}["consultations"] == 17


def test_even_steps_are_due_by_the_days_of_the_year() -> None:
    (goal, definition), *_others = [
        (Goal(figure="consultations", fiscal_year=2026, value=1500), each)
        for each in in_force(TODAY)
        if each.code == "consultations"
    ]
    due = []
    for day in (dt.date(2026, 4, 1), dt.date(2026, 9, 30), dt.date(2027, 3, 31)):
        (standing,) = standings([(goal, definition)], year_of(2026, day), Book([], codes=()), None)
        due.append(standing.due)
    assert due == [5, 753, 1500]  # 1500/365 and 1500 × 183/365, rounded up


def test_a_forecast_says_its_interval_and_what_the_goal_takes(client: Client, coordinator: User) -> None:
    weekly_openings()
    shown = page(client, coordinator)
    assert re.search(r"このペースなら、.*に[\d,]+件になる見込みです。5回に4回は[\d,]+から[\d,]+の間です。", shown)
    assert re.search(r"相談所の開設を、今の予定より週にあと\d+回増やします。", shown)


def test_three_weeks_of_records_give_no_forecast(client: Client, coordinator: User) -> None:
    weekly_openings(weeks=3)
    shown = page(client, coordinator)
    assert "記録が3週分しかないので、まだ予測できません。あと3週分の記録が必要です。" in shown
    assert "件になる見込み" not in shown


def test_a_year_that_is_over_shows_results_and_no_forecast(client: Client, coordinator: User) -> None:
    Goal.objects.create(figure="consultations", fiscal_year=2024, value=10, source="試験")
    cases(MAY.first, number=12)
    shown = page(client, coordinator, f"{PAGE}?year=2024")
    assert "年度が終わりました。" in shown
    assert "目標に届きました。" in shown
    assert "このペースなら" not in shown
    assert "いま増えている相談" not in shown


# --- The rota ------------------------------------------------------------------------------------------------
def test_openings_ahead_are_those_made_then_those_of_the_rule() -> None:
    desk = a_desk()  # Tuesdays
    an_opening(dt.date(2026, 11, 24))
    an_opening(dt.date(2026, 12, 1), cancelled=True)
    an_opening(dt.date(2026, 12, 8))
    found = openings(dt.date(2026, 11, 1), dt.date(2026, 12, 31), TODAY)
    assert dict(found.made) == {dt.date(2026, 11, 24): 1, dt.date(2026, 12, 8): 1}
    assert sorted(found.by_rule) == [dt.date(2026, 12, day) for day in (15, 22)]  # the hall is closed on the 29th
    desk.active = False
    desk.save()
    assert openings(dt.date(2026, 11, 1), dt.date(2026, 12, 31), TODAY).between(TODAY, dt.date(2026, 12, 31)) == 2


def test_a_desk_does_not_open_on_closed_days() -> None:
    desk = a_desk()
    calendar = ClosureCalendar.objects.create(code="kpi", name="年末", source="試験")
    Closure.objects.create(calendar=calendar, rule="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=29", reason="年末")
    desk.venue.closures = calendar
    desk.venue.save()
    found = openings(TODAY, dt.date(2026, 12, 31), TODAY)
    assert dt.date(2026, 12, 22) in found.by_rule
    assert dt.date(2026, 12, 29) not in found.by_rule


# --- Weeks -----------------------------------------------------------------------------------------------------
def test_weeks_run_from_monday_to_sunday_and_leave_out_the_present_one() -> None:
    first, last = last_weeks(TODAY)
    assert (first, last) == (dt.date(2026, 7, 27), dt.date(2026, 11, 15))
    assert last_weeks(dt.date(2026, 11, 16))[1] == dt.date(2026, 11, 15)
    assert last_weeks(dt.date(2026, 11, 15))[1] == dt.date(2026, 11, 8)


def test_each_case_lies_in_its_week(coordinator: User) -> None:
    for day in (dt.date(2026, 11, 9), dt.date(2026, 11, 15), dt.date(2026, 11, 16), dt.date(2026, 7, 26)):
        cases(day)
    a_consultation(dt.date(2026, 11, 10), voided_by=coordinator)
    weeks = recent(("consultations",), TODAY, dt.date(2027, 3, 31))
    assert weeks.weekly("consultations") == [0] * 15 + [2]
    assert weeks.older == {"consultations"}


def test_weeks_before_the_first_record_do_not_count_against_a_figure() -> None:
    for number in range(8):
        a_session(tokyo(dt.date(2026, 11, 10) - dt.timedelta(days=7 * number)), attendees=10)
    weeks = recent(("participants", "sessions"), TODAY, dt.date(2027, 3, 31))
    rate, used = weeks.rate("participants", [1.0] * WEEKS)
    assert used == 8
    assert rate is not None
    assert rate.per_chance == pytest.approx(80.5 / 8)
    a_session(tokyo(dt.date(2025, 1, 7)), attendees=10)
    _rate, used = recent(("participants", "sessions"), TODAY, dt.date(2027, 3, 31)).rate("participants", [1.0] * WEEKS)
    assert used == WEEKS


def test_a_day_without_records_is_missing() -> None:
    assert daily(("consultations",), TODAY, TODAY) == {}
    assert daily((), TODAY, TODAY) == {}


# --- Topics ----------------------------------------------------------------------------------------------------
def test_a_rising_topic_is_named_and_one_that_rose_by_chance_is_not() -> None:
    cases(dt.date(2026, 9, 1), topic="T05", number=20)
    cases(dt.date(2026, 10, 20), topic="T05", number=45)
    cases(dt.date(2026, 9, 1), topic="T01", number=1)
    cases(dt.date(2026, 10, 20), topic="T01", number=3)
    found = compare(TODAY, openings(*last_weeks(TODAY), TODAY), counts(TODAY))
    assert [(each.topic.pk, each.before, each.now) for each in found.topics] == [("T05", 20, 45)]
    assert (found.first, found.middle, found.last) == (
        dt.date(2026, 7, 27),
        dt.date(2026, 9, 21),
        dt.date(2026, 11, 15),
    )


# --- When people come --------------------------------------------------------------------------------------------
def test_the_heat_map_counts_by_desk_weekday_and_hour_of_tokyo(coordinator: User) -> None:
    desk = a_desk()
    cases(dt.date(2024, 5, 7), 9, number=2)  # a Tuesday
    cases(dt.date(2024, 5, 12), 23)  # a Sunday: in UTC it is the same day, 14:00
    cases(dt.date(2024, 5, 13), 0)  # a Monday: in UTC it is still Sunday
    expected = {
        heat.Slot(desk.pk, 1, 9): 2,
        heat.Slot(desk.pk, 6, 23): 1,
        heat.Slot(desk.pk, 0, 0): 1,
    }
    assert heat.slots(Book([MAY], codes=("consultations",)), [MAY]) == expected
    ledger.close_month(MAY, by=coordinator)
    cases(dt.date(2024, 5, 8), 15)  # late
    assert heat.slots(Book([MAY], codes=("consultations",)), [MAY]) == expected


def test_hours_without_cases_between_others_are_shown_empty() -> None:
    found = heat.by_hour({heat.Slot(1, 0, 9): 8, heat.Slot(1, 5, 11): 1}, None, banded=False)
    assert found is not None
    assert found.rows == [9, 10, 11]
    assert found.weekdays == [0, 1, 2, 3, 4, 5]
    assert [cell.text for cell in found.cells[0]] == ["8", "0", "0", "0", "0", "0"]
    assert [cell.level for cell in found.cells[2]] == [0, 0, 0, 0, 0, 1]


def test_a_desk_is_shown_alone() -> None:
    slots = {heat.Slot(1, 0, 9): 8, heat.Slot(2, 0, 9): 3}
    one = heat.by_hour(slots, 2, banded=False)
    assert one is not None
    assert one.cells[0][0].text == "3"
    assert heat.by_hour(slots, 3, banded=False) is None


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (1, "1–4"), (4, "1–4"), (5, "5–9"), (999, "500–999"), (1000, "1,000以上")]
)
def test_ranges(number: int, text: str) -> None:
    assert heat.band(number) == text


def test_the_heat_map_is_in_no_list_of_cells() -> None:
    cases(MAY.first)
    assert "desk_hour" not in report(MAY).row("consultations").cells


# --- Where help was offered ----------------------------------------------------------------------------------------
def test_the_map_marks_the_districts_of_closed_and_open_months(coordinator: User) -> None:
    session = a_session(tokyo(dt.date(2024, 5, 15)))
    ledger.close_month(MAY, by=coordinator)
    year = year_of(2024, dt.date(2024, 6, 30))
    book = Book(year.begun, stock_months=[], codes=("districts_reached",))
    found = coverage(book, year.begun)
    reached = [place for place in found.places if place.reached]
    assert [place.district for place in reached] == [session.shift.venue.district]
    assert found.map is not None
    assert [mark.name for mark in found.map.pins].count("✓") == 1
    assert len(found.map.pins) == len(found.places) == 16


# --- Charts ------------------------------------------------------------------------------------------------------
def a_chart(*, bars: bool = False) -> Chart:
    return Chart(
        name="test",
        title="相談 <b>",
        words="6月は20件",
        labels=["4月", "5月", "6月"],
        series=[
            Series(Kind.NOW, "実績", [10, 20, None]),
            Series(Kind.LIKELY, "見込み", [None, 20, Span(40, 30, 1055)]),
        ],
        bars=bars,
    )


@pytest.mark.parametrize("bars", [False, True])
def test_a_chart_is_an_image_with_a_name_and_nothing_that_the_policy_forbids(*, bars: bool) -> None:
    drawn = a_chart(bars=bars).svg
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "test-title test-words"
    assert [(each.tag, each.text) for each in list(root)[:2]] == [("title", "相談 <b>"), ("desc", "6月は20件")]
    assert root.get("viewBox", "").startswith(f"0 0 {WIDTH} ")
    assert {each.tag for each in root.iter()} <= {"svg", "title", "desc", "g", "path", "rect", "circle", "text"}
    assert not [
        each for each in root.iter() if "style" in each.attrib or any(name.startswith("on") for name in each.attrib)
    ]
    classes = {each.get("class") for each in root.iter()}
    assert {"series now", "series likely"} <= classes


def test_no_month_is_cut_short() -> None:
    chart = Chart("test", "相談", "", ["10月", "10月", "10月"], [Series(Kind.NOW, "実績", [1, 2, 3])])
    assert chart.svg.count(">10月<") == 3


def test_series_differ_without_colours() -> None:
    """Their classes carry dashes, dots and fill; the interval is a shape of its own."""
    assert ElementTree.fromstring(a_chart().svg).find(".//*[@class='ci']") is not None


@pytest.mark.parametrize(
    ("highest", "marks"),
    [(0, [0, 1]), (1, [0, 1]), (5, [0, 1, 2, 3, 4, 5]), (30, [0, 10, 20, 30]), (1500, [0, 500, 1000, 1500])],
)
def test_marks_are_whole_and_even(highest: float, marks: list[int]) -> None:
    assert scale(highest) == marks


def test_a_scale_always_reaches_its_highest_value() -> None:
    for highest in [*range(300), 1234.5, 99_999, 10**7]:
        marks = scale(highest)
        assert marks[-1] >= highest
        assert len(marks) <= 6
        assert len({after - before for before, after in itertools.pairwise(marks)}) == 1


def test_the_table_behind_a_chart_says_the_same(coordinator: User) -> None:
    cases(dt.date(2024, 4, 10), number=4)
    cases(dt.date(2024, 5, 10), number=3)
    year, before = year_of(2024, MAY.last), year_of(2023, MAY.last)
    definition = next(each for each in in_force(MAY.first) if each.code == "consultations")
    book = Book([*before.begun, *year.begun], stock_months=[], codes=("consultations",))
    picture = pictures.trend(definition, book, year, before)
    assert picture.table.lines[0] == ("4月", ["0", "4"])
    assert picture.table.lines[1] == ("5月", ["0", "3"])
    assert picture.table.lines[2] == ("6月", ["0", "―"])
    assert [list(series.values)[:3] for series in picture.chart.series] == [[0, 0, 0], [4, 3, None]]


# --- What if -------------------------------------------------------------------------------------------------------
def test_more_openings_bring_more_and_enough_of_them_the_goal() -> None:
    three = Rate(per_chance=3, dispersion=1, chances=160, weeks=16)
    few, enough = line(600, 1500, three, 10, 20), line(600, 1500, three, 15, 20)
    assert (few.outlook.expected, enough.outlook.expected) == (1200, 1500)
    assert (few.reaches, enough.reaches) == (False, True)
    assert few.a_week == enough.a_week == 15


def test_supporters_needed_share_the_duties_of_a_month() -> None:
    def needed(openings: float, duties: float) -> int:
        return supporters_needed(openings, 3, at_opening=2, at_session=4, duties_a_month=duties)

    assert needed(6, 4) == 26  # 24 duties a week are 104 a month
    assert needed(6, 8) == 13
    assert needed(0, 8) == 7
    assert needed(6, 0) == 0


def test_the_form_begins_with_what_is_planned_and_keeps_what_was_typed(client: Client, coordinator: User) -> None:
    weekly_openings()
    kept = Opening.objects.order_by("date")[0].shift
    for number in (1, 2):
        Assignment.objects.create(
            shift=kept, supporter=SupporterFactory(), status=Assignment.Status.ATTENDED, seat=Seat.at(kept, number)
        )
    shown = page(client, coordinator, WHAT_IF)
    assert re.search(r'name="openings" value="1"', shown)
    assert "目標に届かない見込みです。" in shown
    more = page(client, coordinator, f"{WHAT_IF}?openings=５０回&sessions=0&duties=4")
    assert re.search(r'name="openings" value="５０回"', more)
    assert "目標に届く見込みです。" in more
    assert "この回数には、サポーターが109人必要です。" in more  # 50 × 2 × 52/12 ÷ 4


@pytest.mark.parametrize(
    "query", ["openings=たくさん", "openings=-1", "sessions=501", "openings=1000000", "duties=0", "openings="]
)
def test_what_cannot_be_is_said_beside_the_field(client: Client, coordinator: User, query: str) -> None:
    shown = page(client, coordinator, f"{WHAT_IF}?{query}")
    assert 'aria-invalid="true"' in shown
    assert "入力した回数では試算できません。" in shown
    assert "必要なサポーター" not in shown


# --- Queries ---------------------------------------------------------------------------------------------------------
def queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as context:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in context.captured_queries]


def records_of(day: dt.date) -> None:
    desk = a_desk()
    if not Opening.objects.filter(desk=desk, date=day).exists():
        an_opening(day)
    cases(day, number=5)
    a_session(tokyo(day))
    a_supporter((day, None))


@pytest.mark.parametrize("address", [PAGE, WHAT_IF, HOURS, f"{PAGE}?year=2024"])
def test_pages_take_the_same_queries_for_any_number_of_rows(client: Client, coordinator: User, address: str) -> None:
    client.force_login(coordinator)
    day = timezone.localdate() - dt.timedelta(days=30)
    records_of(day)
    records_of(MAY.first)
    one = len(queries(client, address))
    for number in range(1, 3):
        records_of(day - dt.timedelta(days=7 * number))
        records_of(MAY.first + dt.timedelta(days=number))
    assert len(queries(client, address)) == one


def test_a_year_of_closed_months_reads_the_ledger_and_no_record(client: Client, coordinator: User) -> None:
    """Neither the year nor the one before it, which the trends show beside it."""
    records_of(MAY.first)
    for month in (*year_of(2023, TODAY).months, *year_of(2024, TODAY).months):
        ledger.close_month(month, by=coordinator)
    client.force_login(coordinator)
    read = "\n".join([*queries(client, f"{PAGE}?year=2024"), *queries(client, f"{HOURS}?year=2024")])
    assert "consult_frozenfigure" in read
    raw = ("consult_consultation", "support_requests_session", "supporters_registration", "consult_activity")
    assert [table for table in raw if f'"{table}"' in read] == []
    assert re.search(r'<td class="heat-4">5</td>', client.get(f"{HOURS}?year=2024").content.decode())
