"""Who somebody is and where they live, put right by themselves or by the office, and what follows from it."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.models import Message
from programme.models import District, User
from programme.models.records import entries_of
from supporters.models import Assignment, Supporter
from supporters.services import Guardian, ask_guardian, put_right, record_paper_consent
from tests.factories import SupporterFactory, a_shift, an_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

OWN = reverse("supporters:own_facts")
PARENT = Guardian("保護者 一郎", email="parent@example.jp")


def born(years: int, *, days: int = 0) -> dt.date:
    """The birth date of somebody who became ``years`` old ``days`` ago."""
    today = timezone.localdate() - dt.timedelta(days=days)
    return today.replace(year=today.year - years)


def typed(supporter: Supporter, **other: Any) -> dict[str, Any]:
    """The page of the person's own as it was sent, with ``other`` typed."""
    known = {name: getattr(supporter, name) for name in ("name", "postcode", "address", "brings")}
    return {**known, "kana": "しえん", "home_district": supporter.home_district_id, **other}


def by_office(supporter: Supporter, birth: dt.date, **other: Any) -> dict[str, Any]:
    said = typed(supporter, category=supporter.category_id, reason="本人の電話で", **other)
    parts = {"year": birth.year, "month": birth.month, "day": birth.day}
    return {f"facts-{name}": value for name, value in said.items()} | {
        f"facts-birth_date_{part}": value for part, value in parts.items()
    }


# --- By the person -----------------------------------------------------------------------------------
def test_who_has_moved_or_married_says_so_on_their_own_page(client: Client) -> None:
    supporter = SupporterFactory.create(name="田中 花子", contact__name="田中 花子", user__name="田中 花子")
    client.force_login(supporter.user)
    assert OWN in client.get(reverse("supporters:home")).content.decode()
    said = {"name": "髙𠮷 花子", "kana": "タカヨシ ハナコ", "home_district": "D02", "brings": ["sign"]}
    birth = supporter.birth_date
    client.post(OWN, typed(supporter, **said, postcode="371-0027", address="平和町1-1", birth_date_year="2015"))
    supporter = Supporter.objects.select_related("contact", "user").get()
    assert [supporter.name, supporter.kana, supporter.home_district_id] == ["髙𠮷 花子", "タカヨシ ハナコ", "D02"]
    assert [supporter.postcode, supporter.address, supporter.brings] == ["3710027", "平和町1-1", ["sign"]]
    assert supporter.contact.name == supporter.user.name == supporter.name
    assert supporter.birth_date == birth  # which the office alone puts right
    assert Supporter.objects.found_by("たかよし").exists()
    noted = entries_of([supporter]).get()
    assert (noted.actor, noted.changes["home_district"]) == (supporter.user, ["D01", "D02"])


def test_a_family_that_shares_the_address_keeps_its_name(client: Client) -> None:
    supporter = SupporterFactory.create(contact__name="田中家")
    client.force_login(supporter.user)
    client.post(OWN, typed(supporter, name="田中 花"))
    supporter.contact.refresh_from_db()
    assert supporter.contact.name == "田中家"


def test_a_postcode_alone_fills_in_the_town_and_saves_nothing_yet(client: Client) -> None:
    supporter = SupporterFactory.create()
    client.force_login(supporter.user)
    page = client.post(OWN, typed(supporter, postcode="３７１ー００２７", address="")).content.decode()
    assert 'value="前橋市平和町"' in page
    supporter.refresh_from_db()
    assert supporter.postcode == ""


def test_a_district_that_is_in_use_no_more_stays_the_person_s(client: Client) -> None:
    supporter = SupporterFactory.create()
    District.objects.filter(pk=supporter.home_district_id).update(active=False)
    client.force_login(supporter.user)
    assert client.post(OWN, typed(supporter, address="大手町2-12-1")).status_code == 302
    supporter.refresh_from_db()
    assert (supporter.address, supporter.home_district_id) == ("大手町2-12-1", "D01")


# --- By the office -----------------------------------------------------------------------------------
def test_the_office_puts_right_what_was_mistyped_and_says_why(client: Client, coordinator: User) -> None:
    supporter = SupporterFactory.create(kana="しえん")
    client.force_login(coordinator)
    page = reverse("supporters:person", args=[supporter.pk])
    assert f"{page}?do=facts#facts" in client.get(page).content.decode()
    assert 'name="facts-birth_date_year" value="1960"' in client.get(page, {"do": "facts"}).content.decode()
    sent = by_office(supporter, dt.date(1961, 5, 1))
    refused = client.post(reverse("supporters:facts", args=[supporter.pk]), {**sent, "facts-reason": ""})
    assert "直す理由を入力してください" in refused.content.decode()
    client.post(reverse("supporters:facts", args=[supporter.pk]), sent)
    supporter.refresh_from_db()
    assert supporter.birth_date == dt.date(1961, 5, 1)
    move = supporter.moves.get()
    assert (move.by, move.reason) == (coordinator, "登録の内容を直しました: 生年月日。本人の電話で")
    assert entries_of([supporter]).get().changes == {"birth_date": ["1960-05-01", "1961-05-01"]}
    assert not Message.objects.filter(kind="consent_needed").exists()


def test_nobody_is_as_young_or_as_old_as_that(client: Client, coordinator: User) -> None:
    supporter = SupporterFactory.create()
    client.force_login(coordinator)
    where = reverse("supporters:facts", args=[supporter.pk])
    assert "生まれた年をご確認ください" in client.post(where, by_office(supporter, born(3))).content.decode()


def test_who_turns_out_to_be_under_age_goes_nowhere_without_consent(client: Client, coordinator: User) -> None:
    supporter = SupporterFactory.create(birth_date=born(20))
    near, later = an_offer(a_shift(days=3), supporter), an_offer(a_shift(days=40), supporter)
    for duty in (near, later):
        duty.accept(by=None)
    asked = an_offer(a_shift(days=5), supporter)
    client.force_login(coordinator)
    of_age_in_20_days = born(18, days=-20)
    where = reverse("supporters:facts", args=[supporter.pk])
    page = client.post(where, by_office(supporter, of_age_in_20_days), follow=True).content.decode()
    assert "保護者の同意がまだありません" in page
    assert 'name="guardian-name"' in page
    statuses = {row.pk: row.status for row in Assignment.objects.all()}
    assert statuses == {near.pk: "standing_in_wanted", later.pk: "accepted", asked.pk: "declined"}
    told = Message.objects.get(kind="consent_needed")
    assert told.recipient == supporter.contact
    assert "18歳になるまでの活動には、保護者の方の同意が必要です" in told.body


def test_who_is_under_age_with_consent_keeps_what_minors_may_do() -> None:
    supporter, adult = SupporterFactory.create(birth_date=born(20)), SupporterFactory.create()
    record_paper_consent(supporter, PARENT, by=None)
    day, evening, alone = (a_shift(days=n, hour=hour, needed=2) for n, hour in ((3, 10), (6, 19), (13, 10)))
    an_offer(day, adult).accept(by=None)
    duties = [an_offer(shift, supporter) for shift in (day, evening, alone)]
    for duty in duties:
        duty.accept(by=None)
    put_right(supporter, {"birth_date": born(16)}, by=None, reason="学生証で")
    for duty in duties:
        duty.refresh_from_db()
    assert [duty.status for duty in duties] == ["accepted", "standing_in_wanted", "standing_in_wanted"]
    assert not Message.objects.filter(kind="consent_needed").exists()


def test_the_guardian_of_who_turns_out_to_be_of_age_is_asked_no_longer() -> None:
    supporter = SupporterFactory.create(birth_date=born(16))
    consent = ask_guardian(supporter, PARENT)
    put_right(supporter, {"birth_date": born(26)}, by=None, reason="運転免許証で")
    consent.refresh_from_db()
    assert consent.revoked_at
    assert set(Message.objects.filter(kind="consent").values_list("state", flat=True)) == {"cancelled"}
    assert not Message.objects.filter(kind="consent_revoked").exists()
