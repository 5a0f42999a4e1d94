"""What serving a task is worth to the plan. Our own proposal (★), in one place so that it can be discussed.

A session counts 10, one more for every three days that the group has waited (at most 10 more), and 5 more
when the group was never visited: so nobody is put off for ever, and new groups come first among equals.
A place on a standing shift counts more than an open request, because the day is already told to people:
20, and 10 more within the last week before it.
"""

SESSION = 10
DAYS_PER_POINT = 3
WAITING_AT_MOST = 10
FIRST_TIME = 5
SHIFT = 20
SOON = 10
SOON_DAYS = 7


def session_weight(*, waited: int, first_time: bool) -> int:
    """Of an open request that was received ``waited`` days ago."""
    waiting = min(max(waited, 0) // DAYS_PER_POINT, WAITING_AT_MOST)
    return SESSION + waiting + (FIRST_TIME if first_time else 0)


def shift_weight(*, days_left: int) -> int:
    """Of a standing shift, short of people, that begins in ``days_left`` days."""
    return SHIFT + (SOON if days_left <= SOON_DAYS else 0)
