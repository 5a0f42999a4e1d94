import datetime as dt

import pytest

from consult.opening_days import OpeningDays, say_rule
from programme.models.places import dates_of, validate_rule


@pytest.mark.parametrize(
    ("days", "rule", "words"),
    [
        (OpeningDays((1,)), "FREQ=WEEKLY;BYDAY=TU", "毎週 火曜日"),
        (OpeningDays((1, 3)), "FREQ=WEEKLY;BYDAY=TU,TH", "毎週 火曜日・木曜日"),
        (OpeningDays((0, 1, 2, 3, 4, 5, 6)), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "毎日"),
        (OpeningDays((0,), (1, 3)), "FREQ=MONTHLY;BYDAY=1MO,3MO", "毎月 第1・第3月曜日"),
        (OpeningDays((4, 5), (2,)), "FREQ=MONTHLY;BYDAY=2FR,2SA", "毎月 第2金曜日・土曜日"),
        (OpeningDays((2,), (-1,)), "FREQ=MONTHLY;BYDAY=-1WE", "毎月 最後の水曜日"),
    ],
)
def test_plain_words_and_the_rule_say_the_same(days: OpeningDays, rule: str, words: str) -> None:
    assert days.rrule == rule
    assert OpeningDays.read(rule) == days
    assert say_rule(rule) == words
    validate_rule(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=1MO,3TU",
        "FREQ=MONTHLY;BYDAY=-2MO",
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270331",
        "FREQ=WEEKLY",
    ],
)
def test_a_rule_without_plain_words_is_said_as_it_is(rule: str) -> None:
    assert OpeningDays.read(rule) is None
    assert say_rule(rule) == rule


def test_second_and_fourth_tuesday_fall_where_the_calendar_has_them() -> None:
    rule = OpeningDays((1,), (2, 4)).rrule
    assert dates_of(rule, dt.date(2026, 12, 1), dt.date(2026, 12, 31)) == [dt.date(2026, 12, 8), dt.date(2026, 12, 22)]
