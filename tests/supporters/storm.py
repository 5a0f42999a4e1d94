"""Many people answering at the same moment: prepared offers, one round of answers, and what must hold afterwards.

Run as a program it plays the storms with real processes on the SQLite file that DATABASE_URL names:
``python -m tests.supporters.storm last-seat 100`` prints one line of JSON for each round.
"""

import datetime as dt
import gc
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

PEOPLE = 50


def prepare(storm: str, rounds: int) -> list[list[int]]:
    """Offers for each round, one to each answerer. Each round has a day of its own, with one seat or enough."""
    return {"last-seat": _last_seats, "two-places": _two_places}[storm](rounds)


def _last_seats(rounds: int) -> list[list[int]]:
    """50 people, one seat a round."""
    people = _people(PEOPLE)
    shifts = [_shift(day, 10, seats=1) for day in range(1, rounds + 1)]
    return [_offer([(shift, person) for person in people]) for shift in shifts]


def _two_places(rounds: int) -> list[list[int]]:
    """25 people, each asked for two shifts that overlap, with seats for all."""
    people = _people(PEOPLE // 2)
    offers = []
    for day in range(1, rounds + 1):
        shifts = [_shift(day, 10, seats=PEOPLE), _shift(day, 11, seats=PEOPLE)]
        offers.append(_offer([(shift, person) for person in people for shift in shifts]))
    return offers


def _people(number: int) -> list[Any]:
    from tests.factories import SupporterFactory

    return SupporterFactory.create_batch(number, week_limit=99, month_limit=99)


def _shift(day: int, hour: int, *, seats: int) -> Any:
    from tests.factories import a_shift

    return a_shift(days=day, hour=hour, needed=seats)


def _offer(pairs: list[tuple[Any, Any]]) -> list[int]:
    from django.utils import timezone

    from supporters.models import Assignment

    now = timezone.now()
    rows = [
        Assignment(
            shift=shift, supporter=person, status="offered", offered_at=now, answer_by=now + dt.timedelta(hours=1)
        )
        for shift, person in pairs
    ]
    return [row.pk for row in Assignment.objects.bulk_create(rows)]


def answer(key: int) -> str:
    """Say yes to the offer; "yes", or the name of what was raised."""
    from supporters.models import Assignment

    try:
        Assignment.objects.get(pk=key).accept(by=None)
    except Exception as error:
        return type(error).__name__
    return "yes"


def broken_promises(keys: list[int]) -> list[str]:
    """What the database holds that it must not, for the shifts and people of these offers. Empty when all is well."""
    from supporters.models import Assignment, Claim
    from supporters.models.claims import cells

    rows = Assignment.objects.filter(pk__in=keys).select_related("shift")
    held = [row for row in rows if row.is_held]
    shifts = {row.shift_id: row.shift for row in rows}
    broken = []
    for key, shift in shifts.items():
        seats = [row.seat_id for row in held if row.shift_id == key]
        if len(seats) > shift.seats.count() or None in seats or len(set(seats)) < len(seats):
            broken.append(f"shift {key}: seats {seats}")
    wanted = Counter((row.pk, cell) for row in held for cell in cells(row.shift.starts_at, row.shift.ends_at))
    found = Counter(Claim.objects.filter(assignment__in=keys).values_list("assignment_id", "cell"))
    if wanted != found:
        broken.append(f"claims: missing {wanted - found}, too many {found - wanted}")
    return broken


def play(offers: list[list[int]], barrier: Any, answers: Any, number: int) -> None:
    """One answerer's part: in each round wait for the others, answer the own offer, write the answer down."""
    for keys in offers:
        barrier.wait(60)
        answers[number] = answer(keys[number])
        barrier.wait(60)
        barrier.wait(60)


def conduct(offers: list[list[int]], barrier: Any) -> Iterator[list[int]]:
    """The conductor's part: yields each round's offers when all have answered; the next waits until it is asked for."""
    for keys in offers:
        barrier.wait(60)
        barrier.wait(60)
        yield keys
        barrier.wait(60)


class Slate:
    """A list of short texts in memory that processes share."""

    WIDTH = 40

    def __init__(self, memory: Any) -> None:
        self.memory = memory

    def __setitem__(self, number: int, text: str) -> None:
        start = number * self.WIDTH
        self.memory[start : start + self.WIDTH] = text.encode()[: self.WIDTH].ljust(self.WIDTH)

    def read(self) -> list[str]:
        raw = bytes(self.memory[:])
        return [raw[start : start + self.WIDTH].decode().strip() for start in range(0, len(raw), self.WIDTH)]


def main(storm: str, rounds: int) -> None:
    import django

    django.setup()
    from django.db import connection

    from programme.loading import load

    load()
    *offers, rehearsal = prepare(storm, rounds + 1)
    answer(rehearsal[0])  # what the first answer has to import is then there for all
    connection.close()  # a connection must not cross a fork
    gc.freeze()  # the pages stay shared
    context: Any = multiprocessing.get_context("fork")
    barrier = context.Barrier(PEOPLE + 1)
    slate = Slate(context.Array("c", Slate.WIDTH * PEOPLE))
    people = [context.Process(target=play, args=(offers, barrier, slate, number)) for number in range(PEOPLE)]
    for person in people:
        person.start()
    for keys in conduct(offers, barrier):
        print(json.dumps([Counter(slate.read()), broken_promises(keys)]), flush=True)  # noqa: T201
    for person in people:
        person.join(10)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
