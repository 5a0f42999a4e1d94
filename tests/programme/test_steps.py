"""A form in steps, on the group's request form: what is kept, what is asked again, what is sent once."""

import datetime as dt
import json
import re
import uuid
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from programme.models import Category, Closure, District, Topic, Venue
from programme.steps import CHECK, DRAFTS_AT_MOST, KEPT_FOR, TYPED_AT_MOST, StepsView
from programme.tasks import forget_sessions
from support_requests.models import SupportRequest
from support_requests.views.intake import IntakeView
from supporters.views.registering import RegistrationView
from tests.factories import UserFactory, a_hall
from tests.steps import send_steps, url_of
from tests.support_requests.asking import closed_day, open_days, sent

pytestmark = pytest.mark.usefixtures("programme_facts")

SLUGS = [step.slug for step in IntakeView.steps]


class Form:
    """A request form in one browser's tab."""

    def __init__(self, client: Client) -> None:
        self.client, self.draft, self.data = client, uuid.uuid4(), sent()

    def url(self, step: str) -> str:
        return url_of(IntakeView, self.draft, step)

    def post(self, step: str, **changes: Any) -> str:
        """Where sending the page leads."""
        return str(self.client.post(self.url(step), self.data | changes)["Location"])

    def fill_in(self, *, until: str = CHECK) -> None:
        for slug in SLUGS[: SLUGS.index(until) if until != CHECK else None]:
            self.post(slug)

    def page(self, step: str) -> str:
        response = self.client.get(self.url(step))
        assert response.status_code == 200
        return response.content.decode()


@pytest.fixture
def form(client: Client) -> Form:
    return Form(client)


def test_each_page_leads_to_the_next_and_says_where_one_is(form: Form) -> None:
    for number, (slug, after) in enumerate(zip(SLUGS, [*SLUGS[1:], CHECK], strict=True), start=1):
        page = form.page(slug)
        assert f"({number}/{len(SLUGS) + 1}) | 出張サポートのお申し込み" in page
        assert f"<h1>{IntakeView.steps[number - 1].question}</h1>" in page
        assert "エラー" not in page
        assert form.post(slug) == form.url(after)
    assert f"({len(SLUGS) + 1}/{len(SLUGS) + 1})" in form.page(CHECK)


def test_a_page_whose_turn_has_not_come_leads_to_the_first_open_one(form: Form) -> None:
    form.post("group")
    response = form.client.get(form.url("topics"), follow=True)
    assert response.redirect_chain == [(form.url("place"), 302)]
    assert "先に、このページにお答えください。" in response.content.decode()
    assert form.client.get(form.url(CHECK))["Location"] == form.url("place")
    assert form.client.post(form.url(CHECK))["Location"] == form.url("place")


def test_an_unknown_page_is_not_found(form: Form) -> None:
    assert form.client.get(form.url("nothing")).status_code == 404
    assert form.client.post(form.url("nothing")).status_code == 404


def test_an_error_is_said_again_after_a_reload_and_typed_things_stay(form: Form) -> None:
    assert form.post("group", participants="２人") == form.url("group")
    for _reload in "12":
        page = form.page("group")
        assert "3人以上" in page
        assert "<title>エラー:" in page
        assert 'value="２人"' in page
        assert 'href="#id_participants"' in page


def test_back_keeps_what_is_half_typed_and_complains_of_nothing(form: Form) -> None:
    form.fill_in(until="contact")
    assert form.post("contact", leader="", email="hanako@", back="1") == form.url("times")
    page = form.page("contact")
    assert 'value="hanako@"' in page
    assert "エラー" not in page
    assert form.client.get(form.url(CHECK))["Location"] == form.url("contact")


def test_back_on_an_optional_page_does_not_pass_it(form: Form) -> None:
    form.fill_in(until="helps")
    form.post("helps", back="1")
    assert form.post("level") == form.url("helps")


def test_changing_one_answer_leads_back_to_the_summary(form: Form) -> None:
    form.fill_in()
    assert f'href="{form.url("group")}"' in form.page(CHECK)
    assert form.post("group", participants="12人") == form.url(CHECK)
    assert re.search(r"<dd>\s*12\s*</dd>", form.page(CHECK))


def test_an_answer_that_makes_a_later_one_wrong_leads_there(form: Form) -> None:
    closed = closed_day()
    form.data |= {"venue": "own", "own_name": "集会所", "own_address": "高井町1", "slots": [f"{closed}.0"]}
    form.fill_in()
    assert form.post("place", venue=a_hall().pk) == form.url("days")
    page = form.page("days")
    assert "<title>エラー:" in page
    assert f"は選べません({a_hall().closed_on(closed)})" in page
    assert form.post("days", slots=[f"{open_days()[0]}.0"]) == form.url("times")
    assert form.post("times") == form.url(CHECK)


def test_what_has_changed_meanwhile_is_noticed_at_the_summary_and_said_on_its_page(form: Form) -> None:
    form.fill_in()
    day = dt.date.fromisoformat(form.data["slots"][0].partition(".")[0])
    Closure.objects.create(calendar=a_hall().closures, rule=Closure.EVERY_DAY, first=day, last=day, reason="工事")
    assert "エラー" not in form.page("days")
    for send in (form.client.get, form.client.post):
        assert send(form.url(CHECK))["Location"] == form.url("days")
    assert "は選べません(工事)" in form.page("days")


def test_the_summary_says_every_answer_and_no_more(form: Form) -> None:
    topic = Topic.objects.get(pk="T05")
    form.data = sent(needs=["sign"], note="車いす1台", start_2=("", ""), start_3=("", ""))
    form.fill_in()
    page = form.page(CHECK)
    for answer in ("ひまわり会", "前橋花子", str(topic), "手話", "車いす1台", "hanako@example.jp", "10:00"):
        assert answer in page, answer
    for nothing in ("第2希望", "ほかの場所の名前", "この欄には何も書かないでください"):
        assert nothing not in page, nothing


def test_a_page_without_any_answer_can_still_be_changed_from_the_summary(form: Form) -> None:
    form.data = sent(devices=[], needs=[], note="")
    form.fill_in()
    page = form.page(CHECK)
    assert re.search(r"<dd>\s*なし\s*</dd>", page)
    assert f'href="{form.url("helps")}"' in page


def test_two_tabs_do_not_mix(client: Client) -> None:
    one, other = Form(client), Form(client)
    one.data, other.data = sent(group_name="すみれ会"), sent(group_name="つばき会")
    for slug in SLUGS:
        one.post(slug)
        other.post(slug)
    assert "すみれ会" in one.page(CHECK)
    assert "つばき会" not in one.page(CHECK)
    for tab in (one, other):
        client.post(tab.url(CHECK))
    assert sorted(SupportRequest.objects.values_list("group__name", flat=True)) == ["すみれ会", "つばき会"]


def test_what_another_tab_changed_is_not_sent_before_it_was_seen(form: Form) -> None:
    def shown() -> dict[str, str]:
        found = re.search(r'name="shown" value="(\w+)"', form.page(CHECK))
        assert found
        return {"shown": found[1]}

    form.fill_in()
    before = shown()
    form.post("group", group_name="もう一つの窓の会")
    back = form.client.post(form.url(CHECK), before, follow=True)
    assert "ほかの画面で内容が変わりました" in back.content.decode()
    assert "もう一つの窓の会" in back.content.decode()
    assert not SupportRequest.objects.exists()
    form.client.post(form.url(CHECK), shown())
    assert SupportRequest.objects.get().group.name == "もう一つの窓の会"


def test_after_sending_every_page_of_the_form_leads_to_the_result(form: Form) -> None:
    form.fill_in()
    result = form.client.post(form.url(CHECK))["Location"]
    assert result.startswith("/requests/thanks/")
    for slug in [*SLUGS, CHECK]:
        assert form.client.get(form.url(slug))["Location"] == result
        assert form.post(slug) == result
    assert SupportRequest.objects.count() == 1


def test_somebody_who_is_given_the_address_sees_an_empty_form(form: Form) -> None:
    form.fill_in()
    stranger = Client()
    assert "ひまわり会" not in stranger.get(form.url("group")).content.decode()
    first = form.client.post(form.url(CHECK))["Location"]
    second = send_steps(stranger, IntakeView, sent(group_name="つばき会"), form.draft).redirect_chain[-1][0]
    assert first != second
    assert SupportRequest.objects.count() == 2


def test_who_comes_back_goes_on_where_it_stopped(form: Form) -> None:
    form.fill_in(until="times")
    start = form.client.get("/requests/").content.decode()
    assert "とちゅうまで入力したお申し込みがあります" in start
    assert form.client.get(form.url(CHECK))["Location"] == form.url("times")
    assert form.client.session.get_expiry_age() == pytest.approx(KEPT_FOR.total_seconds(), abs=60)
    form.fill_in()
    form.client.post(form.url(CHECK))
    assert "とちゅうまで" not in form.client.get("/requests/").content.decode()


def test_the_browser_keeps_the_draft_for_its_whole_time_also_when_it_is_closed(form: Form) -> None:
    form.post("group")
    cookie = form.client.cookies["sessionid"]
    assert cookie["max-age"] == pytest.approx(KEPT_FOR.total_seconds(), abs=60)
    assert cookie["expires"]


def test_who_signs_in_with_a_form_begun_goes_on_with_it(form: Form) -> None:
    form.fill_in(until="times")
    before = form.client.session.session_key
    user = UserFactory(email="taro@example.jp")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    form.client.post(reverse("account_request_login_code"), {"email": user.email})
    code = re.search(r"^\s*(\d{6})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code
    form.client.post(reverse("account_confirm_login_code"), {"code": code[1]})
    assert form.client.session["_auth_user_id"] == str(user.pk)
    assert form.client.session.session_key != before
    assert form.client.session.get_expiry_age() > KEPT_FOR.total_seconds()
    assert form.client.get(form.url(CHECK))["Location"] == form.url("times")
    assert "ひまわり会" in form.page("group")


def test_what_is_typed_is_kept_before_it_is_sent(form: Form) -> None:
    kept = form.client.post(form.url("group"), {"group_name": "ひまわ", "participants": "２", "keep": "1"})
    assert (kept.status_code, kept.content) == (204, b"")
    page = form.page("group")
    assert 'value="ひまわ"' in page
    assert "エラー" not in page
    assert form.client.get(form.url(CHECK))["Location"] == form.url("group")
    assert "とちゅうまで入力したお申し込みがあります" in form.client.get("/requests/").content.decode()
    assert form.client.post(form.url("nothing"), {"keep": "1"}).status_code == 404


def test_what_was_answered_is_changed_by_sending_it_alone(form: Form) -> None:
    form.fill_in()
    form.client.post(form.url("days"), {"slots": [], "keep": "1"})
    form.client.post(form.url("group"), {"group_name": "", "keep": "1"})
    assert "ひまわり会" in form.page(CHECK)
    result = form.client.post(form.url(CHECK))["Location"]
    assert form.client.post(form.url("group"), {"group_name": "あと", "keep": "1"}).status_code == 204
    assert form.client.get(form.url("group"))["Location"] == result
    assert "あと" not in str(form.client.session["drafts"])


def test_what_is_typed_on_an_answered_page_waits_there_until_it_is_sent(form: Form) -> None:
    form.fill_in()
    typed = {"group_name": "ひまわり会と", "participants": "2"}
    form.client.post(form.url("group"), form.data | typed | {"keep": "1"})
    for _reload in "12":
        page = form.page("group")
        assert 'value="ひまわり会と"' in page
        assert "エラー" not in page
    unsent, _lead, answers = form.page(CHECK).partition("</section>")
    assert "まだ使っていない入力があります" in unsent
    assert ("<dd>ひまわり会と</dd>" in unsent, "<dd>2</dd>" in unsent, "ひまわり会と" in answers) == (True, True, False)
    assert form.post("group", group_name="ひまわり会とすみれ会") == form.url(CHECK)
    assert "ひまわり会とすみれ会" in form.page(CHECK)
    assert 'value="ひまわり会とすみれ会"' in form.page("group")


def test_on_a_page_that_is_wrong_what_stands_there_is_judged(form: Form) -> None:
    form.post("group", participants="2")
    form.client.post(form.url("group"), form.data | {"participants": "1", "keep": "1"})
    page = form.page("group")
    assert 'value="1"' in page
    assert "3人以上" in page
    form.client.post(form.url("group"), form.data | {"participants": "12", "keep": "1"})
    assert "エラー" not in form.page("group")
    assert form.client.get(form.url("place"))["Location"] == form.url("group")


def test_what_arrives_late_takes_the_place_of_nothing_newer(form: Form) -> None:
    def keep(name: str, at: object) -> None:
        answer = form.client.post(form.url("group"), {"group_name": name, "keep": "1", "typed_at": at})
        assert answer.status_code == 204

    keep("ひまわ", 1700000003000)
    keep("ひ", 1700000001000)
    assert 'value="ひまわ"' in form.page("group")
    form.post("group", typed_at=1700000005000)
    keep("ひまわり", 1700000004000)
    keep("ひまわり", "9" * 30)
    assert 'value="ひまわり会"' in form.page("group")
    keep("ひまわり会2", 1700000006000)
    assert 'value="ひまわり会2"' in form.page("group")


def test_what_is_kept_while_a_page_is_sent_puts_nothing_back(form: Form) -> None:
    form.post("group")
    early = form.client.session
    assert '"first_open": "place"' in json.dumps(early["drafts"])
    form.post("place")
    request = RequestFactory().post(form.url("group"), {"group_name": "ひま", "keep": "1"})
    request.session, request.user = early, AnonymousUser()
    IntakeView.as_view()(request, draft=form.draft, step="group")
    SessionMiddleware(lambda _request: HttpResponse()).process_response(request, HttpResponse())
    assert form.client.get(form.url(CHECK))["Location"] == form.url("topics")
    assert 'value="ひま"' in form.page("group")


def test_who_shares_a_device_can_delete_what_was_typed(form: Form) -> None:
    form.fill_in()
    assert "入力した内容を消す" in form.client.get("/requests/").content.decode()
    assert form.client.post("/requests/")["Location"] == "/requests/"
    assert "ひまわり会" not in form.page("group")
    assert "とちゅうまで入力したお申し込みがあります" not in form.client.get("/requests/").content.decode()


def test_more_than_anybody_types_is_refused_and_not_kept(form: Form) -> None:
    assert form.client.post(form.url("helps"), {"note": "あ" * (TYPED_AT_MOST + 1)}).status_code == 400
    assert "drafts" not in form.client.session
    form.fill_in()
    assert form.post("helps", note="あ" * 501) == form.url("helps")
    assert "あ" * 501 in form.page("helps")


def test_a_draft_is_forgotten_after_its_time(form: Form) -> None:
    form.fill_in()
    session = form.client.session
    drafts = session["drafts"]
    drafts[str(form.draft)]["touched"] = (timezone.now() - KEPT_FOR - dt.timedelta(hours=1)).isoformat()
    session["drafts"] = drafts
    session.save()
    assert "とちゅうまで" not in form.client.get("/requests/").content.decode()
    assert "ひまわり会" not in form.page("group")
    Form(form.client).post("group")
    assert str(form.draft) not in form.client.session["drafts"]


def test_the_worker_deletes_what_nobody_came_back_for(form: Form) -> None:
    form.post("group")
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(minutes=1))
    forget_sessions()
    assert not Session.objects.exists()


def test_a_session_holds_a_few_drafts_the_newest(client: Client) -> None:
    forms = [Form(client) for _ in range(DRAFTS_AT_MOST + 1)]
    for form in forms:
        form.post("group")
    assert set(client.session["drafts"]) == {str(form.draft) for form in forms[1:]}


def test_a_draft_of_one_form_is_none_of_another(form: Form) -> None:
    form.post("group")
    form.client.force_login(UserFactory())
    answer = form.client.get(url_of(RegistrationView, form.draft, "you")).content.decode()
    assert "ひまわり会" not in answer


def test_no_page_is_kept_by_a_shared_cache(form: Form) -> None:
    assert form.client.get(form.url("group"))["Cache-Control"] == "private, no-cache"


def queries_of(client: Client, view: type[StepsView], draft: object) -> dict[str, int]:
    """The number of queries behind each page that is asked, and behind the summary, when nothing is remembered."""
    found = {}
    for slug in [*(step.slug for step in view.steps), CHECK]:
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url_of(view, draft, slug))
        if response.status_code == 200:
            found[slug] = len(queries)
    return found


def three_more_of_everything() -> None:
    for number in range(3):
        code, name = f"X{number}", f"新しい{number}"
        district = District.objects.create(code=code, name=name, position=90, latitude=36, longitude=139)
        Venue.objects.create(name=name, district=district)
        Topic.objects.create(code=code, name=name, position=90)
        Category.objects.create(code=code, name=name, position=90)


def test_the_queries_of_a_request_grow_with_nothing(form: Form) -> None:
    form.fill_in()
    few = queries_of(form.client, IntakeView, form.draft)
    three_more_of_everything()
    form.data |= {"topics": ["T05", "X0", "X1", "X2"], "needs": ["sign"]}
    form.fill_in()
    assert queries_of(form.client, IntakeView, form.draft) == few
    assert set(few) == {*SLUGS, CHECK}
    assert max(few.values()) <= 20


def test_the_queries_of_a_registration_grow_with_nothing(client: Client) -> None:
    client.force_login(UserFactory())
    draft = uuid.uuid4()
    data = {"name": "前橋太郎", "kana": "まえばし", "birth_date_year": "1958", "birth_date_month": "4"}
    data |= {"birth_date_day": "1", "category": "citizen", "home_district": "D03", "skills": "T05"}

    def fill_in(**more: Any) -> dict[str, int]:
        for step in RegistrationView.steps:
            client.post(url_of(RegistrationView, draft, step.slug), data | more)
        return queries_of(client, RegistrationView, draft)

    few = fill_in(areas=["D01"])
    three_more_of_everything()
    assert fill_in(areas=["D01", "X0", "X1", "X2"], skills=["X0", "X1", "X2"]) == few
    assert set(few) == {step.slug for step in RegistrationView.steps if step.slug != "guardian"} | {CHECK}
    assert max(few.values()) <= 20
