"""Fifty people tap at the same moment: real processes on SQLite, real threads on PostgreSQL."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from tests import migrated
from tests.engines import on_postgresql, on_sqlite
from tests.supporters import storm

ROOT = Path(__file__).resolve().parents[2]

LAST_SEAT = {"yes": 1, "ShiftFull": 49}
TWO_PLACES = {"yes": 25, "AlreadyBooked": 25}


def run(*command: str, database: Path) -> str:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "LOG_LEVEL": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite as ``migrate`` leaves it."""
    database = tmp_path_factory.mktemp("storms") / "empty.sqlite3"
    migrated.fill(database)
    run("manage.py", "migrate", "-v", "0", database=database)
    return database


def play_with_processes(database: Path, name: str, rounds: int) -> list[tuple[dict[str, int], list[str]]]:
    """Each round's answers and broken promises, with 50 processes on a database file of their own."""
    own = database.with_name(f"{name}.sqlite3")
    shutil.copy(database, own)
    lines = run("-m", "tests.supporters.storm", name, str(rounds), database=own).splitlines()
    return [tuple(json.loads(line)) for line in lines]


def play_with_threads(name: str, rounds: int) -> list[tuple[dict[str, int], list[str]]]:
    """Likewise with 50 threads, each with a connection of its own, on the tests' database."""
    offers = storm.prepare(name, rounds)
    barrier = threading.Barrier(storm.PEOPLE + 1)
    answers = [""] * storm.PEOPLE

    def answer(number: int) -> None:
        try:
            storm.play(offers, barrier, answers, number)
        finally:
            connection.close()

    people = [threading.Thread(target=answer, args=(number,), daemon=True) for number in range(storm.PEOPLE)]
    for person in people:
        person.start()
    seen = [(Counter(answers), storm.broken_promises(keys)) for keys in storm.conduct(offers, barrier)]
    for person in people:
        person.join(10)
    return seen


@on_sqlite
@pytest.mark.slow
def test_fifty_processes_accepting_one_seat_end_in_one_yes_each_time(empty_database: Path) -> None:
    # SQLite lets one write at a time: a hundred rounds are played where there is more to go wrong, below.
    assert play_with_processes(empty_database, "last-seat", 25) == [(LAST_SEAT, [])] * 25


@on_sqlite
def test_one_person_accepting_two_overlapping_offers_in_two_processes_gets_one_yes(empty_database: Path) -> None:
    assert play_with_processes(empty_database, "two-places", 3) == [(TWO_PLACES, [])] * 3


@on_postgresql
@pytest.mark.services
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_fifty_threads_accepting_one_seat_end_in_one_yes_a_hundred_times(programme_facts: None) -> None:
    assert play_with_threads("last-seat", 100) == [(LAST_SEAT, [])] * 100


@on_postgresql
@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_one_person_accepting_two_overlapping_offers_in_two_threads_gets_one_yes(programme_facts: None) -> None:
    assert play_with_threads("two-places", 10) == [(TWO_PLACES, [])] * 10


def test_the_storm_sees_what_is_broken(programme_facts: None) -> None:
    from supporters.models import Assignment, Claim

    keys = storm.prepare("two-places", 1)[0]
    assert [storm.answer(key) for key in keys[:2]] == ["yes", "AlreadyBooked"]
    assert storm.broken_promises(keys) == []
    Claim.objects.filter(assignment=Assignment.objects.get(pk=keys[0])).delete()
    assert len(storm.broken_promises(keys)) == 1
