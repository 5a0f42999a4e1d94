"""Lists of supporters from Excel and to it: looked at first, nobody twice, and it is known who took them."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import Workbook, load_workbook

from notifications.models import Message
from programme import csv_files
from programme.models import User
from supporters.lists import heads, template
from supporters.models import PeopleExport, Supporter
from tests.factories import ContactFactory, SupporterFactory

pytestmark = pytest.mark.usefixtures("programme_facts")

BRING, TAKE = "/supporters/people/list/", "/supporters/people/list.xlsx"
HANAKO = {
    "name": "髙橋 花子",
    "kana": "たかはし はなこ",
    "birth_date": "1958-04-01",
    "category": "講座受講者",
    "home_district": "上川淵",
    "phone": "０２７－２２４－１１１１",
}


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def a_row(**facts: Any) -> dict[str, Any]:
    return HANAKO | facts


def as_xlsx(*rows: dict[str, Any]) -> SimpleUploadedFile:
    book, file = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet.append(list(heads().values()))
    for row in rows:
        sheet.append([row.get(name) for name in heads()])
    book.save(file)
    return SimpleUploadedFile("list.xlsx", file.getvalue())


def as_csv(*rows: dict[str, Any], encode: Any = csv_files.as_utf8) -> SimpleUploadedFile:
    lines = [list(heads().values()), *([row.get(name, "") for name in heads()] for row in rows)]
    return SimpleUploadedFile("list.csv", encode(csv_files.write(lines)))


def look(office: Client, file: SimpleUploadedFile) -> HttpResponse:
    return office.post(BRING, {"file": file})  # type: ignore[return-value]


def confirm(office: Client, looked: Any, *, before: str = "") -> str:
    return office.post(BRING, {"people": before + looked.context["people"]}, follow=True).content.decode()


def bring(office: Client, *rows: dict[str, Any]) -> str:
    return confirm(office, look(office, as_xlsx(*rows)))


# --- In ------------------------------------------------------------------------------------------------
def test_nothing_is_written_before_the_look_is_confirmed(office: Client) -> None:
    looked = look(office, as_xlsx(a_row(), a_row(name="健", kana="けん", phone="090-1111-2222")))
    assert "新しく登録する人 2人、もういる人 0人、直す所がある行 0行です" in looked.content.decode()
    assert not Supporter.objects.exists()
    assert "2人を登録しました。" in confirm(office, looked)
    assert Supporter.objects.count() == 2


def test_somebody_brought_in_is_registered_since_the_day_of_the_list_and_not_written_to(office: Client) -> None:
    bring(office, a_row(registered_on=dt.datetime(2025, 6, 1), trained_on="令和7年6月15日", skills="T05:2、T01"))  # noqa: DTZ001
    one = Supporter.objects.get()
    assert (one.name, one.contact.phone, one.contact.phone_e164) == (HANAKO["name"], HANAKO["phone"], "+81272241111")
    assert (one.status, one.birth_date) == (Supporter.Status.TRAINING, dt.date(1958, 4, 1))
    assert one.registrations.get().started_on == dt.date(2025, 6, 1)
    assert {row.completed_on for row in one.completions.all()} == {dt.date(2025, 6, 15)}
    assert one.missing_courses() == []
    assert set(one.skills.values_list("topic", "level")) == {("T05", 2), ("T01", 1)}
    assert not Message.objects.exists()


def test_without_a_day_the_registration_begins_today_and_the_training_is_left(office: Client) -> None:
    bring(office, a_row())
    one = Supporter.objects.get()
    assert one.registrations.get().started_on == timezone.localdate()
    assert one.missing_courses()


@pytest.mark.parametrize("encode", [csv_files.as_utf8, csv_files.as_cp932])
def test_a_csv_file_is_read_as_excel_saves_it(office: Client, encode: Any) -> None:
    confirm(office, look(office, as_csv(a_row(), encode=encode)))
    assert Supporter.objects.get().name == HANAKO["name"]


@pytest.mark.parametrize(
    ("facts", "head", "said"),
    [
        ({"name": ""}, "名前", "お名前を入力してください。"),
        ({"kana": "高橋"}, "ふりがな", "ひらがなかカタカナ"),
        ({"birth_date": "4月"}, "生年月日", "を入力してください。"),
        ({"birth_date": "1958-02-30"}, "生年月日", "その日付はありません"),
        ({"birth_date": "1058-02-03"}, "生年月日", "生まれた年をご確認ください。"),
        ({"category": "会社員"}, "区分", "「会社員」はありません"),
        ({"home_district": "高崎"}, "お住まいの地区", "「高崎」はありません"),
        ({"phone": "1234"}, "電話番号", "市外局番から"),
        ({"phone": ""}, "電話番号", "メールアドレスか電話番号を入力してください。"),
        ({"mobile": "027-224-1111"}, "携帯電話の番号", "携帯電話の番号を入力してください。"),
        ({"email": "hanako"}, "メールアドレス", "有効なメールアドレスを入力してください。"),
        ({"postcode": "371"}, "郵便番号", "7けたの数字"),
        ({"registered_on": "2099-01-01"}, "登録日", "今日までの日付"),
        ({"trained_on": "1.2.3.4"}, "研修の修了日", "数字で入力"),
        ({"skills": "T77"}, "教えられること", "「T77」という内容はありません。"),
        ({"skills": "T05:4"}, "教えられること", "レベルは1から3です"),
    ],
)
def test_what_is_wrong_stands_beside_its_row_and_the_others_come_in(
    office: Client, facts: dict[str, Any], head: str, said: str
) -> None:
    looked = look(office, as_xlsx(a_row(**facts), a_row(name="健", kana="けん", phone="090-1111-2222")))
    wrong, right = looked.context["rows"]
    assert [label for label, _said in wrong.errors] == [head]
    assert said in wrong.errors[0][1]
    assert right.is_new
    confirm(office, looked)
    assert [one.name for one in Supporter.objects.all()] == ["健"]


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"kana": "タカハシハナコ", "birth_date": dt.date(1958, 4, 1)}, "ふりがなと生年月日"),
        ({"phone": "027-224-1111"}, "電話番号"),
        ({"email": "HANAKO@example.jp"}, "メール"),
    ],
)
def test_who_is_there_already_is_shown_and_not_doubled(office: Client, known: dict[str, Any], reason: str) -> None:
    person = {name: known[name] for name in ("kana", "birth_date") if name in known}
    contact = ContactFactory(**{name: known[name] for name in ("phone", "email") if name in known})
    there = SupporterFactory(contact=contact, **person)
    looked = look(office, as_xlsx(a_row(email="hanako@example.jp")))
    (row,) = looked.context["rows"]
    assert [(one.supporter, one.reasons) for one in row.known] == [(there, [reason])]
    assert "もういます" in looked.content.decode()
    assert "人を登録する<" not in looked.content.decode()
    confirm(office, looked)
    assert Supporter.objects.get() == there


def test_who_stands_twice_in_the_list_comes_in_once(office: Client) -> None:
    looked = look(office, as_xlsx(a_row(), a_row()))
    assert [row.is_new for row in looked.context["rows"]] == [True, False]
    confirm(office, looked)
    confirm(office, looked)  # and confirming twice is confirming once
    assert Supporter.objects.count() == 1


def test_of_three_alike_each_is_compared_with_the_one_who_comes_in(office: Client) -> None:
    looked = look(office, as_xlsx(a_row(), a_row(name="夫", kana="たろう"), a_row(phone="090-1111-2222")))
    first, husband, again = looked.context["rows"]
    assert first.is_new
    assert [(one.supporter.name, one.reasons) for one in husband.known] == [(HANAKO["name"], ["電話番号"])]
    assert [(one.supporter.name, one.reasons) for one in again.known] == [(HANAKO["name"], ["ふりがなと生年月日"])]


def test_a_list_comes_in_in_as_many_queries_for_three_people_as_for_one(office: Client) -> None:
    counts = []
    for first, people in ((0, 1), (1, 3)):
        rows = [
            a_row(kana="あ" * number, phone=f"090-1111-{number:04}", trained_on="2025-06-15", skills="T05:2")
            for number in range(first + 1, first + 1 + people)
        ]
        with CaptureQueriesContext(connection) as looking:
            looked = look(office, as_xlsx(*rows))
        with CaptureQueriesContext(connection) as coming:
            confirm(office, looked)
        counts.append((len(looking), len(coming)))
    assert Supporter.objects.count() == 4
    assert counts[0] == counts[1]


def test_a_look_that_was_changed_is_not_taken(office: Client) -> None:
    looked = look(office, as_xlsx(a_row()))
    assert "もう一度ファイルを選んでください。" in confirm(office, looked, before="x")
    assert not Supporter.objects.exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (SimpleUploadedFile("list.xlsx", b"no workbook"), "読めないファイルです。"),
        (SimpleUploadedFile("list.csv", b"\x81"), "読めないファイルです。"),
        (SimpleUploadedFile("list.csv", "名前,ふりがな\r\n花子,はなこ\r\n".encode()), "次の見出しがありません"),
        (SimpleUploadedFile("list.csv", b"x" * (2 * 1024 * 1024 + 1)), "ファイルが大きすぎます。"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_words(office: Client, file: SimpleUploadedFile, said: str) -> None:
    file.seek(0)
    assert said in look(office, file).content.decode()


def test_a_list_without_people_or_with_too_many_is_refused(office: Client) -> None:
    for rows in ([], [a_row()] * 2001):
        assert "1行から2,000行まで" in look(office, as_csv(*rows)).content.decode()


def test_the_template_can_be_brought_in_as_it_is(office: Client) -> None:
    with translation.override("en"):
        file = SimpleUploadedFile("template.xlsx", template())
    assert [row.is_new for row in look(office, file).context["rows"]] == [True]
    answer = office.get(reverse("supporters:bring_example"))
    assert list(sheet_of(answer.content).values) == list(sheet_of(template()).values)


# --- Out -----------------------------------------------------------------------------------------------
def sheet_of(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data)).worksheets[0]


def test_the_list_goes_out_as_it_is_filtered_and_it_is_known_who_took_it(office: Client, coordinator: User) -> None:
    SupporterFactory(name="山田")
    SupporterFactory(name="田中", status=Supporter.Status.PAUSED)
    answer = office.post(f"{TAKE}?status=paused&q=田中")
    assert [row[0].value for row in sheet_of(answer.content).iter_rows(min_row=2)] == ["田中"]
    record = PeopleExport.objects.get()
    assert (record.by, record.people, record.query) == (coordinator, 1, "status=paused")
    assert f"{coordinator}" in office.get(reverse("supporters:taken")).content.decode()


def test_text_that_looks_like_a_formula_stays_text(office: Client) -> None:
    SupporterFactory(name='=HYPERLINK("http://example.com")', contact=ContactFactory(phone="027-224-1111"))
    cells = {cell.value: cell for cell in sheet_of(office.post(TAKE).content)[2]}
    formula = cells['=HYPERLINK("http://example.com")']
    assert (formula.data_type, formula.quotePrefix) == ("s", True)
    assert "027-224-1111" in cells


def test_what_went_out_comes_in_as_there_already(office: Client) -> None:
    bring(office, a_row(email="hanako@example.jp", postcode="371-0027", skills="T05:2"))
    data = office.post(TAKE).content
    (row,) = look(office, SimpleUploadedFile("list.xlsx", data)).context["rows"]
    assert (row.errors, row.is_new) == ([], False)


def test_the_list_goes_out_in_as_many_queries_for_three_people_as_for_one(office: Client) -> None:
    counts = []
    for people in (1, 2):
        for _one in range(people):
            SupporterFactory()
        with CaptureQueriesContext(connection) as queries:
            office.post(TAKE)
        counts.append(len(queries))
    assert Supporter.objects.count() == 3
    assert counts[0] == counts[1]
