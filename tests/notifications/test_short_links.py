"""Short addresses in SMS: they lead to the one page, keep no token, and end with the long link."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from notifications import links, outbox, short_links
from notifications.models import ShortLink
from notifications.writing import Letter
from supporters.messages import LIFETIME, OFFER
from tests.factories import ContactFactory, SupporterFactory, a_shift, an_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]
LONG = links.absolute("/supporters/offer/1234.1xUo88.5-8doUvScpXiLVAgSFuHOOhhIG21rshnuEqdEl1vYR8/")


def shortened(text: str) -> str:
    """The path of the short address in ``text``, saved."""
    short, made = short_links.shorten(text)
    ShortLink.objects.bulk_create(made)
    return re.sub(r"^.*https?://[^/]+", "", short)


def test_an_sms_leads_to_the_page_of_the_long_link(client: Client) -> None:
    assignment = an_offer(a_shift(), SupporterFactory(contact=ContactFactory(phone="090-1234-5678")))
    message = assignment.supporter.contact.messages.get(kind="offer")
    (path,) = re.findall(r"/s/\w{10}$", message.short)
    shown = client.get(path, follow=True)
    assert shown.context["assignment"] == assignment
    assert shown.redirect_chain[-1][0] in message.body


def test_only_a_hash_is_kept() -> None:
    token = shortened(LONG).removeprefix("/s/")
    row = ShortLink.objects.get()
    assert token not in (row.digest, row.path)
    assert row.path == LONG.removeprefix(links.absolute(""))


@pytest.mark.parametrize("token", ["aaaaaaaaaa", "x", "%00", "あ" * 10])
def test_a_guessed_address_leads_nowhere(client: Client, token: str) -> None:
    shortened(LONG)
    assert client.get(f"/s/{token}").status_code == 404


def test_a_short_address_ends_with_the_long_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assignment = an_offer(a_shift(), SupporterFactory())
    old = timezone.now() - LIFETIME[OFFER] - dt.timedelta(days=1)
    with monkeypatch.context() as then:
        then.setattr("time.time", old.timestamp)
        long = links.absolute(reverse("supporters:offer", args=[links.token(OFFER, assignment.pk)]))
    assert client.get(shortened(long), follow=True).status_code == 410


def test_what_is_short_already_stays() -> None:
    assert short_links.shorten(f"{links.absolute('/desks/')} 027-000-0000") == (
        f"{links.absolute('/desks/')} 027-000-0000",
        [],
    )


def test_rows_whose_long_link_has_ended_are_forgotten() -> None:
    shortened(LONG)
    kept = ShortLink.objects.get().pk
    ShortLink.objects.create(digest="0", path="/", made_at=timezone.now() - dt.timedelta(days=8 * 366 + 1))
    assert short_links.forget() == 1
    assert list(ShortLink.objects.values_list("pk", flat=True)) == [kept]


def test_a_thousand_need_one_query_more(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    people = [ContactFactory(phone="090-1234-5678") for _person in range(3)]
    letters = [
        Letter(person, "consent", "x:1", "supporters/messages/consent_reminder.txt", {"url": LONG}) for person in people
    ]
    with django_assert_num_queries(12):
        outbox.tell_all(letters, again=letters.copy)
    assert ShortLink.objects.count() == 3
