"""Every code of the matcher has a sentence that a coordinator understands."""

import pytest

from support_requests.planning.saying import obstacles, say_missing, say_quality

TOPICS = {"T05": "LINE"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("size", "必要な人数"),
        ("adult", "大人(18歳以上)"),
        ("lead", "リーダーができる人"),
        ("topic:T05", "「LINE」を希望のレベルで教えられる人"),
        ("topic:any:T05,T12", "この活動の内容を教えられる人"),
        ("need:sign", "「手話」に当てはまる人"),
        ("need:woman", "「女性のサポーター」に当てはまる人"),
        ("combo", "決められた人数で全部の条件に合う組み合わせ(一つ一つの条件に合う人はいます)"),
    ],
)
def test_what_is_missing_is_said_plainly(code: str, words: str) -> None:
    assert say_missing(code, TOPICS) == words


def test_a_code_that_nobody_knows_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no code 'tea'"):
        say_missing("tea", TOPICS)


@pytest.mark.parametrize(
    ("level", "sentence"),
    [
        ("past", "この日時は過ぎています。"),
        ("outside", "この計画の期間に入っていません。"),
        ("closed", "会場がお休みの日です。"),
        ("hours", "会場が開いている時間の外です。"),
        ("room", "人数の入る部屋が空いていません。"),
        ("deadline", "申込みの期限より後の日です。"),
        ("static", "この日時に行けるサポーターの中に、次がたりません:必要な人数、リーダーができる人"),
        ("busy", "行けるサポーターがほかの活動に行くため、次がたりません:必要な人数、リーダーができる人"),
    ],
)
def test_each_time_says_what_stood_against_it(level: str, sentence: str) -> None:
    record = {"starts_at": "2026-06-29T01:00:00+00:00", "level": level, "missing": ["size", "lead"]}
    (found,) = obstacles([record], TOPICS)
    assert (found.starts_at.isoformat(), found.sentence) == ("2026-06-29T01:00:00+00:00", sentence)


def test_the_distance_to_the_best_plan_is_said_and_never_made_smaller() -> None:
    assert say_quality(45, 45) == "これより良い組み合わせがないことを、計算で確かめています。"
    assert say_quality(0, 0) == "これより良い組み合わせがないことを、計算で確かめています。"
    assert say_quality(2000, 2001).endswith("最も良いものとの差は、大きくても0.1%です。")
