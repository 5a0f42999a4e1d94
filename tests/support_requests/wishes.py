"""A wish as a form reads it."""

import datetime as dt
import uuid
from typing import Any

from programme.models import District, Topic
from support_requests.services import Wish
from tests.factories import a_hall, at
from tests.support_requests.asking import open_days


def ahead(day: dt.date, hour: int = 10, minute: int = 0) -> dt.datetime:
    """A time in Tokyo on ``day``."""
    return at((day - at(0).date()).days, hour, minute)


def a_wish(**changes: Any) -> Wish:
    """5 people, LINE, one morning at a hall."""
    facts: dict[str, Any] = {
        "form_id": uuid.uuid4(),
        "group_name": "ひまわり会",
        "kind": "residents",
        "district": District.objects.get(pk="D03"),
        "leader": "前橋花子",
        "email": "hanako@example.jp",
        "phone": "",
        "participants": 5,
        "place": a_hall(),
        "starts": [ahead(open_days()[1])],
        "minutes": 60,
        "topics": [Topic.objects.get(pk="T05")],
        "level": 2,
        "devices": [],
        "needs": [],
        "note": "",
    }
    return Wish(**facts | changes)
