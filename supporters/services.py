"""What takes several rows at once: an application, and a guardian's consent."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from notifications import addresses
from notifications.models import Channel, Contact
from notifications.phones import e164, national
from programme.models import Category, District, Limits, Topic, User
from programme.models.records import note
from programme.wording import say_list
from supporters.errors import AlreadyRegistered, ConsentStands, Erased
from supporters.messages import (
    ask_consent,
    mail_coming_entries,
    stop_asking_consent,
    tell_applied,
    tell_consent_needed,
)
from supporters.models import Assignment, Consent, Skill, Supporter, WeeklyWindow
from supporters.rules import against_minor

# (weekday with Monday as 0, first minute of the day, end minute)
WeekTime = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Guardian:
    """Whom to ask for a minor. One of ``email`` and ``phone`` at least."""

    name: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody tells us who wants to be a supporter. Names and numbers exactly as typed."""

    name: str
    kana: str
    birth_date: dt.date
    category: Category
    home_district: District
    phone: str = ""
    postcode: str = ""  # seven digits
    address: str = ""
    travel_by: str = ""  # a TravelBy value
    areas: Iterable[District] = ()
    skills: Mapping[Topic, int] = field(default_factory=dict)  # level 1 to 3
    free_times: Iterable[WeekTime] = ()
    brings: Iterable[str] = ()  # SpecialNeed values
    guardian: Guardian | None = None  # for a minor


@transaction.atomic
def apply(user: User, application: Application) -> Supporter:
    """Take an application in: the person waits for the coordinators, and is told so; a guardian is asked.

    The contact's address, or mobile number, is the one that ``user`` proved at sign-up. Raises AlreadyRegistered.
    """
    User.objects.select_for_update().get(pk=user.pk)  # of two taps on "send" the second waits here
    if Supporter.objects.filter(user=user).exists():
        raise AlreadyRegistered
    contact = _own_contact(user, application)
    supporter = new_supporter(application, contact, user=user)
    if application.guardian and supporter.needs_consent():
        ask_guardian(supporter, application.guardian)
    tell_applied(supporter, minor=supporter.needs_consent())
    return supporter


def new_supporter(application: Application, contact: Contact, *, user: User | None = None) -> Supporter:
    """The rows of an application, and nothing else: nobody is told or asked."""
    supporter = unsaved_supporter(application, contact, Limits.current(), user=user)
    supporter.save(force_insert=True)
    supporter.areas.set(application.areas)
    set_skills(supporter, application.skills)
    set_free_times(supporter, application.free_times)
    return supporter


def unsaved_supporter(application: Application, contact: Contact, limits: Limits, **facts: Any) -> Supporter:
    """The person's own row, with ``facts`` that no application says."""
    return Supporter(
        contact=contact,
        name=application.name,
        kana=application.kana,
        birth_date=application.birth_date,
        category=application.category,
        home_district=application.home_district,
        postcode=application.postcode,
        address=application.address,
        travel_by=application.travel_by,
        may_be_paid=application.category.may_be_paid,
        brings=list(application.brings),
        week_limit=limits.week_limit,
        month_limit=limits.month_limit,
        travel_limit=limits.travel_limit,
        **facts,
    )


def _own_contact(user: User, application: Application) -> Contact:
    """What ``user`` signs in with reaches them, and what they typed besides."""
    contact = Contact(name=application.name, email=user.email or "", phone=application.phone)
    contact.email_proved_at = timezone.now() if user.email else None
    if user.mobile and user.mobile_proved_at:
        contact.sms_proved_at = user.mobile_proved_at
        if contact.phone and e164(contact.phone) != user.mobile:
            contact.mobile = national(user.mobile)
        else:
            contact.phone = contact.phone or national(user.mobile)
    contact.save()
    return contact


@transaction.atomic
def set_skills(supporter: Supporter, skills: Mapping[Topic, int]) -> None:
    """From now on the person can teach ``skills``, each at its level, and nothing else."""
    before = _skills(supporter)
    supporter.skills.all().delete()
    Skill.objects.bulk_create(Skill(supporter=supporter, topic=topic, level=level) for topic, level in skills.items())
    note(supporter, {"skills": (before, _skills(supporter))})


def _skills(supporter: Supporter) -> list[str]:
    return [f"{skill.topic_id} L{skill.level}" for skill in supporter.skills.order_by("topic")]


@transaction.atomic
def set_free_times(supporter: Supporter, times: Iterable[WeekTime]) -> None:
    """From now on the person is usually free at ``times``, and at no others."""
    before = [str(one) for one in supporter.windows.all()]
    supporter.windows.all().delete()
    WeeklyWindow.objects.bulk_create(
        WeeklyWindow(supporter=supporter, weekday=day, starts=_clock(first), ends=_clock(end))
        for day, first, end in times
    )
    note(supporter, {"windows": (before, [str(one) for one in supporter.windows.all()])})


def _clock(minute: int) -> dt.time:
    return dt.time(minute // 60, minute % 60)


@transaction.atomic
def change_contact(supporter: Supporter, *, email: str, phone: str, mobile: str, by: Any) -> None:
    """The person can be reached at these from now on; the history notes who changed what.

    A new address is unproved until its owner has opened a link. How the person signs in stays as it is.
    """
    contact = Contact.objects.select_for_update().get(pk=supporter.contact_id)
    contact.email, contact.phone, contact.mobile = email, phone, mobile
    shown = {"email", "phone", "mobile"}.intersection(addresses.change(contact))
    if not shown:
        return
    labels = say_list(field.verbose_name for field in Contact._meta.fields if field.name in shown)
    supporter.moves.create(
        from_status=supporter.status,
        to_status=supporter.status,
        by=by,
        reason=gettext("連絡先を直しました: %(names)s") % {"names": labels},
    )


@transaction.atomic
def put_right(supporter: Supporter, facts: Mapping[str, Any], *, by: Any, reason: str = "") -> Supporter:
    """From now on the person's row says ``facts``; with a ``reason``, the history says who put what right, and why.

    The contact and the account are called by the new name where they were called by the old one. By another birth date
    the person is under age, or is so no more, and what hangs on it follows. Returns the row. Raises Erased.
    """
    row = Supporter.objects.select_for_update(of=("self",), no_key=True).get(pk=supporter.pk)
    if row.erased_at:
        raise Erased
    before = {name: getattr(row, name) for name in facts}
    changed = [name for name, value in facts.items() if before[name] != value]
    if not changed:
        return row
    for name in changed:
        setattr(row, name, facts[name])
    row.save()
    if "name" in changed:
        for called in (row.contact, row.user):
            if called and called.name == before["name"]:
                called.name = row.name
                called.save(update_fields=["name"])
    if reason:
        labels = say_list(Supporter._meta.get_field(name).verbose_name for name in changed)  # type: ignore[union-attr]
        said = gettext("登録の内容を直しました: %(names)s。%(reason)s") % {"names": labels, "reason": reason}
        row.moves.create(from_status=row.status, to_status=row.status, by=by, reason=said[:200])
    if "birth_date" in changed:
        _follow_age(row, by=by)
    return row


def _follow_age(supporter: Supporter, *, by: Any) -> None:
    """The person is older or younger than we thought: duties that no minor may have look for a stand-in."""
    if not supporter.needs_consent():
        for asked in supporter.consents.filter(given_at=None, revoked_at=None):
            stop_asking_consent(asked)
            asked.revoked_at = timezone.now()
            asked.save(update_fields=["revoked_at"])
        return
    coming = supporter.assignments.upcoming().filter(shift__starts_at__gt=timezone.now()).select_related("shift")
    for assignment in coming.filter(status__in=[Assignment.Status.OFFERED, Assignment.Status.ACCEPTED]):
        if why := against_minor(supporter, assignment.shift):
            leave = assignment.decline if assignment.status == assignment.Status.OFFERED else assignment.want_stand_in
            leave(by=by, reason=why.in_office_language()[:200])
    if not supporter.has_consent() and supporter.status != supporter.Status.WITHDRAWN:
        tell_consent_needed(supporter, adult_age=Limits.current().adult_age)


def fill_calendar(contact: Contact, channel: Channel) -> None:
    """An address is read by now: if it takes mails, the coming duties of whose it is go into the calendar there."""
    if channel == Channel.EMAIL:
        duties = Assignment.objects.held().upcoming().filter(supporter__contact=contact)
        mail_coming_entries(duties.select_related("shift__venue", "shift__room", "supporter__contact"))


@transaction.atomic
def ask_guardian(supporter: Supporter, guardian: Guardian) -> Consent:
    """Ask ``guardian`` to agree; whoever was asked before is asked no longer. Raises ConsentStands."""
    consent = _new_consent(supporter, guardian)
    ask_consent(consent)
    return consent


@transaction.atomic
def record_paper_consent(supporter: Supporter, guardian: Guardian, *, by: Any) -> Consent:
    """Note that a coordinator holds the signed sheet of ``guardian``, who need not be the one who was asked.

    Raises ConsentStands.
    """
    consent = _new_consent(supporter, guardian)
    consent.give(recorded_by=by)
    return consent


def _new_consent(supporter: Supporter, guardian: Guardian) -> Consent:
    """A consent of ``guardian`` yet to be given, in place of one that was only asked for. Raises ConsentStands."""
    Supporter.objects.select_for_update(no_key=True).get(pk=supporter.pk)
    standing = supporter.consents.filter(revoked_at=None)
    if standing.filter(given_at__isnull=False).exists():
        raise ConsentStands
    for asked in standing:
        stop_asking_consent(asked)
    standing.update(revoked_at=timezone.now())
    return Consent.objects.create(supporter=supporter, guardian=_contact_of(guardian))


def _contact_of(guardian: Guardian) -> Contact:
    return Contact.objects.create(name=guardian.name, email=guardian.email, phone=guardian.phone)
