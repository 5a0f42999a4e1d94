"""One person, one registration: who looks like somebody we know, and how two registrations become one."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q, QuerySet, Value
from django.db.models.functions import Lower, NullIf
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications import addresses, outbox
from notifications.models import Channel, Contact, Message, Preference
from programme.models import Role
from programme.wording import say_day, say_list, say_moment
from supporters.errors import BookedAtOnce, ErasurePending
from supporters.models import Assignment, CalendarAddress, Claim, KeptApart, Supporter

Rank = Supporter.Status
RANKS = [Rank.WITHDRAWN, Rank.APPLIED, Rank.TRAINING, Rank.PAUSED, Rank.ACTIVE]
"""Of two registrations the one that has come further goes on; of equals, the older one."""


ADDRESSES = ("email", "phone", "mobile", "line_id")
"""what a contact can be reached at"""


@dataclass(frozen=True, slots=True)
class LookAlike:
    supporter: Supporter
    reasons: list[str]
    """what both have in common, in words"""


def look_alikes(supporter: Supporter) -> list[LookAlike]:
    """Other registrations that may be this person's, with what they share; without those that were kept apart."""
    mine = supporter.contact
    shared = _shared(supporter.kana_key, supporter.birth_date, mine.phone_e164, mine.mobile_e164, mine.email)
    # Each way by itself, so that its index answers it. Most people look like nobody else.
    first, *more = (Supporter.objects.order_by().filter(way).values_list("pk", flat=True) for way in shared)
    alike = set(first.union(*more)) - {supporter.pk}
    if not alike:
        return []
    others = _others(supporter.pk, Q(pk__in=alike)).select_related("contact", "category", "home_district")
    return [LookAlike(other, _common(supporter, other)) for other in others.order_by("pk")]


def look_alikes_in_list(people: Sequence[Supporter]) -> list[list[LookAlike]]:
    """Of each of ``people``, none of whom is registered: who may be the same person, registered or before them in
    the list. In one query, however long the list is."""
    by_key: defaultdict[Any, list[Supporter]] = defaultdict(list)
    keys = {key for person in people for key in _keys(person)}
    numbers = [key for kind, key, *_more in keys if kind == "number"]
    shared = (
        Q(kana_key__in=[key for kind, key, *_more in keys if kind == "kana"])
        | Q(contact__phone_e164__in=numbers)
        | Q(contact__mobile_e164__in=numbers)
        | Q(mail__in=[key for kind, key, *_more in keys if kind == "mail"])
    )
    registered = Supporter.objects.annotate(mail=Lower("contact__email")).filter(shared, erased_at=None)
    for other in registered.select_related("contact", "category", "home_district").order_by("pk"):
        for key in _keys(other):
            by_key[key].append(other)
    found = []
    for person in people:
        others = {id(other): other for key in _keys(person) for other in by_key[key]}
        found.append([LookAlike(other, _common(person, other)) for other in others.values()])
        if not others:  # who is left out is nobody's double
            for key in _keys(person):
                by_key[key].append(person)
    return found


def _keys(person: Supporter) -> "set[tuple[Any, ...]]":
    """Whoever has one of them, too, may be the same person: as ``_shared``."""
    keys: set[tuple[Any, ...]] = {("kana", person.kana_key, person.birth_date)}
    keys |= {("number", number) for number in _numbers(person)}
    return keys | ({("mail", person.contact.email.lower())} if person.contact.email else set())


def known_already(people: "QuerySet[Supporter]") -> "QuerySet[Supporter]":
    """Those of ``people`` for whom ``look_alikes`` finds anybody."""
    # One question for each way of being alike: an index answers each, and none answers all of them at once.
    # Without a number is no number in common, and no reason to look at all who have none.
    contact = [NullIf(OuterRef(f"contact__{name}"), Value("")) for name in ("phone_e164", "mobile_e164", "email")]
    ways = _shared(OuterRef("kana_key"), OuterRef("birth_date"), *contact)
    return people.filter(reduce(or_, (Q(Exists(_others(OuterRef("pk"), way))) for way in ways)))


def _shared(kana_key: Any, birth_date: Any, phone: Any, mobile: Any, email: Any) -> list[Q]:
    """Same kana and birth date, or a number or an address in common. Of one person, or of an outer query's."""
    numbers = [phone, mobile]
    return [
        Q(kana_key=kana_key, birth_date=birth_date),
        Q(contact__phone_e164__in=numbers) & ~Q(contact__phone_e164=""),
        Q(contact__mobile_e164__in=numbers) & ~Q(contact__mobile_e164=""),
        Q(contact__email__iexact=email) & ~Q(contact__email=""),
    ]


def _others(pk: Any, shared: Q) -> "QuerySet[Supporter]":
    """Who shares something with the person ``pk`` and was not kept apart."""
    kept_apart = _kept_apart(OuterRef(pk) if isinstance(pk, OuterRef) else pk)
    return Supporter.objects.filter(shared, erased_at=None).exclude(pk=pk).exclude(Exists(kept_apart))


def _kept_apart(pk: Any) -> QuerySet[KeptApart]:
    """The rows that keep the outer supporter apart from the one with ``pk``."""
    return KeptApart.objects.filter(Q(one=pk, other=OuterRef("pk")) | Q(one=OuterRef("pk"), other=pk))


def _common(one: Supporter, other: Supporter) -> list[str]:
    facts: list[tuple[bool, str | Promise]] = [
        (one.kana_key == other.kana_key and one.birth_date == other.birth_date, _("ふりがなと生年月日")),
        (bool(_numbers(one) & _numbers(other)), _("電話番号")),
        (bool(one.contact.email) and one.contact.email.lower() == other.contact.email.lower(), _("メール")),
    ]
    return [str(words) for same, words in facts if same]


def _numbers(supporter: Supporter) -> set[str]:
    return {supporter.contact.phone_e164, supporter.contact.mobile_e164} - {""}


def keep_apart(one: Supporter, other: Supporter, *, by: Any) -> None:
    """Note that these are two people, such as a couple with one telephone. Noting it twice changes nothing."""
    first, second = sorted((one.pk, other.pk))
    KeptApart.objects.get_or_create(one_id=first, other_id=second, defaults={"by": by})


@transaction.atomic
def merge(one: Supporter, other: Supporter, *, by: Any) -> Supporter:
    """Make two registrations of one person one; returns the one that goes on (see RANKS).

    It takes over duties with seats and claims, the history, consents, trainings, times of registration, skills,
    absences, standing teams and the account; what the newer application says of contact, home and free times holds.
    Who merged what is in its history. Raises BookedAtOnce when both have promised the same time, and ErasurePending:
    what somebody wishes erased is not moved on behind their back.
    """
    locked = Supporter.objects.select_for_update(of=("self",)).select_related("contact", "user").order_by("pk")
    rows = list(locked.filter(pk__in=[one.pk, other.pk]))
    newer = max(rows, key=lambda row: (row.applied_at, row.pk))
    goes_on = max(rows, key=lambda row: (RANKS.index(Rank(row.status)), -row.pk))
    ends = next(row for row in rows if row.pk != goes_on.pk)
    for row in rows:
        if row.erase_on:
            raise ErasurePending(name=row.name, day=say_day(row.erase_on))
    _refuse_same_time(goes_on, ends)
    said = gettext("二つの登録を一つにまとめました: %(name)s(%(kana)s)、申込み %(day)s") % {
        "name": ends.name,
        "kana": ends.kana,
        "day": say_day(timezone.localdate(ends.applied_at)),
    }
    _take_over_wishes(goes_on, ends, newer)
    changed = _take_over_contact(goes_on, ends, newer)
    _take_over_account(goes_on, ends, newer)
    _take_over_registrations(goes_on, ends)
    _take_over_consents(goes_on, ends)
    _same_shift_once(goes_on, ends)
    ends.assignments.filter(entry_of=None).update(entry_of=ends.pk)  # a later word is about the entry people have
    CalendarAddress.objects.filter(supporter=ends).delete()
    _take_over_rows(goes_on, ends)
    ends.delete()
    outbox.say_reached(goes_on.contact, Channel.EMAIL)  # the duties that were taken over
    if ends.contact_id != goes_on.contact_id:
        with suppress(ProtectedError):  # a group's or a guardian's, too
            ends.contact.delete()
    goes_on.moves.create(
        from_status=goes_on.status, to_status=goes_on.status, by=by, reason=say_list([said, *changed])[:200]
    )
    return goes_on


def _refuse_same_time(goes_on: Supporter, ends: Supporter) -> None:
    mine = Claim.objects.filter(supporter=goes_on, cell=OuterRef("cell"))
    clash = Claim.objects.filter(Exists(mine), supporter=ends).select_related("assignment__shift").first()
    if clash:
        raise BookedAtOnce(moment=say_moment(clash.assignment.shift.starts_at))


def _take_over_wishes(goes_on: Supporter, ends: Supporter, newer: Supporter) -> None:
    """Skills of both, each at the better level; free times and districts of the newer one where it names some."""
    levels = {skill.topic_id: skill for skill in goes_on.skills.all()}
    for skill in ends.skills.all():
        known = levels.get(skill.topic_id)
        if known and known.level < skill.level:
            known.level = skill.level
            known.save(update_fields=["level"])
    if newer.pk == ends.pk and ends.windows.exists():
        goes_on.windows.all().delete()
    elif goes_on.windows.exists():
        ends.windows.all().delete()
    if newer.pk == ends.pk and ends.areas.exists():
        goes_on.areas.set(ends.areas.all())
    ends.areas.clear()
    older = ends if newer.pk == goes_on.pk else goes_on
    # An address and its district are one fact: no address beside a district that it is not in.
    moved = newer.home_district_id != older.home_district_id
    home = newer if newer.postcode or newer.address or moved else older
    goes_on.postcode, goes_on.address, goes_on.home_district = home.postcode, home.address, home.home_district
    goes_on.travel_by = newer.travel_by or older.travel_by
    goes_on.brings = sorted({*goes_on.brings, *ends.brings})
    goes_on.is_promoter, goes_on.is_community = (
        goes_on.is_promoter or ends.is_promoter,
        goes_on.is_community or ends.is_community,
    )
    goes_on.save()


def _take_over_contact(goes_on: Supporter, ends: Supporter, newer: Supporter) -> list[str]:
    """The newer contact's addresses hold; what they replace is returned in words. Messages follow their person."""
    mine = Contact.objects.select_for_update().get(pk=goes_on.contact_id)
    if ends.contact_id == mine.pk:
        return []
    theirs = Contact.objects.select_for_update().get(pk=ends.contact_id)
    newest = theirs if newer.pk == ends.pk else mine
    before = [mine.email, mine.phone, mine.mobile]
    proved = {
        (channel, one.address_on(channel)): getattr(one, proof)
        for channel, proof in addresses.PROOFS.items()
        for one in (mine, theirs)
        if getattr(one, proof)
    }
    if newest.sms_number and not newest.mobile:  # typed as the telephone: it takes its place
        newest.phone, newest.mobile = "", newest.phone
    for name in ADDRESSES:
        source = newest if getattr(newest, name) else (mine if getattr(mine, name) else theirs)
        setattr(mine, name, getattr(source, name))
    mine.line_linked_at = (theirs if mine.line_id == theirs.line_id else mine).line_linked_at
    mine.normalise()  # an SMS goes to the one number of several that takes it
    for channel, proof in addresses.PROOFS.items():
        setattr(mine, proof, proved.get((channel, mine.address_on(channel))))
    replaced = [value for value in before if value and value not in (mine.email, mine.phone, mine.mobile)]
    Message.objects.filter(recipient=theirs, subject=f"supporter:{ends.pk}").update(subject=f"supporter:{goes_on.pk}")
    known = Message.objects.filter(
        kind=OuterRef("kind"), subject=OuterRef("subject"), occasion=OuterRef("occasion"), recipient=mine
    )
    Message.objects.filter(~Exists(known), recipient=theirs).update(recipient=mine)
    for told in Message.objects.filter(recipient=theirs):  # both were told the same
        told.recipient, told.occasion = mine, f"{told.occasion[:40]}~{told.pk}"
        told.save(update_fields=["recipient", "occasion"])
    _take_over_preferences(mine, theirs, newest)
    if not addresses.change(mine):
        outbox.follow(mine)  # what was theirs waits for their address
    return [gettext("前の連絡先 %(values)s") % {"values": say_list(replaced)}] if replaced else []


def _take_over_preferences(mine: Contact, theirs: Contact, newest: Contact) -> None:
    """The newer contact's language and ways hold; what either did without stays so."""
    mine.language = newest.language
    mine.preferred = newest.preferred or mine.preferred or theirs.preferred
    known = {row.matter: row for row in mine.preferences.all()}
    for row in theirs.preferences.all():
        other = known.get(row.matter, row)
        first, second = (row, other) if newest is theirs else (other, row)
        wish = {"wanted": row.wanted and other.wanted, "channel": first.channel or second.channel}
        Preference.objects.update_or_create(contact=mine, matter=row.matter, defaults=wish)


def _take_over_account(goes_on: Supporter, ends: Supporter, newer: Supporter) -> None:
    """One account opens the one registration by all that opened either; by SMS, at the newer one's number."""
    mine, theirs = goes_on.user, ends.user
    ends.user = None
    ends.save(update_fields=["user"])
    if mine is None:
        goes_on.user = theirs
        goes_on.save(update_fields=["user"])
    elif theirs and mine.role == theirs.role == Role.MEMBER:  # an office account is nobody's to take over
        mine.take_over(theirs, newer=theirs if newer.pk == ends.pk else mine)


def _take_over_registrations(goes_on: Supporter, ends: Supporter) -> None:
    """One person is registered once at a time: of two open times the earlier beginning counts."""
    mine = goes_on.registrations.filter(ended_on=None).first()
    theirs = ends.registrations.filter(ended_on=None).first()
    if mine and theirs:
        mine.started_on = min(mine.started_on, theirs.started_on)
        theirs.delete()
        mine.save(update_fields=["started_on"])


def _take_over_consents(goes_on: Supporter, ends: Supporter) -> None:
    """Of two standing consents one stands on: the given one; of two given, that of the registration that goes on."""
    standing = [row for person in (ends, goes_on) for row in person.consents.filter(revoked_at=None)]
    if len(standing) == 2:
        spare = min(standing, key=lambda row: (row.given_at is not None, row.supporter_id == goes_on.pk))
        spare.revoked_at = timezone.now()
        spare.save(update_fields=["revoked_at"])


def _same_shift_once(goes_on: Supporter, ends: Supporter) -> None:
    """Both were asked for one shift: the answer that holds stays, the other ends as cancelled with its history."""
    live = Assignment.objects.filter(status__in=[*Assignment.LIVE, Assignment.Status.ATTENDED])
    for row in live.filter(supporter=ends, shift__in=live.filter(supporter=goes_on).values("shift")):
        twin = live.get(supporter=goes_on, shift=row.shift_id)
        spare = twin if row.is_held else row
        Assignment.objects.filter(pk=spare.pk).update(status=Assignment.Status.CANCELLED)
        spare.moves.create(
            from_status=spare.status, to_status=Assignment.Status.CANCELLED, reason=gettext("登録の統合")
        )


def _take_over_rows(goes_on: Supporter, ends: Supporter) -> None:
    """All that still names ``ends``, in every app. What the other has already (a skill, a training) is left to go."""
    for relation in Supporter._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete or relation.many_to_many:
            continue
        link: Any = relation
        name, model = link.field.name, link.related_model
        if model is KeptApart or model is Supporter.areas.through:
            continue
        rows = model._base_manager.filter(**{name: ends})
        if _moved(rows, name, goes_on):
            continue
        for pk in list(rows.values_list("pk", flat=True)):
            row = model._base_manager.filter(pk=pk)
            if not _moved(row, name, goes_on):
                row.delete()


def _moved(rows: "QuerySet[Any]", name: str, goes_on: Supporter) -> bool:
    """Whether all ``rows`` could be given over."""
    try:
        with transaction.atomic():
            rows.update(**{name: goes_on})
    except IntegrityError:
        return False
    return True
