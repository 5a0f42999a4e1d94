"""A hall's tablet: enrolled once by a link, logs for its desk, opens nothing else."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.models import Consultation, Desk, Opening
from consult.models.devices import LINK_LASTS, Invitation, LinkOver, Tablet
from programme.models import User
from tests.consult.rows import APART, a_desk, an_opening
from tests.mdeji.test_access import BUTTONS, ELSEWHERE, PAGES, pages_of

pytestmark = pytest.mark.django_db

Log = Callable[..., Consultation]
CASES = "/api/v1/consultations/"


@pytest.fixture(autouse=True)
def no_guesses() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def enrolled(desk: Desk, coordinator: User) -> tuple[Tablet, str]:
    """A tablet of ``desk`` and its token."""
    return Invitation.objects.make(desk=desk, name="受付", by=coordinator)[0].accept()


@pytest.fixture
def tablet(enrolled: tuple[Tablet, str]) -> Client:
    """A browser that nobody is signed in on, with the tablet's token in each request."""
    return Client(headers={"Authorization": f"Device {enrolled[1]}"})


def a_row(opening: Opening, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "opening": opening.pk, "topic": "T05", "outcome": "solved"} | more


def send(client: Client, rows: Any, **more: Any) -> tuple[int, Any]:
    answer = client.post(CASES, rows, content_type="application/json", **more)
    return answer.status_code, answer.json()


# --- What a token opens ------------------------------------------------------------------------------
def test_a_tablet_logs_for_its_desk_without_an_account(
    tablet: Client, enrolled: tuple[Tablet, str], opening: Opening
) -> None:
    row = a_row(opening)
    assert [send(tablet, row)[0] for _time in "ab"] == [201, 200]
    case = opening.consultations.get()
    assert (case.tablet, case.logged_by) == (enrolled[0], None)


def test_a_tablet_cannot_write_for_another_desk(tablet: Client, programme_facts: None) -> None:
    other = an_opening(a_desk("よろず相談所 大胡"), timezone.localdate())
    status, result = send(tablet, a_row(other))
    assert (status, result["errors"]) == (400, {"opening": ["この端末では、この相談所の記録はできません。"]})
    assert send(tablet, [a_row(other)])[1][0]["status"] == "refused"
    assert Consultation.objects.count() == 0


def test_a_tablet_takes_back_what_it_sent_and_nothing_else(
    tablet: Client, enrolled: tuple[Tablet, str], opening: Opening, log_case: Log
) -> None:
    row = a_row(opening)
    send(tablet, row)
    someones = log_case()

    def void(pk: object, reason: str = "押しまちがい") -> int:
        return tablet.post(f"{CASES}{pk}/void/", {"reason": reason}, content_type="application/json").status_code

    assert void(row["id"], "") == 400
    assert [void(row["id"]), void(row["id"]), void(someones.pk), void(uuid.uuid4())] == [200, 200, 404, 404]
    mine = Consultation.objects.get(pk=row["id"])
    assert (mine.is_void, mine.voided_by, mine.voided_on) == (True, None, enrolled[0])
    assert not Consultation.objects.get(pk=someones.pk).is_void


def test_a_tablet_reads_the_facts_and_the_counts_of_its_desk_alone(
    tablet: Client, opening: Opening, log_case: Log
) -> None:
    other = an_opening(a_desk("よろず相談所 大胡"), timezone.localdate())
    log_case("T05")
    log_case("T07")
    log_case("T05")
    facts = tablet.get("/api/v1/desk/").json()
    assert [row["id"] for row in facts["openings"]] == [opening.pk]
    assert [row["id"] for row in facts["desks"]] == [opening.desk_id]
    assert facts["device"]["name"] == "受付"
    counts = tablet.get(f"{CASES}summary/", {"opening": opening.pk}).json()
    assert (counts["count"], counts["by_topic"]) == (3, {"T05": 2, "T07": 1})
    assert tablet.get(f"{CASES}summary/", {"opening": other.pk}).status_code == 404
    assert tablet.get("/api/v1/desk/", {"opening": other.pk}).json()["openings"] == []


def test_a_tablet_reads_teams_and_counts_of_today_alone(
    tablet: Client, on_duty: User, opening: Opening, log_case: Log
) -> None:
    log_case()

    def facts(day: dt.date) -> list[tuple[int, list[str]]]:
        Opening.objects.filter(pk=opening.pk).update(date=day)
        rows = tablet.get("/api/v1/desk/", {"opening": opening.pk}).json()["openings"]
        return [(row["count"], [person["name"] for person in row["people"]]) for row in rows]

    today = timezone.localdate()
    assert facts(today) == [(1, ["当番"])]
    assert facts(today - dt.timedelta(days=1)) == [(None, [])]
    assert tablet.get(f"{CASES}summary/", {"opening": opening.pk}).status_code == 404
    assert send(tablet, a_row(opening))[0] == 201  # what was logged offline yesterday
    assert facts(today - dt.timedelta(days=60)) == []


def test_a_tablet_takes_back_within_a_day(tablet: Client, opening: Opening) -> None:
    old, fresh = a_row(opening), a_row(opening)
    send(tablet, [old, fresh])
    for row, hours in ((old, 25), (fresh, 23)):
        logged = timezone.now() - dt.timedelta(hours=hours)
        Consultation.objects.filter(pk=row["id"]).update(logged_at=logged)
    reason = {"reason": "押しまちがい"}
    answers = [
        tablet.post(f"{CASES}{row['id']}/void/", reason, content_type="application/json") for row in (old, fresh)
    ]
    assert [answer.status_code for answer in answers] == [400, 200]
    assert "1日以内" in answers[0].json()["errors"]["non_field_errors"][0]


def test_a_tablet_enters_no_paper(tablet: Client, opening: Opening) -> None:
    status, result = send(tablet, a_row(opening, source="paper"))
    assert (status, list(result["errors"])) == (400, ["source"])
    assert Consultation.objects.count() == 0


def test_a_tablet_cannot_list_cases(tablet: Client, opening: Opening, log_case: Log) -> None:
    log_case()
    assert tablet.get(CASES, {"opening": opening.pk}).status_code == 403


def test_a_token_opens_no_page_of_the_project(
    tablet: Client, enrolled: tuple[Tablet, str], opening: Opening, log_case: Log
) -> None:
    """Over the whole URL table: with a token, each page that asks who one is answers as it does to anybody."""
    case, anybody = log_case(), Client()
    tablet.cookies["desk_tablet"] = enrolled[1]
    arguments: dict[str, object] = {
        "opening": opening.pk,
        "desk": opening.desk_id,
        "case": case.pk,
        "tablet": enrolled[0].pk,
        "month": f"{timezone.localdate():%Y-%m}",
        "draft": uuid.uuid4(),
        "planned_task": 1,
        "suffix": "csv",
        "figure": "consultations",
        "kind": "case",
    }
    closed = 0
    for (name, *needed), allowed in [*PAGES.items(), *BUTTONS.items()]:
        if "anonymous" in allowed:
            continue
        try:
            address = reverse(name, args=[arguments.get(argument, 1) for argument in needed])
        except NoReverseMatch:  # an argument of another shape: such a page is not there either
            continue
        met = [(page.status_code, page.headers.get("Location")) for page in (tablet.get(address), anybody.get(address))]
        assert met[0] == met[1], name
        assert met[0][0] != 200, name
        closed += 1
    assert closed > 40
    ours = {"api-consultations", "api-desk", "api-summary", "api-void"}
    assert ours <= ELSEWHERE
    for name in {name for name in pages_of(get_resolver()) if name.startswith("api-")} - ours:
        address = reverse(name, args=[arguments["month"]] if name == "api-kpi" else [])
        assert tablet.get(address).status_code in (401, 403, 404), name


def test_the_cookie_works_as_the_header_does_but_needs_the_csrf_header(
    enrolled: tuple[Tablet, str], opening: Opening
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["desk_tablet"] = enrolled[1]
    assert send(strict, a_row(opening))[0] == 403
    assert strict.get("/api/v1/desk/").status_code == 200
    csrf = strict.cookies["csrftoken"].value
    assert send(strict, a_row(opening), headers={"X-CSRFToken": csrf})[0] == 201


def test_a_tablet_costs_three_queries_a_batch(
    tablet: Client, opening: Opening, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    send(tablet, a_row(opening))  # looks the codes up and notes that the tablet was seen
    for count in (1, 3, 100):
        with django_assert_num_queries(3 + APART):  # token, opening, INSERT with day sheets
            send(tablet, [a_row(opening) for _row in range(count)])


# --- Taken out, guessed ------------------------------------------------------------------------------
def test_a_revoked_tablet_is_told_and_what_it_sent_stays(
    tablet: Client, enrolled: tuple[Tablet, str], opening: Opening, coordinator: User
) -> None:
    send(tablet, a_row(opening))
    enrolled[0].revoke(by=coordinator)
    answer = tablet.post(CASES, a_row(opening), content_type="application/json")
    assert answer.status_code == 401
    assert "登録し直してください" in answer.json()["detail"]
    assert "X-Server-Time" in answer.headers
    assert opening.consultations.count() == 1


def test_a_revoked_tablet_cannot_be_enrolled_by_a_link_from_before(
    enrolled: tuple[Tablet, str], desk: Desk, coordinator: User
) -> None:
    links = [Invitation.objects.make(desk=desk, name="受付", by=coordinator, tablet=enrolled[0]) for _time in "ab"]
    _row, elsewhere = Invitation.objects.make(desk=desk, name="窓口", by=coordinator)
    seen_before = Invitation.objects.of_secret(links[0][1])
    enrolled[0].revoke(by=coordinator)
    for _row, secret in links:
        with pytest.raises(LinkOver):
            Invitation.objects.of_secret(secret)
    with pytest.raises(LinkOver):
        seen_before.accept()
    assert Invitation.objects.of_secret(elsewhere).name == "窓口"
    assert Tablet.objects.get().revoked_by == coordinator


def test_wrong_tokens_shut_out_no_tablet_that_shares_the_address(tablet: Client, opening: Opening) -> None:
    guess = Client(headers={"Authorization": "Device guess"})
    assert {guess.get("/api/v1/desk/").status_code for _time in range(40)} == {401}
    assert tablet.get("/api/v1/desk/").status_code == 200


def test_guesses_at_enrolment_are_slowed_down_whatever_address_the_sender_claims(settings: Any) -> None:
    url = reverse("consult:enrol", args=["guess"])
    answers = [Client().get(url, headers={"x-forwarded-for": f"192.0.2.{n}"}).status_code for n in range(32)]
    assert answers == [410] * 30 + [429] * 2
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1  # behind a proxy each sender has its own address: the last one
    answers = [Client().get(url, headers={"x-forwarded-for": f"{n}.0.0.1, 192.0.2.7"}).status_code for n in range(31)]
    assert answers == [410] * 30 + [429]
    assert Client().get(url, headers={"x-forwarded-for": "192.0.2.8"}).status_code == 410


def test_only_a_hash_of_the_token_is_kept(enrolled: tuple[Tablet, str]) -> None:
    row, token = enrolled
    kept = " ".join(str(value) for value in Tablet.objects.filter(pk=row.pk).values()[0].values())
    assert token not in kept
    assert len(token) >= 40


def test_when_a_tablet_was_seen_last_is_kept(tablet: Client, enrolled: tuple[Tablet, str]) -> None:
    tablet.get("/api/v1/desk/")
    first = Tablet.objects.get(pk=enrolled[0].pk).last_seen_at
    tablet.get("/api/v1/desk/")
    assert first is not None
    assert Tablet.objects.get(pk=enrolled[0].pk).last_seen_at == first  # not written with each request


# --- Enrolment ---------------------------------------------------------------------------------------
def test_a_link_enrols_once(desk: Desk, coordinator: User) -> None:
    _row, secret = Invitation.objects.make(desk=desk, name="受付", by=coordinator)
    first, second = Invitation.objects.of_secret(secret), Invitation.objects.of_secret(secret)
    first.accept()
    with pytest.raises(LinkOver):
        second.accept()
    with pytest.raises(LinkOver):
        Invitation.objects.of_secret(secret)
    assert Tablet.objects.count() == 1


def test_a_link_lasts_half_an_hour(desk: Desk, coordinator: User, set_now: Callable[[dt.datetime], None]) -> None:
    now = timezone.now()
    _row, secret = Invitation.objects.make(desk=desk, name="受付", by=coordinator)
    set_now(now + LINK_LASTS - dt.timedelta(seconds=5))
    assert Invitation.objects.of_secret(secret).name == "受付"
    set_now(now + LINK_LASTS + dt.timedelta(seconds=5))
    with pytest.raises(LinkOver):
        Invitation.objects.of_secret(secret)


def test_the_qr_code_opens_a_page_whose_button_enrols(
    client: Client, desk: Desk, opening: Opening, coordinator: User
) -> None:
    office, hall = client, Client()
    office.force_login(coordinator)
    page = office.post(reverse("consult:tablets"), {"desk": desk.pk, "name": "受付のタブレット"})
    assert b'class="qr"' in page.content
    link = page.context["address"].removeprefix("http://localhost:8000")
    path = link[link.index("/desks/") :]
    assert "この端末を登録する" in hall.get(path).content.decode()
    assert Tablet.objects.count() == 0  # a preview of the link changes nothing
    done = hall.post(path)
    assert "登録しました" in done.content.decode()
    cookie = done.cookies["desk_tablet"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/api/v1/")
    assert send(hall, a_row(opening))[0] == 201
    assert hall.post(path).status_code == 410
    row = Tablet.objects.get()
    assert (row.desk, row.name, row.enrolled_by) == (desk, "受付のタブレット", coordinator)


def test_enrolling_anew_ends_the_old_token(
    client: Client, tablet: Client, enrolled: tuple[Tablet, str], opening: Opening, coordinator: User
) -> None:
    send(tablet, a_row(opening))
    client.force_login(coordinator)
    page = client.post(reverse("consult:tablet", args=[enrolled[0].pk]), {"verb": "again"})
    assert tablet.get("/api/v1/desk/").status_code == 200  # until the new one is there
    path = page.context["address"]
    hall = Client()
    hall.post(path[path.index("/desks/") :])
    assert tablet.get("/api/v1/desk/").status_code == 401
    assert send(hall, a_row(opening))[0] == 201
    assert Tablet.objects.get().cases.count() == 2


def test_a_tablet_is_renamed_and_taken_out_in_the_office(
    client: Client, tablet: Client, enrolled: tuple[Tablet, str], coordinator: User
) -> None:
    client.force_login(coordinator)
    address = reverse("consult:tablet", args=[enrolled[0].pk])
    assert "端末の名前を入力してください。" in client.post(address, {"verb": "rename", "name": ""}).content.decode()
    client.post(address, {"verb": "rename", "name": "窓口"})
    assert "窓口" in client.get(reverse("consult:tablets")).content.decode()
    client.post(address, {"verb": "revoke"})
    row = Tablet.objects.get()
    assert (row.name, row.revoked_by, tablet.get("/api/v1/desk/").status_code) == ("窓口", coordinator, 401)


def test_the_list_asks_the_same_for_one_tablet_and_for_three(
    client: Client, desk: Desk, coordinator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(coordinator)
    counts = []
    for number in (1, 2, 3):
        Invitation.objects.make(desk=desk, name=f"端末{number}", by=coordinator)[0].accept()
        if number in (1, 3):
            with django_assert_num_queries(5):  # session, account, programme, tablets, desks
                counts.append(len(client.get(reverse("consult:tablets")).context["tablets"]))
    assert counts == [1, 3]
