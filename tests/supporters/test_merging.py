"""One person is registered once: who looks like somebody we know, and how two registrations become one."""

import datetime as dt
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from consult.models import Desk, StandingTeam
from notifications.models import Contact, Message
from programme.models import Course, Role, User
from supporters import erasing
from supporters.errors import BookedAtOnce, MayBeKnown
from supporters.merging import keep_apart, known_already, look_alikes, merge
from supporters.messages import tell_activated
from supporters.models import Assignment, Claim, Consent, KeptApart, Supporter, TrainingCompletion
from supporters.services import set_free_times
from tests.factories import ContactFactory, SupporterFactory, UserFactory, a_shift, an_offer, at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

BORN = dt.date(1958, 4, 1)


def known(**facts: Any) -> Supporter:
    """Somebody who has long been with us, known from a sheet of paper."""
    facts = {
        "user": None,
        "name": "髙﨑隆",
        "kana": "たかさき りゅう",
        "birth_date": BORN,
        "applied_at": at(-400),
        **facts,
    }
    return SupporterFactory.create(**facts)


def applicant(**facts: Any) -> Supporter:
    """The same person, who has just applied by telephone screen."""
    facts = {"status": "applied", "name": "高崎隆", "kana": "ﾀｶｻｷﾘｭｳ", "birth_date": BORN, "ready": False, **facts}
    return SupporterFactory.create(**facts)


# --- Who looks like whom -----------------------------------------------------------------------------
def test_the_same_kana_and_birth_date_are_seen_however_they_were_typed() -> None:
    old, new = known(), applicant()
    (found,) = look_alikes(new)
    assert (found.supporter, found.reasons) == (old, ["ふりがなと生年月日"])


@pytest.mark.parametrize(
    ("theirs", "mine", "reason"),
    [
        ({"phone": "090-1234-5678"}, {"mobile": "０９０ー１２３４ー５６７８"}, "電話番号"),
        ({"phone": "027-224-1111"}, {"phone": "(027)224-1111"}, "電話番号"),
        ({"email": "Taka@example.jp"}, {"email": "taka@example.jp"}, "メール"),
    ],
)
def test_a_number_or_an_address_in_common_is_seen(theirs: dict[str, str], mine: dict[str, str], reason: str) -> None:
    known(kana="ほか", contact=ContactFactory.create(**theirs))
    (found,) = look_alikes(applicant(contact=ContactFactory.create(**mine)))
    assert found.reasons == [reason]


def test_people_without_phone_or_mail_have_nothing_in_common() -> None:
    known(kana="ほか", contact=ContactFactory.create(email="", line_id="U1", line_linked_at=at(-1)))
    assert look_alikes(applicant(contact=ContactFactory.create(email="", phone="027-224-1111"))) == []


def test_who_may_be_known_is_not_registered_before_somebody_has_decided(coordinator: User) -> None:
    old, new = known(), applicant()
    with pytest.raises(MayBeKnown):
        new.accept_application(by=coordinator)
    keep_apart(new, old, by=coordinator)
    keep_apart(old, new, by=coordinator)
    assert KeptApart.objects.get().by == coordinator
    new.accept_application(by=coordinator)
    assert new.registrations.count() == 1


def test_the_list_says_the_same_as_the_page_of_each() -> None:
    pair, alone = [known(), applicant()], applicant(kana="ほか")
    marked = {row.pk for row in known_already(Supporter.objects.all())}
    assert marked == {row.pk for row in pair}
    assert look_alikes(alone) == []
    keep_apart(*pair, by=None)
    assert not known_already(Supporter.objects.all()).exists()


# --- One of two --------------------------------------------------------------------------------------
def test_what_both_have_goes_on_in_one(coordinator: User) -> None:
    old, new = known(), applicant()
    duty, offer = an_offer(a_shift(days=7), old), an_offer(a_shift(days=8), new)
    duty.accept(by=None)
    seat = duty.seat_id
    course = Course.objects.create(code="extra", name="追加")
    TrainingCompletion.objects.create(supporter=new, course=course, completed_on=at(-1).date())
    for person in (old, new):
        Consent.objects.create(supporter=person, guardian=ContactFactory.create())
    new.skills.create(topic_id="T05", level=3)
    new.skills.create(topic_id="T06", level=1)
    set_free_times(new, [(0, 540, 720)])
    goes_on = merge(new, old, by=coordinator)

    assert goes_on == old
    assert not Supporter.objects.filter(pk=new.pk).exists()
    assert {row.pk for row in goes_on.assignments.all()} == {duty.pk, offer.pk}
    duty.refresh_from_db()
    assert (duty.seat_id, duty.is_held) == (seat, True)
    assert Claim.objects.filter(supporter=goes_on).count() == 8
    assert {skill.topic_id: skill.level for skill in goes_on.skills.all()} == {"T05": 3, "T06": 1}
    assert [(row.weekday, row.starts.hour) for row in goes_on.windows.all()] == [(0, 9)]
    assert course.completions.get().supporter == goes_on
    assert goes_on.consents.count() == 2
    assert goes_on.consents.filter(revoked_at=None).count() == 1
    assert goes_on.registrations.count() == 1
    move = goes_on.moves.last()
    assert move.by == coordinator
    assert "高崎隆" in move.reason


def test_the_one_that_has_come_further_goes_on() -> None:
    old, new = known(status="withdrawn"), applicant()
    goes_on = merge(old, new, by=None)
    assert (goes_on.pk, goes_on.status, goes_on.registrations.count()) == (new.pk, "applied", 1)


def test_nobody_is_booked_twice_by_a_merger() -> None:
    old, new = known(), applicant(status="active", ready=True)
    for person, hour in ((old, 10), (new, 11)):
        an_offer(a_shift(hour=hour), person).accept(by=None)
    with pytest.raises(BookedAtOnce):
        merge(old, new, by=None)
    assert Supporter.objects.count() == 2
    with pytest.raises(IntegrityError):
        Claim.objects.filter(supporter=new).update(supporter=old)


def test_a_shift_for_which_both_were_asked_has_one_answer() -> None:
    old, new = known(), applicant(status="active", ready=True)
    shift = a_shift(needed=2)
    for person in (old, new):
        an_offer(shift, person)
    shift.assignments.get(supporter=new).accept(by=None)
    goes_on = merge(old, new, by=None)
    assert sorted(goes_on.assignments.values_list("status", flat=True)) == ["accepted", "cancelled"]


def test_messages_and_newer_addresses_follow_the_person(coordinator: User) -> None:
    old = known(contact=ContactFactory.create(email="old@example.jp", phone="027-224-1111"))
    new = applicant(contact=ContactFactory.create(email="new@example.jp"))
    an_offer(a_shift(days=8), new)
    for person in (old, new):
        tell_activated(person)
        Message.objects.filter(subject=f"supporter:{person.pk}").update(subject=f"supporter:{old.pk}")
    goes_on = merge(old, new, by=coordinator)
    goes_on.refresh_from_db()
    assert not Contact.objects.filter(pk=new.contact_id).exists()
    assert Message.objects.filter(kind="activated", recipient=goes_on.contact).count() == 2
    assert (goes_on.contact.email, goes_on.contact.phone) == ("new@example.jp", "027-224-1111")
    assert Message.objects.get(kind="offer").recipient == goes_on.contact
    assert "old@example.jp" in goes_on.moves.last().reason


def test_both_ways_in_open_the_one_registration() -> None:
    users = [UserFactory.create(email=f"{name}@example.jp") for name in ("old", "new")]
    for user in users:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    goes_on = merge(known(user=users[0]), applicant(user=users[1]), by=None)
    assert goes_on.user == users[0]
    assert {row.email for row in EmailAddress.objects.filter(user=users[0])} == {"old@example.jp", "new@example.jp"}
    users[1].refresh_from_db()
    assert (users[1].is_active, users[1].email) == (False, None)


@pytest.mark.parametrize(
    ("mine", "theirs", "stays"),
    [((1, at(-1)), (2, at(-9)), 2), ((1, at(-1)), (2, None), 1), ((1, None), (2, at(-1)), 2), ((1, at(-1)), None, 1)],
)
def test_the_newer_number_that_was_proved_signs_in_and_no_other(
    client: Client, mine: tuple[int, Any], theirs: tuple[int, Any] | None, stays: int
) -> None:
    number = "+8190123456{:02}".format
    old, new = (
        UserFactory.create(
            email=None, mobile=number(account[0]) if account else None, mobile_proved_at=account and account[1]
        )
        for account in (mine, theirs)
    )
    merge(known(user=old), applicant(user=new), by=None)
    assert list(User.objects.exclude(mobile=None).values_list("pk", "mobile")) == [(old.pk, number(stays))]
    client.post(reverse("account_request_login_code"), {"phone": number(3 - stays)})
    assert set(Message.objects.filter(is_code=True).values_list("kind", flat=True)) == {"sign_in_unknown"}


@pytest.mark.parametrize(
    ("said", "address", "moved"),
    [
        ({"postcode": "3710026", "address": "大手町2-12-1"}, "大手町2-12-1", True),
        ({}, "", True),
        ({"home_district_id": "D01"}, "城東町1-1", False),
    ],
)
def test_the_district_is_that_of_the_address(said: dict[str, str], address: str, moved: bool) -> None:
    old = known(postcode="3710016", address="城東町1-1", home_district_id="D01")
    new = applicant(**{"home_district_id": "D02", **said})
    goes_on = merge(old, new, by=None)
    goes_on.refresh_from_db()
    assert (goes_on.address, goes_on.home_district_id) == (address, "D02" if moved else "D01")


def test_nobody_comes_by_an_office_account_through_a_merger() -> None:
    office, stranger = UserFactory.create(role=Role.COORDINATOR), UserFactory.create(email="new@example.jp")
    EmailAddress.objects.create(user=stranger, email=stranger.email, verified=True, primary=True)
    merge(known(user=office), applicant(user=stranger), by=None)
    assert not EmailAddress.objects.filter(user=office).exists()


def test_a_standing_team_keeps_its_person_once() -> None:
    old, new = known(), applicant()
    desk = Desk.objects.create(code="d", name="d", venue=a_shift().venue, rule="", opens=dt.time(9), closes=dt.time(11))
    team = StandingTeam.objects.create(desk=desk)
    for person in (old, new):
        team.members.create(supporter=person)
    goes_on = merge(old, new, by=None)
    assert [member.supporter for member in team.members.all()] == [goes_on]


# --- Pages -------------------------------------------------------------------------------------------
def test_the_office_decides_on_a_page_that_shows_both(client: Client, coordinator: User) -> None:
    old, new = known(), applicant()
    client.force_login(coordinator)
    address = reverse("supporters:same", args=[new.pk, old.pk])
    assert address in client.get(reverse("supporters:person", args=[new.pk])).content.decode()
    assert "もう登録している人かもしれない申込み" in client.get(reverse("office")).content.decode()
    page = client.get(address).content.decode()
    assert "髙﨑隆" in page
    assert "高崎隆" in page
    arrived = client.post(address, {"answer": "merge"}, follow=True)
    assert arrived.context["supporter"] == old
    assert Assignment.objects.count() == 0


def test_the_office_reads_why_two_cannot_be_one_yet(client: Client, coordinator: User) -> None:
    old, new = known(), applicant(status="active", ready=True)
    for person in (old, new):
        an_offer(a_shift(), person).accept(by=None)
    client.force_login(coordinator)
    arrived = client.post(reverse("supporters:same", args=[new.pk, old.pk]), {"answer": "merge"}, follow=True)
    assert "同じ時間に決まっています" in arrived.content.decode()
    arrived = client.post(reverse("supporters:same", args=[new.pk, old.pk]), {"answer": "apart"}, follow=True)
    assert KeptApart.objects.count() == 1


def test_what_one_registration_did_without_the_other_does_without() -> None:
    old, new = known(), applicant()
    new.contact.preferences.create(matter="news", wanted=False)
    Contact.objects.filter(pk=new.contact_id).update(preferred="sms", language="en")
    contact = Contact.objects.get(pk=merge(new, old, by=None).contact_id)
    assert (contact.preferred, contact.language) == ("sms", "en")
    assert dict(contact.preferences.values_list("matter", "wanted")) == {"news": False}


def test_what_waits_for_the_replaced_address_goes_to_the_one_that_holds() -> None:
    old, new = known(status="applied"), SupporterFactory(status="active", kana="べつ")
    tell_activated(old)
    contact = Contact.objects.get(pk=merge(old, new, by=None).contact_id)
    message = Message.objects.get()
    assert (message.recipient, message.address, message.state) == (contact, contact.email, "queued")
    assert contact.email == new.contact.email


@pytest.mark.parametrize("newest_goes_on", [True, False])
def test_a_proof_is_of_the_number_that_was_proved(newest_goes_on: bool) -> None:
    newest = ContactFactory(email="", phone="090-1111-1111")
    former = ContactFactory(email="t@example.jp", phone="090-3333-3333", sms_proved_at=timezone.now())
    status = "training" if newest_goes_on else "active"
    old = SupporterFactory(contact=former, status=status, applied_at=timezone.now() - dt.timedelta(days=100))
    contact = Contact.objects.get(pk=merge(old, SupporterFactory(contact=newest), by=None).contact_id)
    assert (contact.sms_number, contact.sms_proved_at) == ("+819011111111", None)


def test_a_proof_of_the_same_number_stays() -> None:
    proved_at = timezone.now() - dt.timedelta(days=9)
    former = ContactFactory(email="", mobile="090-1111-1111", phone="027-224-1111", sms_proved_at=proved_at)
    old = SupporterFactory(contact=former, applied_at=timezone.now() - dt.timedelta(days=100))
    new = SupporterFactory(contact=ContactFactory(email="", phone="090-1111-1111"))
    contact = Contact.objects.get(pk=merge(old, new, by=None).contact_id)
    assert (contact.sms_number, contact.sms_proved_at) == ("+819011111111", proved_at)


def test_a_mobile_typed_as_the_telephone_takes_the_older_mobiles_place() -> None:
    former = ContactFactory(email="", phone="027-224-1111", mobile="080-5555-1111")
    old = SupporterFactory(contact=former, applied_at=timezone.now() - dt.timedelta(days=100))
    new = SupporterFactory(contact=ContactFactory(email="", phone="080-6666-1111"))
    contact = Contact.objects.get(pk=merge(old, new, by=None).contact_id)
    assert (contact.sms_number, contact.phone) == ("+818066661111", "027-224-1111")


@pytest.mark.parametrize("status", ["active", "paused"])
def test_the_duties_of_both_are_in_the_calendar_of_the_address_that_goes_on(status: str) -> None:
    days = [timezone.now() - dt.timedelta(days=days) for days in (50, 20)]
    contacts = [
        ContactFactory(email=f"{name}@example.jp", email_proved_at=day) for name, day in zip("ab", days, strict=True)
    ]
    old = SupporterFactory(contact=contacts[0], applied_at=timezone.now() - dt.timedelta(days=100))
    new = SupporterFactory(contact=contacts[1])
    duties = [an_offer(a_shift(days=3), old), an_offer(a_shift(days=9), new)]
    for duty in duties:
        duty.accept(by=None)
    Message.objects.filter(kind="accepted").update(state="sent", sent_at=timezone.now())
    Supporter.objects.filter(pk=old.pk).update(status=status)
    merge(old, new, by=None)
    there = Message.objects.filter(address="b@example.jp").exclude(calendar="").values_list("subject", flat=True)
    assert set(there) == {f"assignment:{duty.pk}" for duty in duties}


def test_calendar_entry_stays_the_same_one() -> None:
    old, new = known(), SupporterFactory(status="active", kana="べつ")
    duty = an_offer(a_shift(days=9), new)
    duty.accept(by=None)
    kept = merge(new, old, by=None)
    assert kept == old
    duty.refresh_from_db()
    duty.take_off(by=None, reason="変更")
    entries = Message.objects.filter(kind__in=["accepted", "taken_off"]).values_list("calendar", flat=True)
    uids = {str(event["UID"]) for text in entries for event in Calendar.from_ical(text).walk("VEVENT")}
    assert uids == {f"shift-{duty.shift_id}-{duty.entry_of}@mdeji"}
    assert len(entries) == 2


def test_a_wish_to_be_erased_is_not_lost_in_a_merger(client: Client, coordinator: User) -> None:
    old, new = known(), applicant()
    erasing.ask(old, by=old.user)
    client.force_login(coordinator)
    page = f"/supporters/people/{new.pk}/same/{old.pk}/"
    assert "データを消す日" in client.get(page).content.decode()
    answered = client.post(page, {"answer": "merge"}, follow=True).content.decode()
    assert "データを消すことを申し出ています" in answered
    old.refresh_from_db()
    assert old.erase_on
    erasing.take_back(old)
    client.post(page, {"answer": "merge"})
    assert Supporter.objects.count() == 1
