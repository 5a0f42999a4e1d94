"""Whatever the code above does, the database refuses to change what a closed month says."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from consult.kpi import ledger
from consult.models import Correction, FrozenFigure, MonthReport
from programme.fiscal import Month
from programme.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

ROWS: list[tuple[type[Model], str]] = [(MonthReport, "sha256"), (FrozenFigure, "value"), (Correction, "new")]


@pytest.fixture(autouse=True)
def a_closed_month(coordinator: User) -> None:
    ledger.close_month(Month(2024, 5), by=coordinator)
    ledger.correct(Month(2024, 5), "sessions", 7, "紙の報告", by=coordinator)


@pytest.mark.parametrize(("model", "field"), ROWS)
def test_rows_of_the_ledger_cannot_be_changed(model: type[Model], field: str) -> None:
    with pytest.raises(IntegrityError, match="closed months do not change"), transaction.atomic():
        model._default_manager.update(**{field: 5})


@pytest.mark.parametrize(("model", "field"), ROWS)
def test_rows_of_the_ledger_cannot_be_deleted(model: type[Model], field: str) -> None:
    with (
        pytest.raises(IntegrityError, match="closed months do not change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM {model._meta.db_table}")


@pytest.mark.parametrize("model", [model for model, _field in ROWS])
def test_rows_of_the_ledger_cannot_be_swept_aside_at_once(model: type[Model]) -> None:
    table = model._meta.db_table
    ways = {"sqlite": f"REPLACE INTO {table} SELECT * FROM {table}", "postgresql": f"TRUNCATE {table} CASCADE"}
    connection.check_constraints()  # the rows of this test's own transaction wait for that
    with (
        pytest.raises(IntegrityError, match="closed months do not change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(ways[connection.vendor])
