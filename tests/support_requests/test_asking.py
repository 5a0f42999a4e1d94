"""What the group's form takes besides the least: rooms, postcodes, ways to be told, months; and what it refuses."""

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from notifications.models import Message
from programme.models import Limit, Room, Venue
from programme.tries import Tries
from support_requests.errors import TooManyThisMonth
from support_requests.forms.wishes import months_field
from support_requests.messages import confirm_url
from support_requests.models import Series, SupportRequest
from support_requests.services import confirm_by_link, revise
from support_requests.views import intake
from support_requests.views.intake import IntakeView
from tests.factories import a_hall
from tests.steps import url_of
from tests.support_requests.asking import fill_in, open_days, sent
from tests.support_requests.test_intake import errors, page_at, reach
from tests.support_requests.test_private_pages import path_of
from tests.support_requests.wishes import a_wish, ahead

pytestmark = pytest.mark.usefixtures("programme_facts")


# --- The place ------------------------------------------------------------------------------------------


def test_a_room_is_chosen_with_its_hall_and_takes_so_many_people(client: Client) -> None:
    room = Room.objects.create(venue=a_hall(), name="和室", capacity=12)
    value = f"{a_hall().pk}-{room.pk}"
    assert f"{room}(12人まで)" in page_at(client, reach(client, "place"))
    for venue in (value, str(a_hall().pk)):  # the hall has no larger one
        assert errors(venue=venue, participants="13") == {
            "venue": [f"{room}は12人までです。広い部屋か、ほかの場所を選んでください。"]
        }
    fill_in(client, sent(venue=value, participants="12"))
    asked = SupportRequest.objects.get()
    assert (asked.venue, asked.room) == (a_hall(), room)


def test_a_postcode_fills_in_the_beginning_of_the_address_once(client: Client) -> None:
    own = {"venue": "own", "own_name": "集会所", "own_postcode": "〒３７１ー００２６"}
    place = reach(client, "place")
    assert client.post(place, own)["Location"] == place
    page = page_at(client, place)
    assert 'value="前橋市大手町"' in page
    assert "つづき(番地など)を入力してください" in page
    assert "エラー" not in page
    assert client.post(place, own | {"own_address": "前橋市大手町1-1"})["Location"] != place
    data = sent(**own, own_address="前橋市大手町1-1")
    fill_in(client, data)
    venue = SupportRequest.objects.get().venue
    assert (venue.postcode, venue.address) == ("3710026", "前橋市大手町1-1")


def test_an_unknown_postcode_stands_in_nobodys_way() -> None:
    own = {"venue": "own", "own_name": "集会所", "own_address": "石倉町1"}
    assert errors(**own, own_postcode="999-9999") == {}
    assert list(errors(**own, own_postcode="371-00")) == ["own_postcode"]


def test_a_place_that_is_none_is_not_taken(client: Client) -> None:
    room = Room.objects.create(venue=a_hall(), name="和室")
    other = Room.objects.create(venue=Venue.objects.create(name="別館", district=a_hall().district), name="洋室")
    for nowhere in ("0", "-", f"-{room.pk}", f"{a_hall().pk}-0", f"{a_hall().pk}-{other.pk}", "9" * 30, "²", "own-1"):
        assert list(errors(venue=nowhere)) == ["venue"], nowhere


# --- The contact ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "given", "field"),
    [("email", {"email": ""}, "email"), ("phone", {"phone": ""}, "phone"), ("phone", {}, ""), ("email", {}, "")],
)
def test_the_way_to_be_told_needs_its_address(way: str, given: dict[str, str], field: str) -> None:
    assert list(errors(preferred=way, **given)) == ([field] if field else [])


def test_who_wants_calls_only_is_called_though_there_is_a_mail_address(client: Client) -> None:
    page = fill_in(client, sent(preferred="phone")).content.decode()
    assert "事務局から 027-224-1111 へお電話して" in page
    assert Message.objects.get().channel == "phone"


def test_an_sms_proves_a_mobile_number_where_sms_can_be_sent(client: Client) -> None:
    assert list(errors(preferred="sms", email="")) == ["phone"]
    page = fill_in(client, sent(email="", phone="０９０ー１２３４ー５６７８")).content.decode()
    message = Message.objects.get()
    assert "SMSで確認のリンクを送りました" in page
    assert (message.channel, message.address) == ("sms", "+819012345678")
    link = re.search(r"/s/\w+", message.short)
    assert link
    shown = client.get(link[0], follow=True)
    client.post(shown.redirect_chain[-1][0])
    contact = SupportRequest.objects.get().group.contact
    assert SupportRequest.objects.get().status == "confirmed"
    assert (contact.sms_proved_at is None, contact.email_proved_at) == (False, None)


# --- Every month ----------------------------------------------------------------------------------------


def test_every_month_begins_a_series_that_knows_its_last_month(client: Client) -> None:
    fill_in(client, sent(months="3"))
    first = timezone.localdate(SupportRequest.objects.get().times.all()[0].starts_at)
    last = Series.objects.get().last_month
    assert (last.year * 12 + last.month) - (first.year * 12 + first.month) == 2
    assert SupportRequest.objects.get().series == Series.objects.get()


def test_once_begins_none(client: Client) -> None:
    fill_in(client, sent())
    assert Series.objects.count() == 0


# --- Refused --------------------------------------------------------------------------------------------


def month_of(day: dt.date) -> list[dt.date]:
    return [other for other in open_days() if (other.year, other.month) == (day.year, day.month)]


def test_one_group_has_so_many_requests_a_month_however_it_writes_its_name(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=2)
    days = next(month for day in open_days() if len(month := month_of(day)) > 4)
    own = [{"start_1": (day.isoformat(), "10:00"), "start_2": ("", ""), "start_3": ("", "")} for day in days]
    fill_in(client, sent(**own[0]))
    fill_in(client, sent(**own[1], email="jiro@example.jp", phone="", group_name="ひまわり　会"))
    for asked in SupportRequest.objects.all():
        confirm_by_link(asked)
    page = fill_in(client, sent(**own[2], email="saburo@example.jp")).content.decode()
    assert "1か月に2回までです" in page
    assert SupportRequest.objects.count() == 2
    SupportRequest.objects.all()[0].withdraw(by=None, reason="")
    fill_in(client, sent(**own[2], email="saburo@example.jp"))
    fill_in(client, sent(**own[3], email="shiro@example.jp", phone="", group_name="つばき会"))
    assert SupportRequest.objects.count() == 4


def test_what_nobody_proved_blocks_no_group_that_has_its_name(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=2)
    month = next(month for day in open_days() if len(month := month_of(day)) > 4)
    wanted = [{"start_1": (day.isoformat(), "10:00"), "start_2": ("", ""), "start_3": ("", "")} for day in month]
    strangers = [f"nobody{number}@example.jp" for number in range(3)]
    for mail in strangers:
        fill_in(client, sent(**wanted[0], email=mail, phone=""))
    fill_in(client, sent(**wanted[0]))
    group = SupportRequest.objects.get(group__contact__email="hanako@example.jp")
    confirm_by_link(group)
    assert SupportRequest.objects.get(pk=group.pk).status == "confirmed"


def test_whoever_types_one_address_again_and_again_has_so_many_requests_a_month(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=2)
    for name in ("ひまわり会", "つばき会", "さくら会"):
        page = fill_in(client, sent(group_name=name, phone="")).content.decode()
    assert "1か月に2回までです" in page
    assert SupportRequest.objects.count() == 2


def test_of_many_typed_at_different_addresses_so_many_can_be_proved(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=2)
    for number in range(3):
        fill_in(client, sent(email=f"one{number}@example.jp", phone=""))
    first, second, third = SupportRequest.objects.order_by("pk")
    confirm_by_link(first)
    confirm_by_link(second)
    page = client.post(path_of(confirm_url(third)), follow=True).content.decode()
    assert "1か月に2回までです" in page
    assert SupportRequest.objects.get(pk=third.pk).status == "received"


def test_no_wish_and_no_change_goes_into_a_full_month(client: Client) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=1)
    month = next(month for day in open_days() if len(month := month_of(day)) > 3)
    other = next(day for day in open_days() if (day.year, day.month) != (month[0].year, month[0].month))
    full, free = [(day.isoformat(), "10:00") for day in month], (other.isoformat(), "10:00")
    fill_in(client, sent(start_1=full[0], start_2=("", ""), start_3=("", "")))
    data = sent(start_1=free, start_2=full[1], start_3=("", ""))
    page = fill_in(client, data).content.decode()
    assert "1か月に1回までです" in page
    fill_in(client, sent(start_1=free, start_2=("", ""), start_3=("", "")))
    second = SupportRequest.objects.latest("pk")
    wish = a_wish(starts=[ahead(month[2])], email="hanako@example.jp")
    with pytest.raises(TooManyThisMonth):
        revise(second, wish, by=None)
    revise(second, replace(wish, starts=[ahead(other, 14)]), by=None)
    assert SupportRequest.objects.count() == 2


def test_how_often_is_asked_in_the_language_of_the_page() -> None:
    with override("en"):
        assert [label for value, label in months_field().choices if "月" in str(label)] == []


def test_the_office_may_take_down_more(client: Client, coordinator: Any) -> None:
    Limit.objects.filter(code="requests_a_month").update(value=1)
    client.force_login(coordinator)
    for _ in range(2):
        client.post("/requests/phone/", sent(intake="paper", months="1"))
    assert SupportRequest.objects.count() == 2


def test_one_connection_cannot_send_for_ever_and_loses_nothing(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(intake, "TRIES", Tries("request", at_most=1, within=60))
    fill_in(client, sent())
    data = sent(email="jiro@example.jp")
    page = fill_in(client, data).content.decode()
    assert "短い時間にたくさん送られたため" in page
    assert 'value="jiro@example.jp"' in page_at(client, url_of(IntakeView, data["form_id"], "contact"))
    stranger = Client(REMOTE_ADDR="203.0.113.9")
    fill_in(stranger, data | {"form_id": sent()["form_id"]})
    assert SupportRequest.objects.count() == 2


# --- On paper -------------------------------------------------------------------------------------------


def headings(page: str) -> list[str]:
    return [re.sub(r"^\d\. ", "", text) for text in re.findall(r"<h2>([^<]+)</h2>", page)]


def test_paper_telephone_and_web_ask_in_the_same_order(client: Client, coordinator: Any) -> None:
    on_paper = headings(page_at(client, "/requests/paper/"))
    client.force_login(coordinator)
    assert headings(page_at(client, "/requests/phone/")) == on_paper
    asked = [str(step.question) for step in IntakeView.steps if step.slug not in ("level", "times")]
    assert asked == on_paper


def test_the_sheet_leads_to_the_form_by_its_qr_code(client: Client) -> None:
    page = page_at(client, "/requests/paper/")
    assert 'aria-label="ウェブで申し込むためのQRコード"' in page
    assert 'href="/requests/paper/"' in page_at(client, "/requests/")
