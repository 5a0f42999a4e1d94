"""Taking requests in: over the web, or by a coordinator at the telephone or from paper. Asking what it was like."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications.models import Contact
from programme.errors import ChangedMeanwhile
from programme.fiscal import Month, span
from programme.models import Device, District, Limits, Room, Topic, Venue
from programme.models.records import note
from programme.wording import say_month
from support_requests import contacts, messages, rules
from support_requests.errors import Overtaken, TooManyThisMonth
from support_requests.messages import ask_to_confirm, confirm_key
from support_requests.models import Group, PreferredTime, RequestTopic, Series, Session, SupportRequest
from support_requests.said import says, version

# A report may come some days late; whoever is asked after that does not remember well.
FEEDBACK_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a group asks for. Texts are as typed; ``starts`` are aware times in order of wish.

    ``form_id`` tells two sendings of one form from two forms. ``place`` is a hall, or an unsaved venue of
    the group's own. ``level`` is 1 to 3. ``needs`` are SpecialNeed values. ``taken`` are starts that the
    same request had before. ``preferred`` is a Channel or "". ``months``: for how many
    months in a row, the first included.
    """

    form_id: UUID
    group_name: str
    kind: str
    district: District
    leader: str
    email: str
    phone: str
    participants: int
    place: Venue
    starts: list[dt.datetime]
    minutes: int
    topics: list[Topic]
    level: int
    devices: list[Device]
    needs: list[str]
    note: str
    preferred: str = ""
    room: Room | None = None
    wheelchair: bool = False
    may_be_rung: bool = False
    months: int = 1
    taken: frozenset[dt.datetime] = frozenset()

    def contact(self) -> Contact:
        """Where the group wants to be reached, not saved."""
        return Contact(name=self.leader, email=self.email, phone=self.phone, preferred=self.preferred)

    def check(self) -> None:
        """Raise the first Refused that stands against it."""
        limits = Limits.current()
        rules.check_contact(email=self.email, phone=self.phone)
        rules.check_people(self.participants, limits)
        rules.check_room(self.participants, self.place, self.room)
        rules.check_length(self.minutes, limits)
        for starts_at in self.starts:
            rules.check_start(starts_at, minutes=self.minutes, place=self.place, limits=limits, taken=self.taken)
        rules.check_all_different(self.starts)


def receive(wish: Wish) -> tuple[SupportRequest, bool]:
    """Take in what somebody sent over the web, and ask for the contact's proof.

    Returns the request and whether it is new: the same form sent twice is one request. Raises what
    ``Wish.check`` raises, AskedEnough and TooManyThisMonth.
    """
    return _once(wish, SupportRequest.Intake.WEB, None)


def take_down(wish: Wish, *, by: Any, intake: str) -> tuple[SupportRequest, bool]:
    """Take in what a coordinator heard or read (``intake`` phone or paper); confirmed at once. As ``receive``."""
    return _once(wish, intake, by)


@transaction.atomic
def revise(asked: SupportRequest, wish: Wish, *, by: Any, seen: str | None = None) -> None:
    """Put right what a group asks for, as it told a coordinator; the history notes who did it and when.

    ``by`` None: the group itself, by its link, which has to keep to its requests a month. ``seen``: the ``version``
    that they looked at. What says nothing new changes nothing; so twice is once. Raises what ``Wish.check`` raises,
    TooManyThisMonth, AskedEnough, ChangedMeanwhile when a plan has been carried out, and Overtaken when the request
    says something else by now than what was seen.
    """
    now = SupportRequest.objects.select_for_update(of=("self",), no_key=True)
    asked = now.select_related("venue", "group__contact", "group__new_contact", "series").get(pk=asked.pk)
    if not asked.may_be_revised:
        raise ChangedMeanwhile
    if says(asked, wish, to_group=by is None):
        return
    if seen not in (None, version(asked, to_group=by is None)):
        raise Overtaken
    wish.check()
    proof_before, was_confirmed = confirm_key(asked), asked.status == asked.Status.CONFIRMED
    _revise_group(asked.group, wish)
    contacts.revise(asked, wish.contact(), to_prove=by is None and was_confirmed)
    if asked.series and not was_confirmed:
        asked.series.begin_anew(wish.starts)
    if by is None:
        check_months(asked, wish.starts, before=[time.starts_at for time in asked.times.all()])
    if not _same_place(asked.venue, wish.place):
        asked.venue = _stored(wish.place)
    asked.participants, asked.minutes, asked.needs, asked.note = wish.participants, wish.minutes, wish.needs, wish.note
    asked.room, asked.wheelchair, asked.may_be_rung = wish.room, wish.wheelchair, wish.may_be_rung
    asked.save(update_fields=["venue", "room", "participants", "minutes", "needs", "wheelchair", "may_be_rung", "note"])
    before = _wishes(asked)
    asked.topics.all().delete()
    asked.times.all().delete()
    _add_wishes(asked, wish)
    after = _wishes(asked)
    note(asked, {name: (before[name], after[name]) for name in after})
    asked.moves.create(from_status=asked.status, to_status=asked.status, by=by, reason=_("内容を直しました"))
    if not was_confirmed and confirm_key(asked) != proof_before:
        ask_to_confirm(asked, by=by)


def _wishes(asked: SupportRequest) -> dict[str, list[str]]:
    """Topics and times as the record keeps them."""
    return {
        "topics": [f"{one.topic_id} L{one.level}" for one in asked.topics.order_by("topic")],
        "times": [f"{timezone.localtime(one.starts_at):%Y-%m-%d %H:%M}" for one in asked.times.order_by("rank")],
    }


def _revise_group(group: Group, wish: Wish) -> None:
    group.name, group.kind, group.district = wish.group_name, wish.kind, wish.district
    group.save()


def _same_place(one: Venue, other: Venue) -> bool:
    """The same hall, or the same place of a group's own; a new address is a new place."""
    facts = [(it.kind, it.name, it.postcode, it.address, it.district_id) for it in (one, other)]
    return other.pk in (None, one.pk) and facts[0] == facts[1]


def _stored(place: Venue) -> Venue:
    if place.pk is None:
        place.save()
    return place


def _once(wish: Wish, intake: str, by: Any) -> tuple[SupportRequest, bool]:
    if before := _sent_before(wish):
        return before, False
    wish.check()
    try:
        with transaction.atomic():
            asked = _store(wish, intake, by)
            if by:
                asked.confirm(by=by)
            else:
                check_months(asked, wish.starts)
                ask_to_confirm(asked)
            return asked, True
    except IntegrityError:  # its twin was stored in this very moment
        if before := _sent_before(wish):
            return before, False
        raise


def _sent_before(wish: Wish) -> SupportRequest | None:
    return SupportRequest.objects.filter(form_id=wish.form_id).first()


@transaction.atomic
def confirm_by_link(asked: SupportRequest) -> None:
    """Whoever opened the link has read what was sent there. Only now does the request count for the group's month.

    Raises what ``confirm`` raises, and TooManyThisMonth: several may have been typed before one of them was proved.
    """
    now = SupportRequest.objects.select_for_update(of=("self",), no_key=True)
    asked = now.select_related("group__contact").get(pk=asked.pk)
    if asked.status == asked.Status.RECEIVED:
        check_months(asked, [time.starts_at for time in asked.times.all()], proved=True)
    asked.confirm(by=None)


def check_months(
    asked: SupportRequest, starts: list[dt.datetime], *, before: Iterable[dt.datetime] = (), proved: bool = False
) -> None:
    """Raises TooManyThisMonth when one of ``full_months`` stands against it. Of two at the same moment the second one
    counts the first."""
    Limits.hold("requests_a_month")
    for month in full_months(asked, starts, before=before, proved=proved):
        raise TooManyThisMonth(most=Limits.current().requests_a_month, month=say_month(month.first))


def full_months(
    asked: SupportRequest,
    starts: Iterable[dt.datetime],
    *,
    before: Iterable[dt.datetime] = (),
    proved: bool = False,
) -> list[Month]:
    """The months of ``starts``, and of none of ``before``, in which the group asks for enough without ``asked``.

    The same group is the same name in a district, address, or number. What nobody has proved counts for what was typed
    as its address and number alone, or not at all (``proved``): anybody may type somebody else's name.
    """
    most, group = Limits.current().requests_a_month, asked.group
    there = Q(pk__in=[])
    if group.contact.email:
        there |= Q(group__contact__email__iexact=group.contact.email)
    if group.contact.phone_e164:
        there |= Q(group__contact__phone_e164=group.contact.phone_e164)
    named = Q(group__search_key=group.search_key, group__district=group.district_id)
    is_proved = ~Q(status=SupportRequest.Status.RECEIVED)
    same = is_proved & (named | there) if proved else (is_proved & named) | there
    others = SupportRequest.objects.not_closed().filter(same).exclude(pk=asked.pk)
    wanted = list(dict.fromkeys(Month.of(timezone.localdate(start)) for start in starts))
    known = {Month.of(timezone.localdate(start)) for start in before}
    return [
        month
        for month in wanted
        if month not in known and others.in_time(*span(month.first, month.last)).count() >= most
    ]


def _store(wish: Wish, intake: str, by: Any) -> SupportRequest:
    contact = wish.contact()
    contact.save()
    group = Group.objects.create(name=wish.group_name, kind=wish.kind, district=wish.district, contact=contact)
    asked = SupportRequest.objects.create(
        form_id=wish.form_id,
        group=group,
        intake=intake,
        taken_by=by,
        participants=wish.participants,
        venue=_stored(wish.place),
        room=wish.room,
        minutes=wish.minutes,
        needs=wish.needs,
        wheelchair=wish.wheelchair,
        may_be_rung=wish.may_be_rung,
        note=wish.note,
        series=_series(wish),
    )
    _add_wishes(asked, wish)
    return asked


def _series(wish: Wish) -> Series | None:
    return None if wish.months == 1 else Series.begin(wish.starts, months=wish.months)


def _add_wishes(asked: SupportRequest, wish: Wish) -> None:
    asked.devices.set(wish.devices)
    RequestTopic.objects.bulk_create(RequestTopic(request=asked, topic=it, level=wish.level) for it in wish.topics)
    PreferredTime.objects.bulk_create(
        PreferredTime(request=asked, rank=rank, starts_at=start) for rank, start in enumerate(wish.starts, start=1)
    )


def ask_for_feedback(today: dt.date) -> int:
    """Ask each group whose session was held on a day before ``today`` and reported since. Returns how many groups.

    The outbox knows whom it has asked, so it may be run at any time and twice.
    """
    starts, ends = span(today - dt.timedelta(days=FEEDBACK_DAYS), today - dt.timedelta(days=1))
    over = Session.objects.held().filter(
        shift__starts_at__gte=starts, shift__starts_at__lt=ends, shift__cancelled_at=None, feedback=None
    )
    found = over.select_related("request__group__contact", "shift__venue")
    for session in found:
        messages.ask_for_feedback(session)
    return len(found)
