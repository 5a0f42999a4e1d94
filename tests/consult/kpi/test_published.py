"""Bringing in what others published: each row is checked before any is stored, and stored once."""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from openpyxl import Workbook

from consult.errors import UnreadableTable
from consult.kpi import published
from consult.kpi.report import report
from programme.fiscal import Month
from programme.models import PublishedFigure, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

HEAD = "指標,名称,種別,期間の初日,時点,値,単位,出典,注\r\n"
NEW = 'よろず相談,,期間の数,2022-04-01,2022/6/30,"1,234",件,新聞𠮷,推定\r\n'


def rows(text: str) -> list[published.Line]:
    return published.check(published.read((HEAD + text).encode(), "a.csv"))


def test_a_row_is_stored_with_its_source_and_stands_apart_from_what_is_counted() -> None:
    facts = published.read((HEAD + NEW).encode("utf-8-sig"), "a.csv")
    assert [published.store(facts), published.store(facts)] == [1, 0]
    june = report(Month(2022, 6))
    assert [(each.name, each.value, each.source) for each in june.published] == [("よろず相談", 1234, "新聞𠮷")]
    assert june.row("consultations").value == 0


def test_excel_and_cp932_are_read_alike() -> None:
    book = Workbook()
    for line in (HEAD + NEW.replace("𠮷", "")).replace('"1,234"', "1234").split("\r\n")[:2]:
        book.active.append(line.split(","))
    file = io.BytesIO()
    book.save(file)
    text = (HEAD + NEW.replace("𠮷", "")).encode("cp932")
    assert published.read(file.getvalue(), "a.XLSX") == published.read(text, "a.csv")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (NEW.replace("よろず相談", "月の満ち欠け"), "月の満ち欠け"),
        (NEW.replace("2022/6/30", "令和4年6月"), "時点"),
        (NEW.replace('"1,234"', "たくさん"), "値"),
        (NEW.replace("新聞𠮷", ""), "出典"),
        (NEW.replace("2022-04-01", "2022-07-01"), "期間の初日 時点と同じ日か"),
        (NEW.replace("期間の数", "stock"), "期間の初日 「時点の数」には"),
        (NEW + NEW, "もうあります"),
        ("登録サポーター数,,stock,,2024-01-31,58,人,新聞,\r\n", "別の値でもうあります"),
    ],
)
def test_what_is_wrong_is_said_of_its_row(row: str, sentence: str) -> None:
    wrong = [line for line in rows(row) if line.errors]
    assert len(wrong) == 1
    assert sentence in " ".join(wrong[0].errors)


def test_a_row_that_is_stored_already_is_known() -> None:
    there = PublishedFigure.objects.get(figure="supporters", as_of="2024-01-31")
    note = there.note.replace(",", "、")
    PublishedFigure.objects.filter(pk=there.pk).update(note=note)
    text = f"{there.figure},{there.name},{there.kind},,2024-01-31,{there.value},{there.unit},{there.source},{note}\r\n"
    assert [line.is_known for line in rows(text)] == [True]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "a.csv"),
        (b"a,b", "a.csv"),
        (b"\xff\xff", "a.csv"),
        (b"x" * 200_000, "a.csv"),
        (b"x", "a.xlsx"),
        (b"", "a.xlsx"),
    ],
)
def test_what_is_no_such_table_is_refused_with_a_sentence(data: bytes, name: str) -> None:
    with pytest.raises(UnreadableTable, match="この表は読めませんでした"):
        published.read(data, name)


def test_a_workbook_with_broken_parts_is_refused_with_a_sentence() -> None:
    whole = io.BytesIO()
    Workbook().save(whole)
    with ZipFile(whole) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    for broken in contents:
        file = io.BytesIO()
        with ZipFile(file, "w") as parts:
            for name, content in contents.items():
                parts.writestr(name, content[: len(content) // 2] if name == broken else content)
        with pytest.raises(UnreadableTable, match="この表は読めませんでした"):
            published.read(file.getvalue(), "a.xlsx")


def test_the_page_shows_the_rows_before_it_stores_them(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    before = PublishedFigure.objects.count()
    shown = client.post("/kpi/published/", {"table": SimpleUploadedFile("a.csv", (HEAD + NEW).encode())})
    assert "取り込めます" in shown.content.decode()
    assert PublishedFigure.objects.count() == before
    for _tap in range(2):
        client.post("/kpi/published/", {"checked": shown.context["checked"]})
    assert PublishedFigure.objects.count() == before + 1
    assert client.post("/kpi/published/", {"checked": "forged"}).status_code == 302
    assert "ファイルを選んでください。" in client.post("/kpi/published/", {}).content.decode()


def test_the_command_stores_all_rows_or_none(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEAD + NEW + NEW.replace("2022/6/30", "いつか"), encoding="utf-8")
    before = PublishedFigure.objects.count()
    with pytest.raises(CommandError, match="Nothing was stored"):
        call_command("kpi_import", str(file))
    assert PublishedFigure.objects.count() == before
    file.write_text(HEAD + NEW, encoding="utf-8")
    call_command("kpi_import", str(file))
    assert PublishedFigure.objects.count() == before + 1
