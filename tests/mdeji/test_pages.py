"""The pages that belong to no app: front page, signing in by code, errors."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from programme.models import Programme, Role, User


@pytest.mark.usefixtures("programme_facts")
def test_the_front_page_has_three_doors_and_the_phone_number_as_soon_as_there_is_one(client: Client) -> None:
    page = client.get("/").content.decode()
    assert page.count('class="card link door"') == 3
    assert "tel:" not in page
    Programme.objects.update(phone="027-000-0000", phone_hours="平日 9:00から17:00まで")
    assert 'href="tel:027-000-0000"' in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.MEMBER, ["マイページ"]),
        (Role.COORDINATOR, ["事務局", "依頼", "サポーター", "相談所", "実績"]),
        (Role.OFFICER, ["実績"]),
        (Role.DESK, ["相談の記録"]),
    ],
)
def test_the_menu_holds_what_the_role_may_open(client: Client, db: None, role: Role, words: list[str]) -> None:
    client.force_login(User.objects.create_user("somebody@example.jp", role=role))
    menu = client.get("/").content.decode().partition('<nav class="site-nav"')[2].partition("</nav>")[0]
    assert re.findall(r"<a [^>]*>([^<]+)</a>", menu) == words


def test_the_front_page_stands_before_anything_was_loaded(client: Client, db: None) -> None:
    assert client.get("/").status_code == 200


def test_signing_in_takes_the_code_from_the_mail(client: Client, coordinator: User) -> None:
    EmailAddress.objects.get_or_create(user=coordinator, email=coordinator.email, primary=True, verified=True)
    form = client.get("/accounts/login/", follow=True)
    assert form.redirect_chain[-1][0] == reverse("account_request_login_code")
    asked = client.post(reverse("account_request_login_code"), {"email": coordinator.email}, follow=True)
    assert coordinator.email in asked.content.decode()
    (letter,) = mail.outbox
    code = re.search(r"^ {4}(\S+)$", str(letter.body), re.MULTILINE)
    assert code
    assert code[1] in letter.subject
    wrong = client.post(reverse("account_confirm_login_code"), {"code": "x"})
    assert 'id="id_code_error"' in wrong.content.decode()
    client.post(reverse("account_confirm_login_code"), {"code": code[1]})
    assert client.session["_auth_user_id"] == str(coordinator.pk)


def test_an_unknown_address_gets_a_mail_with_the_way_to_register(client: Client, db: None) -> None:
    client.post(reverse("account_request_login_code"), {"email": "nobody@example.jp"})
    (letter,) = mail.outbox
    assert reverse("account_signup") in letter.body


def test_signing_up_asks_for_an_address_or_a_mobile_alone(client: Client, db: None) -> None:
    page = client.get(reverse("account_signup")).content.decode()
    assert re.findall(r'<input type="(?!hidden)(\w+)"', page) == ["text", "tel"]  # text: full-width signs may be typed
    client.post(reverse("account_signup"), {"email": "new@example.jp"})
    (letter,) = mail.outbox
    assert "確認コード" in letter.subject


def test_a_page_that_is_not_there_says_so_in_japanese(client: Client, db: None) -> None:
    answer = client.get("/no-such-page/")
    assert answer.status_code == 404
    assert "このページは見つかりません" in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/accounts/login/code/", "/accounts/signup/", "/no-such-page/"])
def test_pages_have_no_inline_style_or_script_for_the_policy_to_forbid(client: Client, db: None, path: str) -> None:
    page = client.get(path).content.decode()
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\b(?:src|nonce)=)", page)
