"""The list of people who must be told by hand."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from notifications import outbox
from notifications.models import Channel, Message
from programme.models import User
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


def a_message(state: str, channel: str = Channel.EMAIL) -> Message:
    contact = ContactFactory(phone="027-224-1111")
    return Message.objects.create(
        kind="greeting",
        subject="x:1",
        recipient=contact,
        channel=channel,
        address="x",
        title="題",
        body="本文",
        state=state,
    )


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def test_calls_failures_and_unknowns_are_listed_and_nothing_else(office: Client) -> None:
    shown = [
        a_message("queued", Channel.PHONE),
        a_message("failed"),
        a_message("unknown"),
    ]
    a_message("queued")
    a_message("cancelled")
    assert list(office.get(reverse("messages:list")).context["page"]) == shown


def test_the_list_needs_the_same_number_of_queries_for_three_as_for_one(
    office: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def one_more(state: str, address: str) -> None:
        a_message(state)
        ContactFactory(email=address)
        outbox.suppress("email", address, "bounced")

    one_more("unknown", "a@example.jp")
    with django_assert_num_queries(7):
        office.get(reverse("messages:list"))
    one_more("unknown", "b@example.jp")
    one_more("failed", "c@example.jp")
    with django_assert_num_queries(7):
        office.get(reverse("messages:list"))


def test_a_bounce_is_seen_at_once_with_whose_address_it_is(office: Client) -> None:
    owners = [ContactFactory(email="a@example.jp"), ContactFactory(email="a@example.jp")]
    outbox.suppress("email", "a@example.jp", "bounced", answer="550 5.1.1")
    shown = office.get(reverse("messages:list"))
    ((stop, found),) = shown.context["stopped"]
    assert (stop.answer, found) == ("550 5.1.1", owners)


def test_a_call_that_was_made_is_noted_with_who_made_it(office: Client, coordinator: User) -> None:
    message = a_message("queued", Channel.PHONE)
    office.post(reverse("messages:settle", args=[message.pk]), {"answer": "told"})
    message.refresh_from_db()
    assert (message.state, message.settled_by) == (Message.State.DELIVERED, coordinator)


def test_an_unknown_message_is_sent_again_on_a_person_s_word(office: Client) -> None:
    message = a_message("unknown")
    office.post(reverse("messages:settle", args=[message.pk]), {"answer": "again"})
    message.refresh_from_db()
    assert message.state == Message.State.QUEUED


def test_sending_again_goes_to_the_address_that_was_put_right(office: Client) -> None:
    message = a_message("failed")
    message.recipient.email = "right@example.jp"
    message.recipient.save()
    office.post(reverse("messages:settle", args=[message.pk]), {"answer": "again"})
    message.refresh_from_db()
    assert (message.state, message.address, message.tries) == (Message.State.QUEUED, "right@example.jp", 0)


def test_somebody_without_an_address_any_more_is_rung(office: Client) -> None:
    message = a_message("failed")
    message.recipient.email = ""
    message.recipient.save()
    office.post(reverse("messages:settle", args=[message.pk]), {"answer": "again"})
    message.refresh_from_db()
    assert (message.channel, message.address) == (Channel.PHONE, "027-224-1111")


def test_what_a_later_message_has_replaced_is_on_nobody_s_list(office: Client) -> None:
    """Whether it arrived is of no use any more; who had the list open still reads why nothing was sent."""
    doubtful, lost = a_message("unknown"), a_message("failed")
    outbox.withdraw("x:1")
    assert list(office.get(reverse("messages:list")).context["page"]) == []
    for message, answer in [(doubtful, "again"), (doubtful, "told"), (lost, "again")]:
        shown = office.post(reverse("messages:settle", args=[message.pk]), {"answer": answer}, follow=True)
        assert "もう今のことではありません" in shown.content.decode()
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.attempts.count()) == ("unknown", 0)
    shown = office.get(reverse("messages:contact", args=[doubtful.recipient_id])).content.decode()
    assert "もう確かめなくてかまいません" in shown


def test_what_came_too_late_is_on_nobody_s_list(office: Client) -> None:
    over = a_message("failed")
    Message.objects.filter(pk=over.pk).update(expires_at=timezone.now())
    assert list(office.get(reverse("messages:list")).context["page"]) == []


def test_the_mobile_of_who_has_no_other_number_is_there_to_ring(office: Client) -> None:
    Message.objects.filter(pk=a_message("failed").pk).update(
        recipient=ContactFactory(email="x@example.jp", phone="", mobile="090-1234-5678")
    )
    assert 'href="tel:090-1234-5678"' in office.get(reverse("messages:list")).content.decode()


def test_a_second_tap_says_that_it_is_settled(office: Client) -> None:
    message = a_message("unknown")
    address = reverse("messages:settle", args=[message.pk])
    office.post(address, {"answer": "told"})
    response = office.post(address, {"answer": "again"}, follow=True)
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED
    assert "状態が変わりました" in response.content.decode()


def test_others_do_not_find_the_list(client: Client, officer: User, desk_account: User) -> None:
    statuses = []
    for user in (officer, desk_account):
        client.force_login(user)
        statuses.append(client.get(reverse("messages:list")).status_code)
    assert statuses == [404, 404]


def test_who_rang_and_who_sent_again_is_kept_with_when_and_why(office: Client, coordinator: User) -> None:
    call, lost = a_message("queued", Channel.PHONE), a_message("failed")
    office.post(reverse("messages:settle", args=[call.pk]), {"answer": "told", "note": "ご家族に伝言"})
    office.post(reverse("messages:settle", args=[lost.pk]), {"answer": "again", "note": "アドレスを直した"})
    assert [(one.outcome, one.answer) for one in call.attempts.all()] == [("told", "Alice: ご家族に伝言")]
    assert ("again", "Alice: アドレスを直した") in [(one.outcome, one.answer) for one in lost.attempts.all()]
    assert all(one.ended_at for one in call.attempts.all())
    page = office.get(reverse("messages:log")).content.decode()
    assert "ご家族に伝言" in page


def test_all_messages_of_a_person_stand_together(office: Client) -> None:
    first, other, second = a_message("failed"), a_message("failed"), a_message("unknown")
    Message.objects.filter(pk=second.pk).update(recipient=first.recipient, subject="x:2")
    response = office.get(reverse("messages:list"))
    assert [row.pk for row in response.context["page"]] == [first.pk, second.pk, other.pk]
    assert response.content.decode().count('href="tel:027-224-1111"') == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"failed", "unknown", "queued"}),
        ("state=failed", {"failed"}),
        ("channel=phone", {"queued"}),
        ("state=failed&channel=phone", set()),
        ("state=nonsense", {"failed", "unknown", "queued"}),
    ],
)
def test_the_log_is_filtered_by_state_and_way(office: Client, query: str, found: set[str]) -> None:
    a_message("failed")
    a_message("unknown")
    a_message("queued", Channel.PHONE)
    page = office.get(f"{reverse('messages:log')}?{query}").context["page"]
    assert {message.state for message in page} == found


def test_the_log_finds_a_person_by_name_and_by_address(office: Client) -> None:
    message = a_message("failed")
    a_message("failed")
    Message.objects.filter(pk=message.pk).update(address="somebody@example.jp")
    for words in ("somebody", message.recipient.name):
        assert list(office.get(reverse("messages:log"), {"q": words}).context["page"]) == [message]


def test_each_day_is_counted_by_channel(office: Client) -> None:
    for state, channel in [("failed", "email"), ("unknown", "email"), ("queued", "email"), ("queued", "phone")]:
        a_message(state, channel)
    assert office.get(reverse("messages:log")).context["counts"] is None  # nobody asked for them
    counts = office.get(reverse("messages:log"), {"days": "14"}).context["counts"]
    assert [(one.written, one.arrived, one.waiting, one.lost) for one in counts] == [(3, 0, 1, 2), (1, 0, 1, 0)]


def test_the_log_needs_the_same_number_of_queries_for_three_as_for_one(
    office: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    a_message("unknown")
    with django_assert_num_queries(6):
        office.get(reverse("messages:log"))
    a_message("failed")
    a_message("failed")
    with django_assert_num_queries(6):
        office.get(reverse("messages:log"))
