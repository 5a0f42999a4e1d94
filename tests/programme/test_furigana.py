"""Readings above kanji: on the words of the list, whole runs or none, and never in markup."""

import re
from collections import Counter

import pytest

from programme import furigana


def ruby(kanji: str, reading: str) -> str:
    return f"<ruby>{kanji}<rp>(</rp><rt>{reading}</rt><rp>)</rp></ruby>"


def said(text: str) -> str:
    """Annotated text in short: 予約[よやく]."""
    ruby = r"<ruby>(.*?)<rp>\(</rp><rt>(.*?)</rt><rp>\)</rp></ruby>"
    return re.sub("</?span>", "", re.sub(ruby, r"\1[\2]", furigana.in_html(text)))


def lines() -> list[list[str]]:
    return [line.split() for line in furigana.READINGS.read_text().splitlines()]


def test_words_get_readings() -> None:
    # One element, also where a flexible box lays out the words.
    page = f"<p><span>{ruby('予約', 'よやく')}はいりません。</span></p>"
    assert furigana.in_html("<p>予約はいりません。</p>") == page


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/相談/" title="相談">',
        "<!-- 相談 -->",
        "<title>相談</title>",
        "<script>相談 < 1</script>",
        "<style>/* 相談 */</style>",
        "<textarea rows=3>相談\n</textarea >",
        '<option value="1">相談</option>',
        "<svg><text>相談</text></svg>",
        "<SVG><text>相談</text></SVG>",
        "<ruby>相談<rp>(</rp><rt>そうだん</rt><rp>)</rp></ruby>",
    ],
)
def test_markup_stays_and_text_around_it_does_not(markup: str) -> None:
    around = f"<span>{ruby('相談', 'そうだん')}</span>"
    assert furigana.in_html(f"相談{markup}相談") == f"{around}{markup}{around}"


def test_annotating_twice_is_annotating_once() -> None:
    page = "<h1>相談所</h1><p>3日に行きます。</p>"
    once = furigana.in_html(page)
    assert once != page
    assert furigana.in_html(once) == once


@pytest.mark.parametrize("text", ["", "<br>", "Mデジ", "ひらがなとカタカナ 123", "<p>&amp;</p>"])
def test_without_kanji_nothing_changes(text: str) -> None:
    assert furigana.in_html(text) == furigana.in_text(text) == text


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        # Only the kanji of a word that ends in kana.
        ("行けます", "行[い]けます"),
        ("間に合います", "間に合[まにあ]います"),
        # The kana decide between readings.
        ("来た人が来ます。来ない人は来る", "来[き]た人[ひと]が来[き]ます。来[こ]ない人[ひと]は来[く]る"),
        ("出すと出る", "出[だ]すと出[で]る"),
        ("入れて入る", "入[い]れて入[はい]る"),
        # Words in a row, longest first.
        ("相談所の電話番号", "相談所[そうだんじょ]の電話番号[でんわばんごう]"),
        ("勉強会予約", "勉強会[べんきょうかい]予約[よやく]"),
    ],
)
def test_readings_follow_the_word(text: str, reading: str) -> None:
    assert said(text) == reading


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("3人と13人", "3人[にん]と13人[にん]"),
        ("1人と2人と12人", "1人[ひとり]と2人[ふたり]と12人[にん]"),
        ("３人と１人", "３人[にん]と１人[ひとり]"),
        ("1,234件", "1,234件[けん]"),
        ("12 人", "12 人[にん]"),
        ("2 人", "2 人[ふたり]"),
        ("10分か15分", "10分[ぷん]か15分[ふん]"),
        ("3か月に2か所", "3か月[かげつ]に2か所[かしょ]"),
        (
            "2026年12月3日(木曜日)午後1時30分",
            "2026年[ねん]12月[がつ]3日[みっか](木曜日[もくようび])午後[ごご]1時[じ]30分[ぷん]",
        ),
        ("4月1日から1日だけ", "4月[がつ]1日[ついたち]から1日[いちにち]だけ"),
        ("2月11日と１２月１日", "2月[がつ]11日[にち]と１２月[がつ]１日[ついたち]"),
        ("第3月曜日", "第[だい]3月曜日[げつようび]"),
        ("3日前", "3日[みっか]前[まえ]"),
        # After a number, 冊 is a counter that the list lacks; after number and space, a word need not be one.
        ("3冊", "3冊"),
        ("A4の紙 1枚", "A4の紙[かみ] 1枚[まい]"),
        ("例 20 電話", "例[れい] 20 電話[でんわ]"),
    ],
)
def test_counters_are_read_after_their_number(text: str, reading: str) -> None:
    assert said(text) == reading


@pytest.mark.parametrize(
    ("page", "reading"),
    [
        ("<b>11</b> <small>人</small>", "<b>11</b> <small>人[にん]</small>"),
        ("<b>1,200</b>\n 件", "<b>1,200</b>\n 件[けん]"),
        ("<b>10</b> 分", "<b>10</b> 分[ぷん]"),
        # ひとり takes the number in.
        ("<b>1</b> 人", "<b>1</b> 人"),
        # No more than the counter, and nothing after a word.
        ("<b>3</b> 人の数", "<b>3</b> 人[ひと]の数[かず]"),
        ("<td>3回目</td><td>人</td>", "<td>3回目[かいめ]</td><td>人[ひと]</td>"),
    ],
)
def test_counter_beside_its_number(page: str, reading: str) -> None:
    assert said(page + "<br>") == reading + "<br>"


@pytest.mark.parametrize("text", ["電話料金表示板", "行方", "人気", "大字予約町", "金さん", "予約人", "3人組"])
def test_run_that_the_words_do_not_cover_stays_bare(text: str) -> None:
    assert furigana.in_html(text) == text


@pytest.mark.parametrize(
    "text", ["南橘公民館(なんきつこうみんかん)", "ここは南橘公民館(なんきつこうみんかん)です", "お金(かね)"]
)
def test_what_is_read_in_the_text_needs_no_reading(text: str) -> None:
    assert said(text) == text


def test_another_reading_in_brackets_is_no_reading() -> None:
    assert said("南橘公民館(なんきつ)") == "南橘[なんきつ]公民館[こうみんかん](なんきつ)"


def test_one_kanji_is_a_word_only_alone() -> None:
    assert said("人の家、上です") == "人[ひと]の家[いえ]、上[うえ]です"
    assert said("人家") == "人家"


def test_in_text_each_word_has_its_reading_once() -> None:
    text = "予約(よやく)です。予約の日(ひ)、日を決(き)める。来(き)た日に来(こ)ない"
    assert furigana.in_text("予約です。予約の日、日を決める。来た日に来ない") == text


def test_unread_names_what_stays_bare() -> None:
    assert furigana.unread("予約<b>%(count)s件</b>と{n}日と薔薇") == ["薔薇"]
    # A tag stands between words, a placeholder for a number.
    assert furigana.unread("薔薇<br>葡萄 %(n)s冊") == ["薔薇", "葡萄", "冊"]


def test_every_line_is_a_word_with_kanji_and_its_reading() -> None:
    word = rf"(?:#[0-9]?|月?[0-9]+|)(?=.*[{furigana.KANJI}])[{furigana.KANJI}{furigana.HIRAGANA}0-9]+"
    wrong = [
        line
        for line in lines()
        if len(line) != 2
        or not re.fullmatch(word, line[0])
        or not re.fullmatch(f"[{furigana.HIRAGANA}]+", line[1])
        or len(line[0]) > furigana.LONGEST_WORD
    ]
    assert wrong == []


def test_kana_at_the_end_of_a_word_are_those_of_its_reading() -> None:
    kana = re.compile(f"[{furigana.HIRAGANA}]*$")
    wrong = [(word, reading) for word, reading in lines() if not reading.endswith(kana.findall(word)[0])]
    assert wrong == []


def test_no_word_is_there_twice() -> None:
    assert [word for word, count in Counter(word for word, _reading in lines()).items() if count > 1] == []


def test_words_stand_in_the_order_of_their_readings() -> None:
    words = [(bool(re.match("#|月?[0-9]", word)), reading, word) for word, reading in lines()]
    assert words == sorted(words)


@pytest.mark.timeout(30)  # without the bounds it takes minutes, or for ever
@pytest.mark.parametrize(
    "pasted",
    [
        "一" * 50_000,
        "相談" * 50_000,
        "間に合い" * 50_000,
        "1人" * 50_000,
        "電話番号" * 24 + "鬱鬱",
        "1" * 20_000,
        "1." * 10_000,
    ],
)
def test_what_somebody_pastes_costs_no_more_than_its_length(pasted: str) -> None:
    assert re.sub("<rp>.*?</rp>|<rt>.*?</rt>|<[^>]*>", "", furigana.in_html(f"<p>{pasted}</p>")) == pasted
    assert furigana.in_text(pasted)
