"""What a request says, by which it is known whether it is still what somebody looked at.

The content is compared, not counted: what was changed and changed back, or by both sides alike, is no news.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from notifications.models import Contact
from programme.models import Venue
from support_requests.models import SupportRequest

if TYPE_CHECKING:
    from support_requests.services import Wish


def contact_shown(asked: SupportRequest, *, to_group: bool) -> Contact:
    """Where the group is reached, as the form says it: to the group what it typed last, though that may wait for its
    proof; to the office where messages go."""
    return (to_group and asked.group.new_contact) or asked.group.contact


def version(asked: SupportRequest, *, to_group: bool) -> str:
    """Other letters as soon as anything is changed that the form shows to the group, or to the office."""
    return hashlib.sha256(json.dumps(_said(asked, to_group=to_group)).encode()).hexdigest()[:16]


def says(asked: SupportRequest, wish: "Wish", *, to_group: bool) -> bool:
    """Whether it says by now just what ``wish`` does."""
    return _said(asked, to_group=to_group) == _wished(wish)


def _said(asked: SupportRequest, *, to_group: bool) -> tuple[Any, ...]:
    group = asked.group
    return (
        (group.name, group.kind, group.district_id),
        _reached(contact_shown(asked, to_group=to_group)),
        (asked.participants, _place(asked.venue), asked.room_id, asked.minutes),
        (sorted(asked.needs), asked.wheelchair, asked.may_be_rung, asked.note),
        sorted((it.topic_id, it.level) for it in asked.topics.all()),
        sorted(device.pk for device in asked.devices.all()),
        [time.starts_at.timestamp() for time in asked.times.all()],
    )


def _wished(wish: "Wish") -> tuple[Any, ...]:
    contact = wish.contact()
    contact.normalise()
    return (
        (wish.group_name, wish.kind, wish.district.pk),
        _reached(contact),
        (wish.participants, _place(wish.place), wish.room and wish.room.pk, wish.minutes),
        (sorted(wish.needs), wish.wheelchair, wish.may_be_rung, wish.note),
        sorted((topic.pk, wish.level) for topic in wish.topics),
        sorted(device.pk for device in wish.devices),
        [start.timestamp() for start in wish.starts],
    )


def _reached(contact: Contact) -> tuple[str, ...]:
    return (contact.name, contact.email, contact.phone, contact.preferred)


def _place(venue: Venue) -> tuple[Any, ...]:
    """A hall is one of the list; a place of the group's own is what was typed of it."""
    if venue.kind == Venue.Kind.HALL:
        return (venue.pk,)
    return (venue.name, venue.postcode, venue.address, venue.district_id)
