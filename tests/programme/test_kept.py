"""Facts that are kept in memory: read once for each edition, and anew after any change, whoever made it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from programme import editions
from programme.models import District, Limit, Limits, Programme, Topic
from programme.models.kept import kept_rows, read_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]


@pytest.fixture(autouse=True)
def facts_are_kept(settings: Any) -> None:
    settings.FACTS_KEPT = True


def edition() -> str:
    return Programme.objects.get().edition


def in_use() -> list[str]:
    return [row.name for row in kept_rows(District.objects.filter(active=True))]


# --- Read once -----------------------------------------------------------------------------------------
def test_what_is_kept_costs_a_page_one_query(django_assert_num_queries: Any) -> None:
    Limits.current(), in_use()
    with read_once(), django_assert_num_queries(1):
        assert Limits.current().minimum_group_size == 3
        assert in_use()


def test_each_question_is_kept_by_itself() -> None:
    assert len(kept_rows(Topic.objects.all())) >= len(kept_rows(Topic.objects.filter(in_scope=True))) > 0
    assert kept_rows(Topic.objects.none()) == []


def test_a_page_shows_what_is_kept_until_it_is_changed(client: Client) -> None:
    finder = reverse("consult:finder")
    first = client.get(finder).content.decode()
    name = in_use()[0]
    assert client.get(finder).content.decode().count(name) == first.count(name) > 0
    District.objects.filter(name=name).update(name="かわった地区")
    assert "かわった地区" in client.get(finder).content.decode()


# --- A new edition -------------------------------------------------------------------------------------
@pytest.mark.parametrize("table", editions.TABLES)
def test_every_change_of_a_fact_gives_a_new_edition(table: str) -> None:
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    seen = {edition()}
    row = model._base_manager.all()[0]
    changes: list[Callable[[], object]] = [
        row.save,
        lambda: model._base_manager.filter(pk=row.pk).update(source="別の出典"),
        lambda: _raw(f"UPDATE {table} SET source = 'x'"),
        lambda: _new(row),
        lambda: model._base_manager.filter(pk="新").delete(),
    ]
    for change in changes:
        change()
        assert edition() not in seen
        seen.add(edition())


def _raw(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _new(row: Any) -> None:
    if hasattr(row, "rank"):
        row.rank = 99
    row.pk = "新"
    type(row)._base_manager.bulk_create([row])


def test_what_is_kept_is_read_anew_after_a_change() -> None:
    before = in_use()
    District.objects.filter(name=before[0]).update(active=False)
    assert in_use() == before[1:]
    Limit.objects.filter(code="minimum_group_size").update(value=5)
    assert Limits.current().minimum_group_size == 5


def test_a_change_that_is_taken_back_leaves_nothing_in_memory() -> None:
    with transaction.atomic():
        Limit.objects.filter(code="minimum_group_size").update(value=5)
        assert Limits.current().minimum_group_size == 5
        transaction.set_rollback(True)
    assert Limits.current().minimum_group_size == 3


def test_without_a_programme_nothing_is_kept() -> None:
    Programme.objects.all().delete()
    Limit.objects.filter(code="minimum_group_size").update(value=7)
    assert Limits.current().minimum_group_size == 7
    Limit.objects.filter(code="minimum_group_size").update(value=8)
    assert Limits.current().minimum_group_size == 8
