"""TOML entries that remember their lines."""

from pathlib import Path

import pytest

from programme.entries import FactsError, parse_entries, read_entries

FILE = Path("city.toml")


def refusal(text: str) -> str:
    with pytest.raises(FactsError) as error:
        parse_entries(FILE, text)
    return str(error.value)


def test_an_entry_knows_the_line_of_its_header_and_of_each_key() -> None:
    text = '# first\n\n[one]\na = 1 # not a = 2\n\n[[many]]\nb = "x"\n[[many]] # again\n  b = "y"\n'
    one, first, second = parse_entries(FILE, text)
    assert (one.table, one.line, one.repeated, one.values, one.lines) == ("one", 3, False, {"a": 1}, {"a": 4})
    assert (first.table, first.line, first.repeated, first.lines) == ("many", 6, True, {"b": 7})
    assert (second.values, second.lines) == ({"b": "y"}, {"b": 9})
    assert second.line_of("missing") == 8


def test_a_value_over_several_lines_stands_where_its_key_stands() -> None:
    text = '[one]\na = """\nb = 1\n[two]\n"""\nc = [\n  1, # ]\n  2,\n]\nd = 3\n'
    (one,) = parse_entries(FILE, text)
    assert one.values == {"a": "b = 1\n[two]\n", "c": [1, 2], "d": 3}
    assert one.lines == {"a": 2, "c": 6, "d": 10}


def test_lines_are_counted_alike_in_a_file_from_windows() -> None:
    (one,) = parse_entries(FILE, '[one]\r\na = 1\r\nb = "x\u2028y"\r\nc = 2\r\n')
    assert one.lines == {"a": 2, "b": 3, "c": 4}


def test_characters_are_kept_exactly() -> None:
    (one,) = parse_entries(FILE, '[one]\na = "髙﨑栁德𠮷神"\n')
    assert one.values["a"] == "髙﨑栁德𠮷神"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[one]\na = "x\nb = 1\n', "city.toml:2: one.a: "),
        ("[one]\na = 1\nb = 2024-02-30\n", "city.toml:3: one.b: "),
        ("[one]\na = [1,\n2\n\nb = 3\n", "city.toml:2: one.a: "),
        ('[one]\nb = 1\na = """x\n\n\n', "city.toml:3: one.a: "),
        ("[one]\na = 1\na = 2\n", "city.toml:3: one.a: "),
        ("[one]\na = 1\n[one]\n", "city.toml:3: one: "),
        ("[one]\na 1\n", "city.toml:2: one: "),
        ("[one\n", "city.toml:1: one: "),
        (f"[one]\nb = 1\na = {'9' * 5000}\n", "city.toml:3: one.a: "),
        (f"[one]\nb = 1\na = {'[' * 5000}\n", "city.toml:3: one.a: "),
    ],
)
def test_what_is_not_toml_is_found_at_its_key(text: str, place: str) -> None:
    assert refusal(text).startswith(f"{place}TOML として正しくありません")


def test_a_key_before_any_table_is_refused() -> None:
    assert refusal("a = 1\n[one]\n") == "city.toml:1: a: 表の見出し([[…]])より前に項目があります。"


def test_a_table_inside_a_table_is_refused() -> None:
    assert refusal("[one]\na = 1\n[one.two]\n") == "city.toml:3: one: 表の中の表は使えません。"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match=r"none\.toml: ファイルを読めません"):
        read_entries(tmp_path / "none.toml")


def test_a_file_in_another_encoding_is_refused_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sjis.toml"
    path.write_bytes('# ok\n[one]\na = "前橋"\n'.encode("cp932"))
    with pytest.raises(FactsError, match=r"sjis\.toml:3: UTF-8"):
        read_entries(path)


def test_the_mark_that_notepad_writes_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "bom.toml"
    path.write_bytes("\ufeff[one]\na = 1\n".encode())
    assert [entry.values for entry in read_entries(path)] == [{"a": 1}]


def test_an_error_is_one_line() -> None:
    assert str(FactsError(FILE, 3, "a.b", "one\ntwo")) == "city.toml:3: a.b: one two"
