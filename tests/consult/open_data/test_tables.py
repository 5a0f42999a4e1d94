"""The published tables keep the rules of their columns, name nobody, and stay at their addresses."""

import csv
import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consult.models import Desk
from consult.open_data.files import RECORDS, as_csv
from consult.open_data.issuer import katakana
from consult.open_data.tables import catalogue
from consult.open_data.validator import check
from programme.models import Programme, User, Venue
from tests.consult.rows import a_desk, an_opening
from tests.factories import a_hall
from tests.support_requests.booking import a_booked_session

pytestmark = pytest.mark.usefixtures("programme_facts")

TOMORROW = timezone.localdate() + dt.timedelta(days=1)


def rows(client: Client, code: str) -> list[dict[str, str]]:
    answer = client.get(f"/open-data/{code}.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("code", [table.code for table in catalogue().tables])
def test_what_is_published_has_no_fault(code, coordinator):
    an_opening(a_desk("よろず相談所 上川淵"), TOMORROW)
    a_booked_session().open_to_all(by=coordinator, title="スマホの会")
    table = catalogue().table(code)

    assert check(table, as_csv(table, RECORDS[code]())) == []


def test_an_opening_is_an_event_with_its_facts(client):
    hall = a_hall()
    Venue.objects.filter(pk=hall.pk).update(
        kana="かみかわふちこうみんかん",
        name_en="Kamikawafuchi Hall",
        address="前橋市朝倉町1",
        latitude=36.363,
        longitude=139.1,
    )
    opening = an_opening(a_desk("よろず相談所 上川淵", venue=hall), TOMORROW)

    [row] = rows(client, "events")

    assert row["都道府県コード又は市区町村コード"] == "102016"
    assert row["NO"] == f"A{opening.pk:08}"
    assert row["イベント名"] == "よろず相談所 上川淵"
    assert row["イベント名_カナ"] == "デジタルヨロズソウダンジョ カミカワフチコウミンカン"
    assert row["イベント名_英語"] == "Digital help desk at Kamikawafuchi Hall"
    assert (row["開始日"], row["開始時間"], row["終了時間"]) == (str(TOMORROW), "10:00", "12:00")
    assert (row["緯度"], row["経度"]) == ("36.363000", "139.100000")
    assert row["住所"] == "群馬県前橋市朝倉町1"
    assert row["備考"] == "緯度と経度は未確認です。"


def test_an_opening_that_takes_reservations_says_how_to_reserve(client):
    desk = a_desk(reservable=True)
    an_opening(desk, TOMORROW)
    [row] = rows(client, "events")
    assert "予約できます" in row["参加申込方法"]
    assert row["URL"].endswith(reverse("consult:reserve", args=[desk.pk]))
    Desk.objects.update(reservable=False)
    [row] = rows(client, "events")
    assert row["参加申込方法"] == "申込みはいりません。直接お越しください。"
    assert row["URL"].endswith(reverse("consult:place", args=[desk.pk]))


def test_called_off_openings_and_those_to_come_of_given_up_desks_are_no_events(client, coordinator):
    an_opening(a_desk("中止"), TOMORROW).call_off(by=coordinator, reason="大雪")
    an_opening(a_desk("閉鎖", active=False), TOMORROW)

    assert rows(client, "events") == []


def test_what_a_desk_opened_before_it_was_given_up_stays(client, set_now):
    desk = a_desk("閉鎖", active=False)
    an_opening(desk, TOMORROW)
    an_opening(desk, TOMORROW + dt.timedelta(days=1))
    set_now(timezone.make_aware(dt.datetime.combine(TOMORROW, dt.time(18))))

    assert [row["開始日"] for row in rows(client, "events")] == [str(TOMORROW)]


def test_only_a_published_session_is_an_event_and_its_group_is_not_named(client, coordinator):
    session = a_booked_session()
    assert rows(client, "events") == []

    session.open_to_all(by=coordinator, title="スマホをさわってみよう")
    [row] = rows(client, "events")
    assert row["イベント名"] == "スマホをさわってみよう"
    assert str(session.request.group) not in " ".join(row.values())
    assert "支援一郎" not in " ".join(row.values())

    session.keep_to_group()
    assert rows(client, "events") == []


def test_halls_in_use_are_facilities_and_a_groups_own_place_is_not(client):
    names = {row["名称"] for row in rows(client, "facilities")}
    Venue.objects.create(kind="own", name="田中宅", district=a_hall().district)
    Venue.objects.filter(name="大胡公民館").update(active=False)

    assert {row["名称"] for row in rows(client, "facilities")} == names - {"大胡公民館"}
    assert {row["POIコード"] for row in rows(client, "facilities")} == {"1307"}


def test_the_json_says_the_same_as_the_csv(client):
    an_opening(a_desk(), TOMORROW)
    for code in RECORDS:
        filled = [{name: value for name, value in row.items() if value} for row in rows(client, code)]
        assert json.loads(client.get(f"/open-data/{code}.json").content) == filled


def test_who_has_the_file_already_gets_304_and_other_sites_may_read_it(client):
    answer = client.get("/open-data/facilities.csv")
    again = client.get("/open-data/facilities.csv", headers={"If-None-Match": answer["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "creativecommons.org" in answer["Link"]


@pytest.mark.parametrize("path", ["/open-data/people.csv", "/open-data/events.xls", "/open-data/.csv"])
def test_what_is_not_published_is_not_there(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("code", list(RECORDS))
def test_a_table_takes_the_same_queries_for_one_row_and_three(client, code):
    desk = a_desk()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/open-data/{code}.csv")
        return len(captured)

    an_opening(desk, TOMORROW)
    one = queries()
    for days in (2, 3):
        an_opening(desk, TOMORROW + dt.timedelta(days=days))
    assert queries() == one


def test_a_phone_that_a_coordinator_entered_stands_in_each_event(client):
    an_opening(a_desk(), TOMORROW)
    Programme.objects.update(phone="027-000-0000")
    assert rows(client, "events")[0]["連絡先電話番号"] == "027-000-0000"


@pytest.mark.parametrize(
    ("reading", "found"), [("じょうなん", "ジョウナン"), ("ミナミ ホール", "ミナミ ホール"), ("漢字", "")]
)
def test_readings_become_katakana(reading, found):
    assert katakana(reading) == found


def test_a_coordinator_publishes_a_session_from_its_page(client, coordinator: User):
    session = a_booked_session()
    path = f"/requests/list/{session.request_id}/"
    client.force_login(coordinator)

    empty = client.post(f"{path}publish/", {"public-title": ""})
    assert "催しの名前を入力してください。" in empty.content.decode()
    client.post(f"{path}publish/", {"public-title": "みんなのスマホ会"})
    session.refresh_from_db()
    assert (session.public_title, session.public_by) == ("みんなのスマホ会", coordinator)
    assert "みんなのスマホ会" in client.get(path).content.decode()

    client.post(f"{path}keep/")
    session.refresh_from_db()
    assert (session.public_title, session.public_by) == ("", None)


def test_a_session_that_is_not_booked_is_not_published(client, coordinator: User):
    session = a_booked_session()
    session.request.reopen(by=coordinator, reason="日を変える")
    client.force_login(coordinator)

    answer = client.post(f"/requests/list/{session.request_id}/publish/", {"public-title": "会"}, follow=True)
    assert rows(client, "events") == []
    assert answer.status_code in (200, 404)


# --- The validator --------------------------------------------------------------------------------------
def a_file(**changes: str) -> bytes:
    table = catalogue().table("events")
    record = {
        "都道府県コード又は市区町村コード": "102016",
        "NO": "A00000001",
        "都道府県名": "群馬県",
        "イベント名": "会",
        "開始日": "2026-05-01",
        "終了日": "2026-05-01",
        "開始時間": "10:00",
        "終了時間": "12:00",
        "説明": "学ぶ会",
        "緯度": "36.363042",
        "経度": "139.100836",
    }
    return as_csv(table, [record | changes])


def test_a_right_file_has_no_fault():
    assert check(catalogue().table("events"), a_file()) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("都道府県コード又は市区町村コード", "102017"),
        ("都道府県コード又は市区町村コード", "10201"),
        ("NO", ""),
        ("開始日", "2026/05/01"),
        ("開始日", "2026-02-29"),
        ("終了日", "2026-04-30"),
        ("終了時間", "9:00"),
        ("終了時間", "09:00"),
        ("終了時間", "25:00"),
        ("緯度", "139.100836"),
        ("緯度", ""),
        ("経度", "139"),
        ("イベント名_カナ", "かな"),
        ("連絡先電話番号", "0270000000"),
        ("定員", "30人"),
        ("URL", "mdeji.example.jp"),
        ("URL", "https://例え.jp/"),
        ("イベント名", " 会"),
        ("説明", "一行目\r\n二行目"),
    ],
)
def test_each_wrong_value_is_a_fault_at_its_place(column, value):
    found = [str(fault) for fault in check(catalogue().table("events"), a_file(**{column: value}))]
    assert len(found) == 1
    assert found[0].startswith("2行目")


def test_a_number_that_comes_twice_is_a_fault():
    table = catalogue().table("facilities")
    record = {
        "都道府県コード又は市区町村コード": "102016",
        "NO": "C1",
        "都道府県名": "群馬県",
        "名称": "館",
        "POIコード": "1307",
    }
    assert [str(fault) for fault in check(table, as_csv(table, [record, record]))] == [
        "3行目 NO: 2行目と同じ番号です。"
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.removeprefix("﻿".encode()),
        lambda data: data.replace(b"\r\n", b"\n"),
        lambda data: data.decode("utf-8-sig").encode("cp932"),
        lambda data: data.replace("イベント名,".encode(), "催し名,".encode()),
        lambda data: b"",
    ],
)
def test_a_file_of_another_form_is_a_fault(spoil):
    assert check(catalogue().table("events"), spoil(a_file()))


def test_the_command_names_faults_and_ends_with_an_error(tmp_path, capsys):
    path = tmp_path / "events.csv"
    path.write_bytes(a_file(開始日="きょう"))
    with pytest.raises(CommandError, match="1件"):
        call_command("open_data_check", "events", str(path))
    assert "2行目 開始日" in capsys.readouterr().out
    call_command("open_data_check", "facilities")
    assert "誤りはありません" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("open_data_check", "events", str(tmp_path / "none.csv"))
