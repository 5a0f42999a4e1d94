"""A guardian's consent: whose it is, when it ends, and what it lets a minor do."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from notifications import links
from notifications.models import Message
from programme.models import User
from supporters.errors import AdultMissing, ConsentStands
from supporters.messages import CONSENT, LIFETIME, OFFER
from supporters.models import Supporter
from supporters.services import Guardian, ask_guardian, record_paper_consent
from tests.factories import SupporterFactory, a_shift, an_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

FATHER = Guardian("見本 父", "father@example.jp", "")
MOTHER = Guardian("見本 母", "", "027-224-1111")


@pytest.fixture
def minor() -> Supporter:
    today = timezone.localdate()
    return SupporterFactory(birth_date=today.replace(year=today.year - 16, month=1, day=15))


def test_a_sheet_is_recorded_for_the_guardian_who_signed_it(minor: Supporter, coordinator: User) -> None:
    asked = ask_guardian(minor, FATHER)
    consent = record_paper_consent(minor, MOTHER, by=coordinator)
    asked.refresh_from_db()
    assert (str(consent.guardian), consent.is_valid, consent.recorded_by) == ("見本 母", True, coordinator)
    assert (asked.is_valid, asked.revoked_at is not None) == (False, True)


def test_who_need_not_be_asked_any_more_is_not_rung_for_it(minor: Supporter, coordinator: User) -> None:
    """Another guardian is asked, or has signed the sheet."""
    asked = Message.objects.filter(kind="consent")
    first = ask_guardian(minor, MOTHER)
    assert [message.recipient for message in Message.objects.needs_a_person()] == [first.guardian]
    ask_guardian(minor, FATHER)
    assert list(asked.order_by("pk").values_list("state", flat=True)) == ["cancelled", "queued"]
    record_paper_consent(minor, MOTHER, by=coordinator)
    assert list(asked.values_list("state", flat=True)) == ["cancelled", "cancelled"]


def test_who_has_agreed_by_the_link_is_not_asked_for_it_again(minor: Supporter) -> None:
    """What waited for the morning, or for a call, is of no use any more."""
    ask_guardian(minor, MOTHER).give()
    assert not Message.objects.needs_a_person().exists()


def test_while_a_consent_stands_no_other_takes_its_place(minor: Supporter, coordinator: User) -> None:
    record_paper_consent(minor, MOTHER, by=coordinator)
    with pytest.raises(ConsentStands):
        record_paper_consent(minor, FATHER, by=coordinator)
    with pytest.raises(ConsentStands):
        ask_guardian(minor, FATHER)
    assert [str(consent.guardian) for consent in minor.consents.all()] == ["見本 母"]


def test_an_adult_whose_offer_has_run_out_is_nobody_to_go_with(
    minor: Supporter, coordinator: User, set_now: Callable[[dt.datetime], None]
) -> None:
    record_paper_consent(minor, MOTHER, by=coordinator)
    shift = a_shift(needed=2)
    adult, asked = an_offer(shift, SupporterFactory()), an_offer(shift, minor)
    now = timezone.now()
    type(adult).objects.filter(pk=adult.pk).update(answer_by=now - dt.timedelta(minutes=1))
    with pytest.raises(AdultMissing):
        asked.accept(by=None)


@pytest.mark.parametrize("purpose", [OFFER, CONSENT])
def test_a_link_ends_after_its_time(client: Client, purpose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = links.token(purpose, 1)
    later = links.signing.time.time() + LIFETIME[purpose].total_seconds() + 60
    monkeypatch.setattr(links.signing.time, "time", lambda: later)
    assert "期限が過ぎました" in client.get(f"/supporters/{purpose}/{token}/").content.decode()
