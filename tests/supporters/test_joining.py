"""Open places: people see what they can take, and take it or apply for it; the office chooses."""

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Message
from programme.errors import Refused
from programme.models import User, Venue
from supporters import joining
from supporters.errors import NotActive, NotOpen, OfferClosed, ShiftFull
from supporters.joining import join, open_places
from supporters.models import Assignment, Shift
from supporters.situations import Situation, situation
from supporters.tasks import lapse_offers
from tests.factories import SupporterFactory, a_hall, a_shift, an_offer, at

pytestmark = pytest.mark.usefixtures("programme_facts")

Status = Assignment.Status
Joining = Shift.Joining


def test_who_applies_is_chosen_by_the_office_and_the_others_are_thanked(coordinator: User) -> None:
    shift = a_shift(joining=Joining.CHOICE)
    first, second = (join(shift, SupporterFactory.create(), by=None) for _ in range(2))
    assert {first.status, second.status} == {Status.APPLIED}
    assert Assignment.objects.held().count() == 0
    first.choose(by=coordinator)
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.ACCEPTED, Status.NOT_CHOSEN)
    told = {message.kind: message.recipient_id for message in Message.objects.all()}
    assert told == {"accepted": first.supporter.contact_id, "not_chosen": second.supporter.contact_id}
    second.pass_over(by=coordinator)  # once is enough
    assert Message.objects.count() == 2


def test_an_application_may_be_taken_back_and_is_not_an_offer() -> None:
    row = join(a_shift(joining=Joining.CHOICE), SupporterFactory.create(), by=None)
    with pytest.raises(OfferClosed):
        row.accept(by=None)
    row.decline(by=None)
    assert (row.status, situation(row)) == (Status.DECLINED, Situation.DECLINED)


def test_applying_twice_is_applying_once_and_who_is_asked_need_not_apply() -> None:
    shift, person, asked = (
        a_shift(joining=Joining.CHOICE, needed=2),
        SupporterFactory.create(),
        SupporterFactory.create(),
    )
    assert join(shift, person, by=None) == join(shift, person, by=None)
    offer = an_offer(shift, asked)
    assert join(shift, asked, by=None) == offer
    assert shift.assignments.count() == 2


def test_a_place_that_the_office_gives_out_itself_is_neither_shown_nor_taken() -> None:
    shift, person = a_shift(joining=Joining.CLOSED), SupporterFactory.create()
    assert open_places(person) == []
    with pytest.raises(NotOpen):
        join(shift, person, by=None)


def test_where_the_office_chooses_a_place_that_somebody_is_asked_for_is_not_shown() -> None:
    person = SupporterFactory.create()
    first_come, choice = a_shift(days=7, joining=Joining.FIRST_COME), a_shift(days=8, joining=Joining.CHOICE)
    assert open_places(person) == [first_come, choice]
    for shift in (first_come, choice):
        an_offer(shift, SupporterFactory.create())
    assert open_places(person) == [first_come]


def test_a_place_nearby_is_found_however_many_are_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "PLACES_LOOKED_AT", 2)
    person, near = SupporterFactory.create(), a_hall()
    person.areas.set([near.district])
    far = Venue.objects.exclude(district=near.district).first()
    for hour in (9, 12, 15):
        a_shift(days=3, hour=hour, venue=far)
    place = a_shift(days=4, venue=near)
    assert open_places(person) == [place]


def test_who_applied_and_rests_now_reads_so_when_applying_again() -> None:
    shift, person = a_shift(joining=Joining.CHOICE), SupporterFactory.create()
    join(shift, person, by=person.user)
    person.pause(by=person.user)
    with pytest.raises(NotActive):
        join(shift, person, by=person.user)


def test_a_full_shift_takes_no_application() -> None:
    shift = a_shift(joining=Joining.CHOICE)
    an_offer(shift, SupporterFactory.create()).accept(by=None)
    with pytest.raises(ShiftFull):
        join(shift, SupporterFactory.create(), by=None)


def test_a_cancelled_shift_tells_its_applicants(coordinator: User) -> None:
    shift = a_shift(joining=Joining.CHOICE)
    row = join(shift, SupporterFactory.create(), by=None)
    assert shift.cancel(by=coordinator, reason="大雪", cause=Shift.Cause.WEATHER) == [row]
    row.refresh_from_db()
    assert (row.status, situation(row)) == (Status.CANCELLED, Situation.CANCELLED)


def test_an_application_for_what_has_begun_is_over() -> None:
    row = join(a_shift(joining=Joining.CHOICE), SupporterFactory.create(), by=None)
    Shift.objects.update(starts_at=at(-1), ends_at=at(-1, 12))
    lapse_offers()
    row.refresh_from_db()
    assert row.status == Status.NOT_CHOSEN


def test_a_supporter_applies_in_two_taps_and_sees_it_on_the_own_page(client: Client) -> None:
    shift, person = a_shift(joining=Joining.CHOICE), SupporterFactory.create()
    client.force_login(person.user)
    assert reverse("supporters:places") in client.get(reverse("supporters:home")).content.decode()
    assert "応募する" in client.get(reverse("supporters:places")).content.decode()
    page = client.post(reverse("supporters:places"), {"shift": shift.pk}, follow=True).content.decode()
    assert "応募しました。" in page
    assert "応募中" in client.get(reverse("supporters:home")).content.decode()
    gone = client.post(reverse("supporters:places"), {"shift": "no"})
    assert gone.status_code == 404


def test_who_asked_for_a_stand_in_is_not_offered_their_own_place() -> None:
    shift, person, other = a_shift(joining=Joining.FIRST_COME), SupporterFactory.create(), SupporterFactory.create()
    row = join(shift, person, by=None)
    row.want_stand_in(by=None)
    assert (open_places(person), open_places(other)) == ([], [shift])


def test_who_takes_a_place_reads_where_it_is_and_who_rests_why_there_is_none(client: Client) -> None:
    shift, person = a_shift(joining=Joining.FIRST_COME), SupporterFactory.create()
    client.force_login(person.user)
    page = client.post(reverse("supporters:places"), {"shift": shift.pk}, follow=True).content.decode()
    assert "決まりました。マイページにあります。" in page
    person.pause(by=None, reason="")
    page = client.get(reverse("supporters:places")).content.decode()
    assert "今はお休み中です。" in page
    assert "また見に来てください" not in page


# --- The office's page ---------------------------------------------------------------------------------
@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    client.force_login(coordinator)
    return client


def answer(office: Client, row: Assignment, answer: str) -> str:
    path = reverse("supporters:shift", args=[row.shift_id])
    page = office.post(path, {"assignment": row.pk, "answer": answer}, follow=True).content.decode()
    row.refresh_from_db()
    return page


def test_the_office_notes_what_people_say_by_telephone(office: Client, coordinator: User) -> None:
    row = an_offer(a_shift(), SupporterFactory.create())
    answer(office, row, "accept")
    assert (row.status, row.moves.last().by) == (Status.ACCEPTED, coordinator)
    answer(office, row, "leave")
    assert row.status == Status.STANDING_IN_WANTED
    answer(office, row, "accept")
    assert row.status == Status.ACCEPTED
    other = an_offer(a_shift(days=9), SupporterFactory.create())
    answer(office, other, "decline")
    assert other.status == Status.DECLINED
    answer(office, other, "take")  # "やはり行ける"
    assert Assignment.objects.held().filter(supporter=other.supporter).count() == 1


def test_the_office_chooses_on_the_page_and_hears_why_it_cannot(office: Client) -> None:
    shift = a_shift(joining=Joining.CHOICE)
    rows = [join(shift, SupporterFactory.create(), by=None) for _ in range(3)]
    answer(office, rows[0], "pass_over")
    answer(office, rows[1], "choose")
    assert [Assignment.objects.get(pk=row.pk).status for row in rows] == ["not_chosen", "accepted", "not_chosen"]
    assert "もう「ほかの方に決定」になっています" in answer(office, rows[2], "choose")


def test_the_office_says_how_open_places_are_filled(office: Client) -> None:
    shift = a_shift(joining=Joining.FIRST_COME)
    office.post(reverse("supporters:shift", args=[shift.pk]), {"joining": "choice"})
    shift.refresh_from_db()
    assert shift.joining == Joining.CHOICE


def test_the_pages_ask_the_database_as_often_for_three_as_for_one(
    client: Client, coordinator: User, django_assert_max_num_queries
) -> None:
    person = SupporterFactory.create()
    counts = []
    for number in (1, 2):
        shifts = [a_shift(days=7 + 3 * number + n, joining=Joining.CHOICE) for n in range(number)]
        for _ in range(number):
            an_offer(shifts[0], SupporterFactory.create()).decline(by=None)
        for user, path in ((person.user, "supporters:places"), (coordinator, "supporters:shift")):
            client.force_login(user)
            args = [shifts[0].pk] if path.endswith("shift") else []
            client.get(reverse(path, args=args))
            with django_assert_max_num_queries(60) as asked:
                client.get(reverse(path, args=args))
            counts.append(len(asked))
    assert counts[:2] == counts[2:]


# --- Minors --------------------------------------------------------------------------------------------
def test_a_refusal_leaves_no_application_behind() -> None:
    shift = a_shift(joining=Joining.CHOICE)
    paused = SupporterFactory.create(status="paused")
    with pytest.raises(Refused):
        join(shift, paused, by=None)
    assert not Assignment.objects.exists()
