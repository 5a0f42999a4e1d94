"""Accept, take, stand in, reschedule and cancel at the same moment, on PostgreSQL: nothing may break.

By hand, on a database of its own that ``migrate`` has made:
``DATABASE_URL=postgres://… python -m tests.support_requests.booking_storm 1000 0``, rounds and seed
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.storming import at_once


def play(rounds: int, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """What the verbs answered over all rounds, and what was broken after one of them (the first such round): a promise,
    a verb that raised what is no refusal, or one that never answered.
    """
    from tests.support_requests.lifecycle import broken

    dice, answers = random.Random(seed), Counter[str]()
    for _ in range(rounds):
        verbs = _round(dice)
        said = at_once(verbs)
        answers.update(said)
        if found := [*broken(), *(answer for answer in said if answer.startswith("fault"))]:
            return answers, found
        _clear()
    return answers, []


def _round(dice: random.Random) -> list[Callable[[], Any]]:
    """A booked session of two, one of whom is ill; two people are asked; another shift overlaps the new time.

    Both are in rooms of a hall that has two; a third shift, in the session's own room on the first new day, makes it
    change rooms, and a second session wants to move to the same times.
    """
    from programme.models import Room
    from support_requests.models import Session
    from support_requests.rescheduling import reschedule
    from supporters.models import Assignment
    from tests.factories import SupporterFactory, a_shift, an_offer, at
    from tests.support_requests.booking import a_booked_session

    hall = _hall()
    small, large = (
        Room.objects.get_or_create(venue=hall, name=name, defaults={"capacity": size})[0]
        for name, size in (("小", 10), ("大", 30))
    )
    session = _in_a_room(a_booked_session(names=["甲", "乙"], venue=hall), small)
    rival = _in_a_room(a_booked_session(names=["丙"], venue=hall), large)
    ill, well = Assignment.objects.filter(shift=session.shift).order_by("pk")
    ill.want_stand_in(by=None)
    offers = [an_offer(session.shift, SupporterFactory.create()) for _ in range(2)]
    other = a_shift(days=15, hour=10, venue=hall, room=small)
    elsewhere = [an_offer(other, row.supporter) for row in (well, offers[0])]
    taker, taken = SupporterFactory.create(), dice.choice((small, large))
    verbs: list[Callable[[], Any]] = [
        *(lambda row=row: row.accept(by=None) for row in (*offers, *elsewhere)),  # type: ignore[misc]
        lambda: ill.accept(by=None),
        lambda: Assignment.objects.get(pk=well.pk).want_stand_in(by=None),
        lambda: Assignment.objects.get(pk=offers[0].pk).decline(by=None),
        lambda: Assignment.take(session.shift, taker, by=None),
        lambda: reschedule(Session.objects.get(pk=session.pk), at(15), by=taker.user, reason="都合"),
        lambda: reschedule(Session.objects.get(pk=session.pk), at(16), by=taker.user, reason="都合"),
        lambda: reschedule(Session.objects.get(pk=rival.pk), at(15), by=taker.user, reason="都合"),
        lambda: reschedule(Session.objects.get(pk=rival.pk), at(15, 9), by=taker.user, reason="都合"),
        lambda: a_shift(days=16, hour=10, venue=hall, room=taken),
    ]
    if dice.random() < 0.5:
        asked = session.request
        cancel = dice.choice(
            [lambda: asked.withdraw(by=None, reason=""), lambda: asked.reopen(by=None, reason="大雪", cause="weather")]
        )
        verbs.append(cancel)
    dice.shuffle(verbs)
    return verbs


def _in_a_room(session: Any, room: Any) -> Any:
    from supporters.models import RoomClaim

    session.shift.room = room
    session.shift.save(update_fields=["room"])
    RoomClaim.book(session.shift)
    return session


def _hall() -> Any:
    from programme.models import Venue

    Venue.objects.exclude(closures=None).update(closures=None)
    return Venue.objects.order_by("pk")[0]


def _clear() -> None:
    """The next round begins with nothing but the programme's facts."""
    from notifications.models import Message
    from programme.models import User
    from support_requests.models import Session, SupportRequest
    from supporters.models import Assignment, Shift, Supporter

    Message.objects.all().delete()
    Assignment.objects.all().delete()
    Session.objects.all().delete()
    Shift.objects.all().delete()
    SupportRequest.objects.all().delete()
    Supporter.objects.all().delete()
    User.objects.all().delete()


def main(rounds: int, seed: int) -> int:
    """1 when something broke."""
    import django

    django.setup()
    from programme.loading import load

    load()
    answers, found = play(rounds, seed)
    print(*answers.most_common(), *found, sep="\n")  # noqa: T201
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
