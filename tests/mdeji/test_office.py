"""The office's home page: what to do next, in order, and nothing when all is done."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consult.models import MonthReport
from mdeji.models import Snooze
from notifications.models import Channel, Message
from programme.fiscal import Month
from programme.models import Limit, User, Venue
from programme.wording import say_moment
from support_requests.models import Plan, PlannedTask, Session, SupportRequest
from supporters.models import Consent, Supporter, TrainingCompletion
from tests.factories import (
    ContactFactory,
    GroupFactory,
    SupporterFactory,
    SupportRequestFactory,
    UserFactory,
    a_shift,
    an_offer,
    at,
)

pytestmark = pytest.mark.usefixtures("programme_facts")

OFFICE = "/office/"


@pytest.fixture
def office(client: Client, coordinator: User) -> Client:
    """Signed in, with last month closed."""
    client.force_login(coordinator)
    close(Month.of(timezone.localdate()).previous, coordinator)
    return client


def close(month: Month, by: User) -> None:
    MonthReport.objects.create(year=month.year, month=month.month, closed_by=by, sha256="0" * 64)


def jobs(client: Client) -> list[tuple[str, int]]:
    return [(job.title, job.count) for job in client.get(OFFICE).context["jobs"]]


def a_message(**facts: str) -> Message:
    kind = str(Message.objects.count())
    return Message.objects.create(kind=kind, recipient=ContactFactory(), address="x", title="x", body="x", **facts)


def a_past_session(status: str) -> Session:
    request = SupportRequestFactory(status=status)
    return Session.objects.create(request=request, shift=a_shift(purpose="session", days=-2))


def test_only_coordinators_have_an_office(client: Client, officer: User, desk_account: User) -> None:
    assert client.get(OFFICE).status_code == 302
    for user in (officer, desk_account, UserFactory(), SupporterFactory().user):
        client.force_login(user)
        assert client.get(OFFICE).status_code == 404


def test_the_office_is_empty_when_the_work_is_done(office: Client) -> None:
    assert jobs(office) == []
    assert "今することはありません。お疲れさまでした。" in office.get(OFFICE).content.decode()


def test_every_page_of_the_office_is_one_tap_away(office: Client) -> None:
    text = office.get(OFFICE).content.decode()
    names = [
        "supporters:people",
        "support_requests:list",
        "support_requests:phone_in",
        "support_requests:plans",
        "consult:openings",
        "consult:activities",
        "messages:list",
        "kpi:months",
    ]
    assert [name for name in names if f'href="{reverse(name)}"' not in text] == []


def test_the_settings_are_offered_to_coordinators_who_may_all_open_them(office: Client) -> None:
    settings_page = reverse("admin:index")
    assert f'href="{settings_page}"' in office.get(OFFICE).content.decode()
    assert office.get(settings_page).status_code == 200


# --- Requests and shifts -------------------------------------------------------------------------------


def test_a_place_without_anybody_asked_is_work_within_two_weeks(office: Client) -> None:
    a_shift(days=13)
    a_shift(days=15)
    a_shift(days=2).cancel(by=None, reason="台風")
    an_offer(a_shift(days=3), SupporterFactory())
    assert jobs(office) == [("人がたりず、だれにもお願いしていない活動", 1)]
    assert f"一番近いものは {say_moment(at(13))} です。" in office.get(OFFICE).content.decode()


def test_a_place_whose_offer_lapsed_is_work_again(office: Client) -> None:
    shift = a_shift(days=3)
    an_offer(shift, SupporterFactory())
    shift.assignments.update(answer_by=timezone.now())
    assert jobs(office) == [("人がたりず、だれにもお願いしていない活動", 1)]


def test_groups_without_mail_are_rung_at_once_and_others_after_two_days(office: Client) -> None:
    status = SupportRequest.Status.RECEIVED
    by_phone = GroupFactory(contact=ContactFactory(email="", phone="027-000-0000"))
    SupportRequestFactory(status=status, group=by_phone)
    SupportRequestFactory(status=status)
    SupportRequestFactory(status=status, received_at=timezone.now() - dt.timedelta(days=3))
    assert jobs(office) == [("電話で確認する申込み", 2)]


def test_an_open_request_is_work_until_a_plan_that_serves_it_is_ready(office: Client) -> None:
    request = SupportRequestFactory()
    assert jobs(office) == [("日時とサポーターが決まっていない申込み", 1)]
    plan = Plan.objects.create(first=at(1).date(), last=at(20).date(), status=Plan.Status.READY)
    task = PlannedTask.objects.create(plan=plan, request=request)
    assert jobs(office) == [("日時とサポーターが決まっていない申込み", 1)]
    PlannedTask.objects.filter(pk=task.pk).update(starts_at=at(14))
    assert jobs(office) == [("承認を待っている計画", 1)]


def test_a_request_whose_times_are_gone_needs_a_talk_with_the_group(office: Client) -> None:
    SupportRequestFactory(wishes=[at(-3), at(-2)])
    a_past_session(SupportRequest.Status.PLANNED)
    assert jobs(office) == [("希望の日時が過ぎてしまった申込み", 2)]


def test_a_session_that_is_over_wants_its_report(office: Client) -> None:
    a_past_session(SupportRequest.Status.BOOKED)
    reported = a_past_session(SupportRequest.Status.BOOKED)
    reported.record_report(by=None, attendees=3, topics=[], present=[])
    coming = SupportRequestFactory(status=SupportRequest.Status.BOOKED)
    Session.objects.create(request=coming, shift=a_shift(purpose="session", days=20))
    assert jobs(office) == [("報告がまだの活動", 1)]


# --- Telling -------------------------------------------------------------------------------------------


def test_calls_to_make_and_messages_that_nobody_knows_of_are_work(office: Client) -> None:
    for state in ("unknown", "failed", "queued", "cancelled"):
        a_message(channel=Channel.EMAIL, state=state)
    a_message(channel=Channel.PHONE, state="queued")
    a_message(channel=Channel.PHONE, state="sent", sent_at=timezone.now())
    assert jobs(office) == [("電話で伝えること・届いたか分からない連絡", 3)]


# --- People --------------------------------------------------------------------------------------------


def test_who_applied_and_who_finished_training_is_work(office: Client) -> None:
    SupporterFactory(status=Supporter.Status.APPLIED)
    SupporterFactory(status=Supporter.Status.TRAINING)
    TrainingCompletion.objects.filter(supporter=SupporterFactory(status=Supporter.Status.TRAINING)).delete()
    assert jobs(office) == [("サポーターの申込み", 1), ("研修が終わり、活動を始められるサポーター", 1)]


def test_a_minor_without_a_standing_consent_is_work(office: Client) -> None:
    birthday = timezone.localdate().replace(day=1)
    young = [SupporterFactory(birth_date=birthday.replace(year=birthday.year - 16)) for _ in range(3)]
    SupporterFactory(birth_date=birthday.replace(year=birthday.year - 18))
    given = timezone.now()
    Consent.objects.create(supporter=young[0], guardian=young[0].contact, given_at=given)
    Consent.objects.create(supporter=young[1], guardian=young[1].contact, given_at=given, revoked_at=given)
    assert jobs(office) == [("保護者の同意がない18歳未満のサポーター", 2)]


# --- Figures -------------------------------------------------------------------------------------------


def test_last_month_is_to_be_closed(client: Client, coordinator: User, set_now: Callable[[dt.datetime], None]) -> None:
    client.force_login(coordinator)
    set_now(dt.datetime(2026, 1, 10, tzinfo=dt.UTC))
    assert jobs(client) == [("締めていない月", 1)]
    close(Month(2025, 10), coordinator)
    assert jobs(client) == [("締めていない月", 2)]
    close(Month(2025, 12), coordinator)
    assert jobs(client) == [("締めていない月", 1)]  # November
    close(Month(2025, 11), coordinator)
    assert jobs(client) == []


# --- The whole -----------------------------------------------------------------------------------------


def _one_of_each() -> None:
    a_shift(days=3)
    a_message(channel=Channel.PHONE, state="queued")
    SupportRequestFactory(status=SupportRequest.Status.RECEIVED, received_at=timezone.now() - dt.timedelta(days=3))
    plan = Plan.objects.create(first=at(1).date(), last=at(20).date(), status=Plan.Status.READY)
    for days in (3, 4):
        PlannedTask.objects.create(plan=plan, shift=a_shift(days=-days), starts_at=at(days))
    SupportRequestFactory()
    a_past_session(SupportRequest.Status.PLANNED)
    a_past_session(SupportRequest.Status.BOOKED)
    SupporterFactory(status=Supporter.Status.APPLIED)
    SupporterFactory(status=Supporter.Status.TRAINING)
    SupporterFactory(birth_date=timezone.localdate() - dt.timedelta(days=16 * 365))


def _queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(OFFICE)
    return len(queries)


def test_jobs_stand_in_the_order_of_work_in_a_constant_number_of_queries(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    _one_of_each()
    one = _queries(client)
    _one_of_each()
    _one_of_each()
    assert _queries(client) <= one  # of some kinds nothing is among the first tasks
    assert jobs(client) == [
        ("人がたりず、だれにもお願いしていない活動", 3),
        ("電話で伝えること・届いたか分からない連絡", 3),
        ("電話で確認する申込み", 3),
        ("承認を待っている計画", 3),
        ("日時とサポーターが決まっていない申込み", 3),
        ("希望の日時が過ぎてしまった申込み", 3),
        ("報告がまだの活動", 3),
        ("サポーターの申込み", 3),
        ("研修が終わり、活動を始められるサポーター", 3),
        ("保護者の同意がない18歳未満のサポーター", 3),
        ("締めていない月", 1),
    ]


def test_a_session_within_two_days_whose_team_is_not_complete_is_work(
    office: Client, set_now: Callable[[dt.datetime], None]
) -> None:
    title = "もうすぐなのに、サポーターがそろっていない出張サポート"
    shift = a_shift(purpose="session", days=7)
    Session.objects.create(request=SupportRequestFactory(status="planned"), shift=shift)
    assert title not in dict(jobs(office))
    set_now(shift.starts_at - dt.timedelta(hours=47))
    assert dict(jobs(office))[title] == 1
    SupportRequest.objects.update(status="booked")
    assert title not in dict(jobs(office))


def test_a_session_for_which_its_venue_is_not_open_any_more_is_work(office: Client) -> None:
    title = "会場が開いている時間の外になった活動"
    shift = a_shift(purpose="session", days=7)
    Session.objects.create(request=SupportRequestFactory(status="booked"), shift=shift)
    starts, ends = (timezone.localtime(it).time() for it in (shift.starts_at, shift.ends_at))
    venue = Venue.objects.filter(pk=shift.venue_id)
    for opens, closes, expected in (
        (starts, ends, False),
        (dt.time(starts.hour, 1), dt.time(23), True),
        (dt.time(0), dt.time(ends.hour - 1, 59), True),
        (None, None, False),
    ):
        venue.update(opens=opens, closes=closes)
        assert (title in dict(jobs(office))) is expected
    venue.update(opens=dt.time(0), closes=dt.time(1))
    assert title in dict(jobs(office))
    SupportRequest.objects.update(status="reported")
    assert title not in dict(jobs(office))


# --- One list ------------------------------------------------------------------------------------------


def tasks(client: Client) -> list[tuple[str, int]]:
    return [(task.kind, task.key) for task in client.get(OFFICE).context["tasks"]]


def put_off(client: Client, kind: str, key: int, **facts: object) -> HttpResponse:
    form = {"kind": kind, "key": key, "about": "x", "days": 3, "reason": "団体の返事待ち"} | facts
    return client.post(reverse("snooze"), form)


def test_the_list_goes_by_what_is_due_first_whatever_its_kind(office: Client) -> None:
    near, far = a_shift(days=3), a_shift(days=12)
    old = SupportRequestFactory(received_at=timezone.now() - dt.timedelta(days=10))
    fresh = SupportRequestFactory()
    session = a_past_session(SupportRequest.Status.BOOKED)
    asked = an_offer(a_shift(days=30), SupporterFactory())
    asked.shift.assignments.update(answer_by=timezone.now() + dt.timedelta(hours=5))
    assert tasks(office) == [
        ("request", old.pk),  # three days after it came
        ("people", near.pk),  # five days before it begins
        ("offer", asked.pk),
        ("report", session.pk),  # three days after it ended
        ("request", fresh.pk),
        ("people", far.pk),
    ]


def test_what_is_put_off_is_gone_until_its_day_and_says_why(
    office: Client, set_now: Callable[[dt.datetime], None]
) -> None:
    one, other = SupportRequestFactory(), SupportRequestFactory()
    put_off(office, "request", one.pk)
    page = office.get(OFFICE)
    assert tasks(office) == [("request", other.pk)]
    assert jobs(office) == [("日時とサポーターが決まっていない申込み", 1)]
    assert "団体の返事待ち" in page.content.decode()
    set_now(timezone.now() + dt.timedelta(days=3))
    assert set(tasks(office)) == {("request", one.pk), ("request", other.pk)}


def test_it_can_be_brought_back_at_once(office: Client) -> None:
    one = SupportRequestFactory()
    put_off(office, "request", one.pk)
    office.post(reverse("wake", args=[Snooze.objects.get().pk]))
    assert tasks(office) == [("request", one.pk)]


def test_without_a_reason_nothing_is_put_off_and_the_field_says_so(office: Client) -> None:
    one = SupportRequestFactory()
    page = put_off(office, "request", one.pk, reason=" ")
    assert page.content.decode().count("＊あとにする理由を入力してください。") == 1
    assert tasks(office) == [("request", one.pk)]


def test_the_form_to_put_a_task_off_is_made_when_its_link_is_followed(office: Client) -> None:
    one, other = SupportRequestFactory(), SupportRequestFactory()
    page = office.get(OFFICE).content.decode()
    assert 'name="reason"' not in page
    for asked in (one, other):
        assert f'href="{OFFICE}?later=request:{asked.pk}#later"' in page
        form = office.get(OFFICE, {"later": f"request:{asked.pk}"}).content.decode()
        assert form.count('name="reason"') == 1
        assert f'name="key" value="{asked.pk}"' in form


@pytest.mark.parametrize("facts", [{"kind": "nothing"}, {"key": "x"}, {"days": "9999"}])
def test_only_what_the_list_offers_can_be_put_off(office: Client, facts: dict[str, str]) -> None:
    put_off(office, **({"kind": "request", "key": 1} | facts))
    assert not Snooze.objects.exists()


def test_a_click_confirms_a_request_by_telephone(office: Client) -> None:
    by_phone = GroupFactory(contact=ContactFactory(email="", phone="027-000-0000"))
    one = SupportRequestFactory(status=SupportRequest.Status.RECEIVED, group=by_phone)
    (task,) = office.get(OFFICE).context["tasks"]
    office.post(task.press.url)
    one.refresh_from_db()
    assert one.status == SupportRequest.Status.CONFIRMED


def test_each_button_of_the_list_does_what_it_says(office: Client) -> None:
    a_message(channel=Channel.PHONE, state="queued")
    SupporterFactory(status=Supporter.Status.APPLIED)
    SupporterFactory(status=Supporter.Status.TRAINING)
    for task in office.get(OFFICE).context["tasks"]:
        office.post(task.press.url, {task.press.name: task.press.value})
    assert "message" not in dict(tasks(office))
    assert set(Supporter.objects.values_list("status", flat=True)) == {"training", "active"}


def test_who_was_not_heard_of_for_long_is_asked_how_they_are(office: Client) -> None:
    long_ago = timezone.now() - dt.timedelta(days=200)
    silent = SupporterFactory(applied_at=long_ago)
    SupporterFactory(applied_at=long_ago, status=Supporter.Status.PAUSED)
    SupporterFactory()
    lately = SupporterFactory(applied_at=long_ago)
    an_offer(a_shift(days=20), lately).decline(by=None)
    assert [one for one in tasks(office) if one[0] == "silent"] == [("silent", silent.pk)]
    Limit.objects.filter(pk="silent_days").update(value=0)
    assert [one for one in tasks(office) if one[0] == "silent"] == []


def test_who_comes_of_age_soon_is_asked_to_stay(office: Client) -> None:
    today = timezone.localdate()
    soon = SupporterFactory(birth_date=today.replace(year=today.year - 18) + dt.timedelta(days=5))
    SupporterFactory(birth_date=today.replace(year=today.year - 17))
    assert [one for one in tasks(office) if one[0] == "birthday"] == [("birthday", soon.pk)]


def test_a_year_of_work_is_one_page_in_as_many_queries_as_a_day(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    _one_of_each()
    one = _queries(client)
    for months in range(1, 13):
        SupportRequestFactory(received_at=timezone.now() - dt.timedelta(days=30 * months))
        a_message(channel=Channel.PHONE, state="queued")
        for _ in range(3):
            _one_of_each()
    assert _queries(client) <= one  # of some kinds nothing is among the first tasks
    found = client.get(OFFICE).context["tasks"]
    assert len(found) == 20
    assert [task.due for task in found] == sorted(task.due for task in found)
