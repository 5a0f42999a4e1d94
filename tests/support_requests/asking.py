"""What a browser sends of the request form, and the days for which it may ask."""

import datetime as dt
import uuid
from contextlib import suppress
from typing import Any

from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from programme.models import Limits, Venue
from support_requests import rules
from support_requests.slots import Slot
from support_requests.views.intake import IntakeView
from tests.factories import a_hall
from tests.steps import send_steps


def open_days(hall: Venue | None = None) -> list[dt.date]:
    """The possible days on which ``hall`` is open."""
    return [day for day in rules.possible_days(Limits.current()) if not (hall or a_hall()).closed_on(day)]


def closed_day(hall: Venue | None = None) -> dt.date:
    """The first possible day on which ``hall`` is closed."""
    return next(day for day in rules.possible_days(Limits.current()) if (hall or a_hall()).closed_on(day))


def fill_in(client: Client, data: dict[str, Any]) -> Any:
    """Send ``data`` step by step, as a group does; the page that answers in the end."""
    return send_steps(client, IntakeView, data, data["form_id"])


def sent(**changes: Any) -> dict[str, Any]:
    """Everything right: 5 people, LINE, three mornings at a hall. ``start_1=("2026-12-03", "10:00")`` sets a start.

    The starts are sent as the group's form sends them (half-days, then times) and as the office's does (lists).
    """
    days = open_days()
    starts = {f"start_{rank}": (days[rank].isoformat(), "10:00") for rank in (1, 2, 3)}
    data: dict[str, Any] = {
        "form_id": str(uuid.uuid4()),
        "group_name": "ひまわり会",
        "kind": "residents",
        "district": "D03",
        "leader": "前橋花子",
        "email": "hanako@example.jp",
        "phone": "027-224-1111",
        "participants": "5",
        "venue": str(a_hall().pk),
        "minutes": "60",
        "topics": ["T05"],
        "level": "L1",
        **starts,
        **changes,
    }
    slots = []
    for name in starts:
        day, time = data.pop(name)
        data[f"{name}_day"], data[f"{name}_time"] = day, time
        with suppress(ValueError):  # half a start, or none that there is
            start = timezone.make_aware(dt.datetime.fromisoformat(f"{day}T{time}"))
            slots.append(Slot.of(start).key)
            data[f"time_{len(slots)}"] = start.isoformat()
    return {"slots": slots, **data}


def in_query(data: dict[str, Any]) -> QueryDict:
    """``data`` as a browser's request brings it."""
    query = QueryDict(mutable=True)
    for name, value in data.items():
        query.setlist(name, value if isinstance(value, list) else [value] if value else [])
    return query
