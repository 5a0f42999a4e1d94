"""Everything that is held of a person: to read, to take along, and to have erased so that every figure stays."""

import datetime as dt
import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from consult.kpi.counting import state
from consult.kpi.definitions import in_force
from consult.kpi.ledger import close_month
from consult.models import Consultation, FrozenFigure, MonthReport, ProposedCorrection
from consult.tasks import propose_corrections
from mdeji.demo import LOGINS, load_demo
from notifications import links
from notifications.models import Contact, Message, Suppression
from notifications.outbox import send_code
from programme import own_data
from programme.errors import ChangedMeanwhile
from programme.fiscal import Month
from programme.models import District, Entry, Role, User
from support_requests.messages import STATUS
from supporters import erasing
from supporters.errors import Erased
from supporters.models import Absence, Assignment, CalendarAddress, Consent, Honorarium, Shift, Supporter, SupporterMove
from supporters.own_data import person_of, rough_birth_date
from supporters.services import set_free_times
from supporters.tasks import erase_due
from supporters.views.registering import RegistrationView
from tests.factories import ContactFactory, SupporterFactory, SupportRequestFactory, UserFactory, a_shift, an_offer, at
from tests.steps import url_of
from tests.support_requests.booking import a_booked_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]

# Links to a contact that is not a supporter's, and a row that only repeats what another tells.
OTHERS = {
    ("support_requests.Group", "contact"),
    ("support_requests.Group", "new_contact"),
    ("consult.Reservation", "contact"),  # erased after its day: consult.reserving.forget
    ("supporters.Claim", "supporter"),  # the hours of an assignment once more
    ("consult.StandingTeam", "people"),  # through StandingMember
}


def links_to_people() -> Iterator[tuple[str, str]]:
    """(model, field) of each link to a user, a supporter or a contact."""
    for model in apps.get_models():
        for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
            if field.related_model in (User, Supporter, Contact):
                yield model._meta.label, field.name


def test_every_link_to_a_person_is_in_somebodys_part() -> None:
    told = {(part.model._meta.label, link) for part in own_data.holdings() for link in part.covers}
    done = {(deed.model._meta.label, deed.field) for deed in own_data.deeds()}
    assert set(links_to_people()) == told | done | OTHERS


# --- To read and to take along ---------------------------------------------------------------------------
@pytest.fixture
def somebody(client: Client) -> Supporter:
    """Signed in, with a duty, an absence and a calendar address."""
    supporter = SupporterFactory(name="見本 𠮷子", kana="みほん よしこ", contact=ContactFactory(phone="090-1111-2222"))
    an_offer(a_shift(title="上川淵の相談所"), supporter).accept(by=supporter.user)
    Absence.objects.create(supporter=supporter, starts_at=at(20), ends_at=at(21), reason="通院のため")
    CalendarAddress.renew(supporter)
    client.force_login(supporter.user)
    return supporter


def test_the_file_has_what_the_person_told_and_was_told(client: Client, somebody: Supporter) -> None:
    response = client.get(reverse("supporters:own_data_file"))
    assert response.headers["Content-Disposition"].startswith('attachment; filename="mdeji-')
    assert response.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    data = json.loads(response.content)["data"]
    assert data["supporters.Supporter"]["rows"][0]["name"] == "見本 𠮷子"
    assert data["notifications.Contact"]["rows"][0]["phone"] == "090-1111-2222"
    assert [row["reason"] for row in data["supporters.Absence"]["rows"]] == ["通院のため"]
    assert [row["shift__title"] for row in data["supporters.Assignment"]["rows"]] == ["上川淵の相談所"]
    assert len(data["notifications.Message"]["rows"]) == Message.objects.filter(recipient=somebody.contact).count() > 0
    assert json.loads(response.content)["done_by_you"]["supporters.AssignmentMove.by"]["records"]


def test_what_was_changed_reads_in_words(client: Client, somebody: Supporter) -> None:
    set_free_times(somebody, [(0, 540, 720)])
    page = client.get(reverse("supporters:own_data_all")).content.decode()
    assert "→ 月 09:00–12:00" in page
    assert "活動できる曜日と時間: " in page
    assert "windows" not in page
    assert "{" not in page.partition("<main")[2].partition("</main")[0]


def test_nobody_reads_anothers_data(client: Client, somebody: Supporter) -> None:
    other = SupporterFactory(name="ほかの人")
    an_offer(a_shift(title="ほかの人の活動"), other)
    for page in ("own_data_all", "own_data_file"):
        text = client.get(reverse(f"supporters:{page}")).content.decode()
        assert "𠮷子" in text
        assert "ほかの人" not in text


def test_the_page_asks_as_often_for_three_duties_as_for_one(
    client: Client, somebody: Supporter, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(90) as seen:
            client.get(reverse("supporters:own_data_all"))
        return len(seen)

    queries()  # what the process keeps is read once
    one = queries()
    for days in (9, 11):
        an_offer(a_shift(days=days), somebody)
        SupporterMove.objects.create(subject=somebody, from_status="active", to_status="active")
    assert queries() == one


# --- The wish, and taking it back ------------------------------------------------------------------------
def test_who_wants_to_be_erased_leaves_at_once_and_can_still_change_their_mind(
    client: Client, somebody: Supporter
) -> None:
    client.post(reverse("supporters:own_data"))
    somebody.refresh_from_db()
    assert somebody.status == "withdrawn"
    assert somebody.erase_on == timezone.localdate() + dt.timedelta(days=7)
    assert somebody.assignments.get().status == "standing_in_wanted"
    told = Message.objects.get(kind="erasure", recipient=somebody.contact)
    path = next(word for word in told.body.split() if "/data/keep/" in word).partition("localhost:8000")[2]
    stranger = Client()  # by the link, without signing in
    assert "消すのをやめる" in stranger.get(path).content.decode()
    somebody.refresh_from_db()
    assert somebody.erase_on is not None, "a look at the page changes nothing"
    stranger.post(path)
    erase_due()
    somebody.refresh_from_db()
    assert (somebody.erase_on, somebody.name) == (None, "見本 𠮷子")
    told.refresh_from_db()
    assert told.state == "cancelled"  # it had not left: nothing is erased on that day


def test_who_applies_again_meanwhile_is_not_erased(somebody: Supporter) -> None:
    erasing.ask(somebody, by=somebody.user)
    somebody.refresh_from_db()
    somebody.apply_again(by=somebody.user)
    somebody.refresh_from_db()
    assert (somebody.status, somebody.erase_on) == ("applied", None)
    assert Message.objects.get(kind="erasure").state == "cancelled"


def test_whose_honorarium_is_not_paid_yet_reads_so_before_asking(
    client: Client, coordinator: User, somebody: Supporter
) -> None:
    assert somebody.user is not None
    client.force_login(somebody.user)
    page = reverse("supporters:own_data")
    assert "まだお支払いしていない謝礼があります" not in client.get(page).content.decode()
    duty = Assignment.objects.create(shift=a_shift(), supporter=somebody)
    Honorarium.objects.create(assignment=duty, day=timezone.localdate(), minutes=120, yen=1000, made_by=coordinator)
    assert "まだお支払いしていない謝礼があります" in client.get(page).content.decode()


def test_asking_twice_neither_puts_it_off_nor_tells_it_twice(somebody: Supporter) -> None:
    first = erasing.ask(somebody, by=somebody.user)
    assert erasing.ask(somebody, by=somebody.user) == first
    assert Message.objects.filter(kind="erasure").count() == 1


def test_the_office_takes_the_wish_by_telephone(client: Client, coordinator: User, somebody: Supporter) -> None:
    client.force_login(coordinator)
    client.post(reverse("supporters:erase", args=[somebody.pk]))
    somebody.refresh_from_db()
    assert somebody.erase_on is not None
    assert SupporterMove.objects.filter(subject=somebody, by=coordinator, to_status="withdrawn").count() == 1


def test_the_office_takes_the_wish_back_for_who_rings(client: Client, coordinator: User, somebody: Supporter) -> None:
    client.force_login(coordinator)
    client.post(reverse("supporters:erase", args=[somebody.pk]))
    address = reverse("supporters:keep_for", args=[somebody.pk])
    assert address in client.get(reverse("supporters:person", args=[somebody.pk])).content.decode()
    page = client.post(address, follow=True).content.decode()
    assert "この方のデータは消しません。" in page
    assert address not in page
    Supporter.objects.filter(pk=somebody.pk, erase_on=None).get()
    assert [told.state for told in Message.objects.filter(kind="erasure")] == ["cancelled"]  # not a word that is untrue
    erased(somebody)
    page = client.post(address, follow=True).content.decode()
    assert str(Erased()) in page


# --- Who never applied -----------------------------------------------------------------------------------
@pytest.fixture
def newcomer(client: Client) -> User:
    """Signed in by mobile, with the first page of the application typed."""
    words = {"code": "123456", "host": "localhost"}
    send_code("+819033334444", kind="sign_in_code", template="account/sms/sign_in_code.txt", context=words)
    user = UserFactory(email=None, mobile="+819033334444", mobile_proved_at=timezone.now())
    client.force_login(user)
    client.post(url_of(RegistrationView, uuid.uuid4(), "you"), {"name": "見本 𠮷子", "kana": "みほん"})
    return user


def test_who_has_not_applied_yet_reads_and_takes_along_what_there_is(client: Client, newcomer: User) -> None:
    SupporterFactory(name="ほかの人")
    step = client.get(reverse("supporters:register"), follow=True).content.decode()
    assert reverse("supporters:own_data") in step
    page = client.get(reverse("supporters:own_data")).content.decode()
    assert "とちゅうまで入力した内容があります" in page
    content = client.get(reverse("supporters:own_data_file")).content.decode()
    data = json.loads(content)
    assert [row["mobile"] for row in data["data"]["programme.User"]["rows"]] == ["+819033334444"]
    assert len(data["data"]["notifications.Message"]["rows"]) == 1
    assert data["drafts"][0]["answers"]["you"]["name"] == ["見本 𠮷子"]
    assert "ほかの人" not in content
    assert data["data"]["supporters.Supporter"]["rows"] == []
    assert "+819033334444" in client.get(reverse("supporters:own_data_all")).content.decode()


def test_what_was_typed_and_not_sent_is_read_in_words(client: Client, newcomer: User) -> None:
    draft = uuid.uuid4()
    born = {"birth_date_year": "1958", "birth_date_month": "4", "birth_date_day": ""}
    client.post(url_of(RegistrationView, draft, "you"), {"name": "見本 𠮷子", "kana": "みほん", **born})
    client.post(url_of(RegistrationView, draft, "where"), {"home_district": "D03", "keep": "1"})
    district = District.objects.get(pk="D03").name
    page = client.get(reverse("supporters:own_data_all")).content.decode()
    for words in ("サポーターの申込み", "見本 𠮷子", "1958、4", district):
        assert words in page, words
    data = json.loads(client.get(reverse("supporters:own_data_file")).content)
    assert data["drafts"][-1]["answers"]["where"] == {"home_district": ["D03"]}
    assert "とちゅうまで入力した内容" not in Client().get("/").content.decode()


def test_a_report_and_a_change_that_are_half_typed_are_read_in_words(client: Client) -> None:
    session = a_booked_session()
    begin = timezone.now() - dt.timedelta(hours=3)
    Shift.objects.filter(pk=session.shift_id).update(starts_at=begin, ends_at=begin + dt.timedelta(hours=2))
    client.force_login(session.shift.assignments.all()[0].supporter.user)
    report = reverse("support_requests:report_step", args=[session.pk, uuid.uuid4(), "how"])
    client.post(report, {"note": "書きかけの報告", "went": "well", "keep": "1"})
    asked = SupportRequestFactory.create()
    change = reverse("support_requests:change", args=[links.token(STATUS, asked.pk), uuid.uuid4(), "helps"])
    client.post(change, {"note": "書きかけの変更", "keep": "1"})
    client.post(reverse("support_requests:step", args=[uuid.uuid4(), "group"]), {"group_name": "三日月会"})
    page = client.get(reverse("supporters:own_data_all")).content.decode()
    for words in ("活動の報告", "書きかけの報告", "お申し込みの変更", "書きかけの変更", asked.group.name, "三日月会"):
        assert words in page, words
    asked.delete()
    assert "書きかけの変更" not in client.get(reverse("supporters:own_data_all")).content.decode()


def test_who_has_not_applied_yet_erases_the_account_at_once(client: Client, newcomer: User) -> None:
    other = SupporterFactory(name="ほかの人")
    client.post(url_of(RegistrationView, uuid.uuid4(), "you"), {"name": "二つ目の下書き"})
    response = client.post(reverse("supporters:own_data"), follow=True)
    assert "アカウントと、入力した内容を消しました。" in response.content.decode()
    after = everything()
    assert [word for word in ("33334444", "𠮷子", "二つ目の下書き") if word in after] == []
    assert not User.objects.filter(pk=newcomer.pk).exists()
    assert client.get(reverse("supporters:own_data")).status_code == 302  # to sign in
    other.refresh_from_db()
    assert (other.name, other.user is None) == ("ほかの人", False)


def test_an_account_of_the_office_or_of_a_supporter_is_not_erased_so(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    assert "ここでは消せません" in client.get(reverse("supporters:own_data")).content.decode()
    client.post(reverse("supporters:own_data"))
    for user in (coordinator, SupporterFactory().user):
        with pytest.raises(ChangedMeanwhile):
            erasing.erase_account(user)
    assert User.objects.filter(pk=coordinator.pk).exists()


# --- Erased ----------------------------------------------------------------------------------------------
def erased(supporter: Supporter) -> Supporter:
    erasing.ask(supporter, by=supporter.user)
    Supporter.objects.filter(pk=supporter.pk).update(erase_on=timezone.localdate())
    assert erase_due() == 1
    supporter.refresh_from_db()
    return supporter


def everything() -> str:
    """All rows of all tables, as text."""
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    return json.dumps(json.loads(out.getvalue()), ensure_ascii=False)


def figures(months: list[Month]) -> dict[str, Any]:
    """Each figure of each month with the rows that it counts and its breakdowns."""
    found = {}
    for month in months:
        definitions = in_force(month.first)
        for code, stated in state(definitions, month.first, month.last).items():
            measure = next(each.measure for each in definitions if each.code == code)
            found[f"{month} {code}"] = (stated.counted, stated.breakdown.dump(measure))
    return found


def test_nothing_anywhere_tells_who_it_was(client: Client, somebody: Supporter, coordinator: User) -> None:
    user, contact = somebody.user, somebody.contact
    assert user is not None
    Suppression.objects.create(channel="email", address=contact.email, reason="bounced")
    somebody.pause(by=user, reason="母の看病のため")
    session = client.session
    session["draft"] = "書きかけの文"
    session.save()
    for number in ("+819011112222", "+819033334444"):  # a known one, and one of somebody who had not registered yet
        words = {"code": "123456", "host": "localhost"}
        send_code(number, kind="sign_in_code", template="account/sms/sign_in_code.txt", context=words)
    User.objects.filter(pk=user.pk).update(mobile="+819033334444")
    private = [
        "+819033334444",
        "𠮷子",
        "よしこ",
        contact.email,
        user.email,
        "090-1111-2222",
        "+819011112222",
        "通院",
        "看病",
    ]
    private.append(CalendarAddress.objects.get().secret)
    before = everything()
    assert [word for word in private if word not in before] == []
    erased(somebody)
    after = everything()
    assert [word for word in private if word in after] == []
    assert not client.session.get("draft")
    assert client.get(reverse("supporters:home")).status_code == 302  # to sign in


def test_no_figure_of_an_open_or_a_closed_month_changes() -> None:
    load_demo()
    coordinator = User.objects.get(email=LOGINS["コーディネーター"])
    today = Month.of(timezone.localdate())
    months = [today]
    while len(months) < 10:
        months.append(months[-1].previous)
    supporter = Supporter.objects.get(contact__email=LOGINS["サポーター"])
    close_month(months[1], coordinator)
    case = Consultation.objects.filter(date__lt=today.first)[0]
    Consultation.objects.filter(pk=case.pk).update(logged_by=supporter.user)
    erasing.ask(supporter, by=supporter.user)  # leaving is counted, as ever; being erased is not
    Supporter.objects.filter(pk=supporter.pk).update(erase_on=timezone.localdate())
    propose_corrections()
    before, closed = figures(months), list(FrozenFigure.objects.values().order_by("pk"))
    served = supporter.assignments.served(timezone.now()).count()
    assert served > 0
    assert erase_due() == 1
    assert figures(months) == before
    assert list(FrozenFigure.objects.values().order_by("pk")) == closed
    propose_corrections()
    assert list(ProposedCorrection.objects.filter(report=MonthReport.objects.get())) == []
    assert supporter.assignments.served(timezone.now()).count() == served


def test_future_places_are_open_again(somebody: Supporter) -> None:
    shift = Assignment.objects.get(supporter=somebody).shift
    erased(somebody)
    assert not shift.is_full()
    other = SupporterFactory()
    assert Assignment.take(shift, other, by=None).status == "accepted"


def test_a_contact_that_is_shared_stays_with_the_other(somebody: Supporter) -> None:
    other = SupporterFactory(contact=somebody.contact)
    an_offer(a_shift(days=9, title="となりの活動"), other)
    erased(somebody)
    other.contact.refresh_from_db()
    assert other.contact.phone == "090-1111-2222"
    assert {message.subject for message in Message.objects.filter(recipient=other.contact)} == {
        f"assignment:{other.assignments.get().pk}"
    }


def test_a_guardian_is_forgotten_too_and_the_day_of_the_consent_stays() -> None:
    child = SupporterFactory(birth_date=timezone.localdate() - dt.timedelta(days=16 * 365))
    guardian = ContactFactory(name="保護者の名")
    consent = Consent.objects.create(supporter=child, guardian=guardian)
    consent.give()
    erased(child)
    consent.refresh_from_db()
    assert consent.given_at is not None
    assert consent.guardian.name == ""
    assert "保護者の名" not in everything()


def test_an_office_account_stays_for_its_work_and_is_no_supporters_any_more(somebody: Supporter) -> None:
    User.objects.filter(pk=somebody.user_id).update(role=Role.COORDINATOR)
    key = somebody.user_id
    erased(somebody)
    assert User.objects.filter(pk=key).exists()
    assert somebody.user is None


def test_it_cannot_be_undone(client: Client, somebody: Supporter) -> None:
    erased(somebody)
    for verb in (erasing.take_back, erasing.erase, lambda row: erasing.ask(row, by=None)):
        with pytest.raises(Erased):
            verb(somebody)
    with pytest.raises(Erased):
        somebody.apply_again(by=None)
    assert person_of(somebody).user is None


def test_a_birth_date_gets_as_rough_as_the_figures_allow() -> None:
    today = timezone.localdate()
    sixty = SupporterFactory(birth_date=dt.date(today.year - 64, 6, 15), ready=False)
    assert rough_birth_date(sixty).month == 1
    # Under age when last on duty, of age since, in the month of the birthday.
    birthday = today - dt.timedelta(days=40)
    young = SupporterFactory(birth_date=birthday.replace(year=birthday.year - 18), ready=False)
    Supporter.objects.filter(pk=young.pk).update(applied_at=timezone.now() - dt.timedelta(days=100))
    young.refresh_from_db()
    rough = Supporter(birth_date=rough_birth_date(young))
    for days in range(100):
        day = today - dt.timedelta(days=days)
        assert rough.is_minor_on(day) == young.is_minor_on(day)


def test_the_database_lets_nobody_be_erased_who_has_not_left() -> None:
    supporter = SupporterFactory()
    with pytest.raises(IntegrityError, match="supporter_erased_after_leaving"):
        Supporter.objects.filter(pk=supporter.pk).update(erase_on=timezone.localdate())


def test_the_record_forgets_what_the_person_was(client: Client, coordinator: User) -> None:
    supporter = SupporterFactory(name="前橋花子", contact__email="hanako@example.jp")
    contact = supporter.contact
    contact.email = "maebashi@example.jp"
    contact.save()
    Supporter.objects.filter(pk=supporter.pk).update(name="前橋はな")
    erasing.ask(supporter, by=None)
    erasing.erase(supporter)
    said = str(list(Entry.objects.values_list("changes", flat=True)))
    assert Entry.objects.filter(object_pk=str(supporter.pk)).exists()
    assert [word for word in ("前橋花子", "前橋はな", "hanako", "maebashi@") if word in said] == []
