"""Limits, codes, goals and published figures as rows."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from programme.models import Figure, Goal, Limit, Limits, Picture, Programme, PublishedFigure, Topic


def published(figure: str, **facts: object) -> PublishedFigure:
    return PublishedFigure.objects.create(
        **{"figure": figure, "name": "数", "kind": "flow", "as_of": dt.date(2024, 1, 31), "value": 1, "unit": "件"}
        | facts
    )


def test_a_topic_is_called_by_its_name_in_the_language_of_the_page(programme_facts: None) -> None:
    topic = Topic.objects.get(code="T01")
    assert str(topic) == "電源・基本操作"
    with override("en"):
        assert str(topic) == "Power and basic use"
    with override(None):
        assert str(topic) == "電源・基本操作"


def test_every_picture_is_drawn_and_every_topic_in_scope_has_one(programme_facts: None) -> None:
    drawn = re.findall(r'<symbol id="(\w+)"', Path(str(finders.find("programme/topics.svg"))).read_text())
    assert sorted(drawn) == sorted(Picture.values)
    assert not Topic.objects.filter(in_scope=True, picture="").exists()


def test_limits_are_read_in_one_query(programme_facts: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        limits = Limits.current()
    assert len(queries) == 1
    assert (limits.minimum_group_size, limits.session_minutes, limits.honorarium_yen) == (3, 60, 1000)
    assert (limits.session_minutes_shortest, limits.session_minutes_longest) == (30, 180)
    assert (limits.adult_age, limits.minor_latest_end) == (18, 20 * 60)


def test_a_limit_that_was_never_loaded_is_named(db: None) -> None:
    with pytest.raises(KeyError, match="minimum_group_size"):
        Limits.current()


@pytest.mark.parametrize(
    ("code", "value", "sentence"),
    [
        ("minimum_group_size", 0, "1以上"),
        ("minimum_group_size", 31, "大きくなっています"),
        ("session_minutes", 20, "大きくなっています"),
        ("session_minutes", 200, "大きくなっています"),
        ("minor_latest_end", 1441, "1440"),
    ],
)
def test_a_limit_that_contradicts_the_others_is_refused(
    programme_facts: None, code: str, value: int, sentence: str
) -> None:
    limit = Limit.objects.get(code=code)
    limit.value = value
    with pytest.raises(ValidationError, match=sentence):
        limit.full_clean()


def test_a_programme_may_pay_nothing(programme_facts: None) -> None:
    limit = Limit.objects.get(code="honorarium_yen")
    limit.value = 0
    limit.full_clean()


def test_a_limit_that_nobody_reads_is_refused(programme_facts: None) -> None:
    with pytest.raises(ValidationError, match="ありません"):
        Limit(code="cake", name="菓子", value=1, unit="個", source="★").full_clean()


def test_there_is_one_programme(programme_facts: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Programme.objects.create(pk=2, name="二つ目")
    assert str(Programme.objects.get()) == "まえばしデジタルサポーター"


def test_a_stock_holds_on_one_day_and_covers_no_span(db: None) -> None:
    with pytest.raises(IntegrityError):
        published("supporters", kind="stock", since=dt.date(2023, 4, 1))


def test_a_span_does_not_end_before_it_begins(db: None) -> None:
    with pytest.raises(IntegrityError):
        published("sessions", since=dt.date(2024, 2, 1))


def test_a_figure_is_published_once_for_a_day_and_kind(db: None) -> None:
    published("sessions")
    published("sessions", kind="cumulative")
    with pytest.raises(IntegrityError):
        published("sessions")


def test_goals_and_figures_say_what_they_are() -> None:
    assert str(Goal(figure=Figure.SUPPORTERS, fiscal_year=2025, value=200)) == "登録サポーター数 2025: 200"
    figure = PublishedFigure(name="よろず相談", value=333, unit="件", as_of=dt.date(2024, 1, 31))
    assert str(figure) == "よろず相談 333件 (2024-01-31)"
