"""The programme's file, into the database and again."""

import datetime as dt
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms import model_to_dict
from django.test.utils import CaptureQueriesContext

from programme.loading import DEFAULT_FILE, TABLES, load
from programme.models import (
    AgeBand,
    Category,
    Closure,
    ClosureCalendar,
    Course,
    Device,
    District,
    Goal,
    Level,
    Limit,
    Limits,
    LoadedFact,
    Outcome,
    Programme,
    PublishedFigure,
    Topic,
    Venue,
    Visit,
)

MAEBASHI = DEFAULT_FILE.read_text(encoding="utf-8")
Edited = Callable[..., Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    """``edited(old, new)``: Maebashi's file with the first ``old`` replaced, which must be there."""

    def write(old: str, new: str) -> Path:
        assert old in MAEBASHI
        path = tmp_path / "city.toml"
        path.write_text(MAEBASHI.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def line_of(path: Path, text: str) -> int:
    return path.read_text(encoding="utf-8").split(text)[0].count("\n") + 1


def everything() -> dict[str, list[dict[str, object]]]:
    return {table.name: [model_to_dict(row) for row in table.model._base_manager.order_by("pk")] for table in TABLES}


def refusal(path: Path) -> str:
    with pytest.raises(CommandError) as error:
        call_command("load_programme", file=path)
    assert error.value.returncode == 1
    return str(error.value)


# --- What Maebashi's file holds ----------------------------------------------------------------------


def test_maebashi_has_its_districts_halls_and_codes(programme_facts: None) -> None:
    counted = {
        model: model._base_manager.count()
        for model in (District, Venue, Topic, Level, Category, Device, AgeBand, Outcome, Visit, Closure, Course)
    }
    assert counted == {
        District: 16,
        Venue: 16,
        Topic: 23,
        Level: 3,
        Category: 6,
        Device: 10,
        AgeBand: 12,
        Outcome: 7,
        Visit: 3,
        Closure: 3,
        Course: 1,
    }
    assert " ".join(District.objects.values_list("name", flat=True)) == (
        "本庁管内 城南 上川淵 下川淵 芳賀 桂萱 東 元総社 総社 南橘 清里 永明 大胡 宮城 粕川 富士見"
    )
    assert Programme.objects.get().municipality_code == "102016"


def test_no_hall_claims_coordinates_that_somebody_verified(programme_facts: None) -> None:
    assert Venue.objects.filter(latitude__isnull=False).count() == 15
    assert not Venue.objects.filter(coordinates_verified=True).exists()


def test_every_fact_names_its_source(programme_facts: None) -> None:
    for table in TABLES:
        if "source" in table.fields:
            assert not table.model._base_manager.filter(source="").exists(), table.name


def test_contracts_and_repairs_are_out_of_scope_and_nothing_else(programme_facts: None) -> None:
    assert [topic.code for topic in Topic.objects.filter(in_scope=False)] == ["T98"]


def test_every_limit_is_there(programme_facts: None) -> None:
    assert set(Limit.objects.values_list("code", flat=True)) == set(Limits.names())


def test_goals_are_those_of_the_plans(programme_facts: None) -> None:
    assert set(Goal.objects.values_list("figure", "fiscal_year", "value")) == {
        ("supporters", 2023, 50),
        ("supporters", 2025, 200),
        ("supporters_new", 2026, 30),
        ("supporters_new", 2027, 30),
        ("participants", 2026, 600),
        ("participants", 2027, 600),
        ("consultations", 2026, 1500),
        ("consultations", 2027, 1500),
    }


def test_published_figures_are_those_of_the_documents(programme_facts: None) -> None:
    april, january = dt.date(2023, 4, 1), dt.date(2024, 1, 31)
    report = dt.date(2025, 1, 31)
    assert set(PublishedFigure.objects.values_list("figure", "kind", "since", "as_of", "value", "unit")) == {
        ("supporters", "stock", None, dt.date(2023, 9, 20), 33, "人"),
        ("supporters", "stock", None, january, 57, "人"),
        ("consultations", "flow", april, january, 333, "件"),
        ("sessions", "flow", april, january, 27, "件"),
        ("association_tablet", "flow", april, january, 278, "自治会"),
        ("prevention_course_participants", "flow", april, dt.date(2024, 3, 31), 75, "人"),
        ("hall_courses", "flow", april, january, 90, "件"),
        ("supporters", "stock", None, report, 83, "人"),
        ("consultations", "cumulative", None, report, 1204, "件"),
        ("sessions", "cumulative", None, report, 88, "団体"),
        ("participants", "cumulative", None, report, 811, "人"),
    }


def test_every_label_survives_a_cp932_export(programme_facts: None) -> None:
    MAEBASHI.encode("cp932")


# --- Loading again -----------------------------------------------------------------------------------


def test_loading_twice_changes_nothing(programme_facts: None) -> None:
    once = everything()
    load()
    assert everything() == once
    load(overwrite=True)
    assert everything() == once


def test_what_a_coordinator_edited_stays(programme_facts: None) -> None:
    Limit.objects.filter(code="offer_hours").update(value=72)
    Programme.objects.update(phone="027-000-0000")
    load()
    assert Limits.current().offer_hours == 72
    assert Programme.objects.get().phone == "027-000-0000"


def test_overwriting_restores_what_the_file_says_and_leaves_what_it_does_not_mention(programme_facts: None) -> None:
    Limit.objects.filter(code="offer_hours").update(value=72)
    Topic.objects.filter(code="T05").update(name="ライン", position=99, active=False)
    Programme.objects.update(phone="027-000-0000")
    load(overwrite=True)
    assert Limits.current().offer_hours == 48
    topic = Topic.objects.get(code="T05")
    assert (topic.name, topic.position, topic.active) == ("LINE", 5, False)
    assert Programme.objects.get().phone == "027-000-0000"


def test_what_a_coordinator_deleted_does_not_come_back_by_itself(programme_facts: None) -> None:
    Goal.objects.filter(fiscal_year=2027).delete()
    Closure.objects.filter(reason="年末").delete()
    load()
    assert not Goal.objects.filter(fiscal_year=2027).exists()
    assert not Closure.objects.filter(reason="年末").exists()
    load(overwrite=True)
    assert Goal.objects.filter(fiscal_year=2027).count() == 3
    assert Closure.objects.filter(reason="年末").exists()


def test_a_closure_whose_rule_was_edited_is_not_doubled(programme_facts: None) -> None:
    mondays = Closure.objects.filter(reason="第1・第3月曜日")
    mondays.update(rule="FREQ=MONTHLY;BYDAY=2MO")
    load()
    assert [closure.rule for closure in mondays] == ["FREQ=MONTHLY;BYDAY=2MO"]
    load(overwrite=True)
    assert [closure.rule for closure in mondays.all()] == ["FREQ=MONTHLY;BYDAY=1MO,3MO"]


def test_what_a_coordinator_added_stays(programme_facts: None) -> None:
    ClosureCalendar.objects.create(code="tower", name="塔", source="★").closures.create(
        rule="FREQ=DAILY", reason="工事"
    )
    Goal.objects.create(figure="sessions", fiscal_year=2028, value=120, source="★")
    own = Venue.objects.create(name="髙﨑さん宅", kind=Venue.Kind.OWN, district_id="D05")
    load(overwrite=True)
    assert Closure.objects.filter(calendar_id="tower").count() == 1
    assert Goal.objects.filter(fiscal_year=2028).exists()
    assert Venue.objects.filter(pk=own.pk).exists()


def test_a_new_entry_of_the_file_is_added(programme_facts: None, edited: Edited) -> None:
    topic = '[[topics]]\ncode = "T22"\nname = "生成AI"\nname_easy = "AI"\nname_en = "AI"\nsource = "★"\n\n'
    load(edited("[[levels]]\n", topic + "[[levels]]\n"))
    assert Topic.objects.get(code="T22").position == 24


def test_a_new_hall_in_a_deleted_district_is_refused(programme_facts: None, edited: Edited) -> None:
    Venue.objects.filter(district_id="D16").delete()
    District.objects.filter(code="D16").delete()
    path = edited('code = "hall_fujimi"', 'code = "hall_fujimi2"')
    line = line_of(path, 'district = "D16"')
    assert refusal(path).startswith(f"{path}:{line}: halls.district: D16 は削除されています")


def test_a_row_that_the_database_refuses_is_an_error_and_nothing_is_loaded(edited: Edited, db: None) -> None:
    Level.objects.create(code="L9", rank=1, name="九", name_easy="九", name_en="nine", position=9, source="★")
    path = DEFAULT_FILE
    assert refusal(path).startswith(f"{path}:{line_of(path, '[[levels]]')}: levels: 既にあるデータと両立しません")
    assert not District.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_file(edited: Edited, db: None) -> None:
    with CaptureQueriesContext(connection) as as_it_is:
        load()
    for model in [LoadedFact, *(table.model for table in reversed(TABLES))]:
        model._base_manager.all().delete()
    more = "".join(f'[[courses]]\ncode = "more{number}"\nname = "講座"\nsource = "★"\n\n' for number in range(40))
    with CaptureQueriesContext(connection) as larger:
        load(edited("[[courses]]\n", more + "[[courses]]\n"))
    assert Course.objects.count() == 41
    assert len(larger) == len(as_it_is)


def test_the_command_says_what_it_read(db: None) -> None:
    out = StringIO()
    call_command("load_programme", stdout=out)
    assert out.getvalue() == "事業の設定を読み込みました: maebashi.toml\n"


# --- What is wrong is named: file, line, field -------------------------------------------------------

HAGA = 'district = "D05"\n'


@pytest.mark.parametrize(
    ("old", "new", "found_at", "rest"),
    [
        ("[[levels]]\n", "[[levels]]\nnmae = 1\n", "nmae", "levels.nmae: 知らない項目です。 → name"),
        ("[[levels]]\n", "[[level]]\n", "[[level]]", "level: 知らない表です。 → levels"),
        ("[programme]\n", "[[programme]]\n", "[[programme]]", "programme: 見出しは [programme] と書いてください。"),
        ('name = "城南"\n', "", '[[districts]]\ncode = "D02"', "districts.name: この項目がありません。"),
        ('name = "城南"', "name = 7", "name = 7", "districts.name: 文字列で書いてください: 7"),
        ('name = "城南"', 'name = ""', 'name = ""', "districts.name: このフィールドは空ではいけません。"),
        ('name = "城南"', 'name = "城\\n南"', 'name = "城\\n', "districts.name: 改行などの制御文字は使えません。"),
        (HAGA, 'district = "D50"\n', 'district = "D50"', "halls.district: D50 はこのファイルにありません。"),
        ('code = "T05"', 'code = "T04"', 'code = "T04"\nname = "LINE"', "topics.code: "),
        ("rank = 2", "rank = 1", 'rank = 1\nname = "各種', "levels.rank: "),
        ("1MO,3MO", "1MO,3XX", "FREQ=MONTHLY", "closures.rule: 繰り返しの規則(RRULE)として読めません"),
        ('"days_ahead"', '"dayz_ahead"', '"dayz_ahead"', "limits.code: 知らない項目です: dayz_ahead → days_ahead"),
        ("value = 333", "value = -333", "value = -333", "figures.value: この値は 0 以上でなければなりません。"),
        ("value = 333", 'value = "333"', 'value = "333"', "figures.value: 整数で書いてください: '333'"),
        ("value = 333", "value = true", "value = true", "figures.value: 整数で書いてください: True"),
        (
            "as_of = 2023-09-20",
            "as_of = 2023-09-31",
            "as_of = 2023-09-31",
            "figures.as_of: TOML として正しくありません",
        ),
        ("as_of = 2023-09-20", 'as_of = "2023-09-20"', 'as_of = "2023', "figures.as_of: 日付"),
        ("as_of = 2023-09-20", "as_of = 2023-09-20T00:00:00", "as_of = 2023-09-20T", "figures.as_of: 日付"),
        ("as_of = 2023-09-20", "as_of = 2023-09-20\nsince = 2023-04-01", "since = ", "figures.since: 時点の数"),
        ("since = 2023-04-01", "since = 2024-04-01", "since = 2024", "figures.since: as_of より後"),
        ('kind = "stock"', 'kind = "stick"', 'kind = "stick"', "figures.kind: "),
        ('figure = "supporters"', 'figure = "heroes"', 'figure = "heroes"', "goals.figure: "),
        ("fiscal_year = 2025", "fiscal_year = 20250", "fiscal_year = 20250", "goals.fiscal_year: この値は 2999 以下"),
        ("latitude = 36.363042", "latitude = 136.3", "latitude = 136.3", "districts.latitude: この値は 90.0 以下"),
        ("latitude = 36.363042", "latitude = nan", "latitude = nan", "districts.latitude: 数ではありません"),
        ("closes = 22:00:00\n", "", "opens = 08:30:00", "halls.opens: closes と組にしてください。"),
        ("closes = 22:00:00", "closes = 08:00:00", "closes = 08", "halls.closes: opens より後の時刻"),
        ("value = 180", "value = 20", "value = 60", "limits.value: session_minutes: "),
        ("[programme]\n", "\n", 'name = "まえばし', "name: 表の見出し([[…]])より前に項目があります。"),
        ("[[calendars]]", "[programme]\n[[calendars]]", "[programme]\n[[calendars]]", "programme: TOML"),
    ],
)
def test_an_error_names_file_line_and_field(
    db: None, edited: Edited, old: str, new: str, found_at: str, rest: str
) -> None:
    path = edited(old, new)
    message = refusal(path)
    assert message.startswith(f"{path}:{line_of(path, found_at)}: {rest}")
    assert "\n" not in message
    assert not District.objects.exists()


def test_a_duplicate_names_both_lines(db: None, edited: Edited) -> None:
    path = edited('code = "T05"', 'code = "T04"')
    line = line_of(path, 'code = "T04"')
    assert refusal(path).endswith(f"topics.code: {line} 行目と重なっています: T04")


def test_a_limit_left_out_is_named(db: None, edited: Edited) -> None:
    limit = MAEBASHI[
        MAEBASHI.index('[[limits]]\ncode = "offer_hours"') : MAEBASHI.index('[[limits]]\ncode = "honorarium_yen"')
    ]
    path = edited(limit, "")
    assert refusal(path).endswith(": limits.code: offer_hours がありません。")


def test_a_table_left_out_is_named(db: None, edited: Edited) -> None:
    visits = MAEBASHI[MAEBASHI.index("[[visits]]") : MAEBASHI.index("# --- 研修")]
    path = edited(visits, "")
    assert refusal(path) == f"{path}: visits: この表がありません。"
