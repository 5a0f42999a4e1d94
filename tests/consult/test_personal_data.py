import pytest

from consult.personal_data import has_personal_data

PERSONAL = [
    "090-1234-5678",
    "09012345678",
    "０９０－１２３４－５６７８",
    "０９０ー１２３４ー５６７８",
    "090 1234 5678",
    "090・1234・5678",
    "(027)224-1111",
    "027（224）1111",
    "+81 90 1234 5678",
    "224-1111",
    "1234 5678 9012",
    "123456789012",
    "１２３４　５６７８　９０１２",
    "0 9 0 1 2 3 4 5 6 7 8",
    "0\u200b90\u200b1234\u200b5678",
    "〇九〇一二三四五六七八",
    "〇九〇-一二三四-五六七八",
    "①②③④⑤⑥⑦",
    "4980 1234 5678 9012",
    "371-0027",
    "12345",
    "1234/5678/9012",
    "1234,5678,9012",
    "1234、5678、9012",
    "090/1234/5678",
    "090:1234:5678",
    "090，1234，5678",
    "090*1234*5678",
    "090｜1234→5678",
    "2026/11/21/1234",
    "12:34:56:78:90:12",
    "taro@example.jp",
    "taro＠example.jp",
    "LINEのIDは@taro",
]
HARMLESS = [
    "",
    "2回目 90分 iPhone15",
    "Android 14 2024年に買った",
    "iOS 17.5.1 から 18.0.1 へ",
    "10:30-11:00 に来所",
    "1,200円の請求",
    "12,000円の請求",
    "2026年11月21日に再訪",
    "2026/11/21に再訪",
    "２０２６／１１／２１ １０：３０に再訪",
    "11/21 10:30、11/28 13:00",
    "110番・#9110・188を案内",
    "二〇二六年",
    "一人で三回、四月から",
    "LINEスタンプ。次は写真",
    "①LINE ②写真 ③地図",
    "80代 2人 3回目",
]


@pytest.mark.parametrize("note", PERSONAL)
def test_a_note_by_which_a_person_could_be_found_is_seen(note: str) -> None:
    assert has_personal_data(note) is True


@pytest.mark.parametrize("note", HARMLESS)
def test_an_ordinary_note_is_let_through(note: str) -> None:
    assert has_personal_data(note) is False
