"""The ways in besides the code by mail: SMS, devices, and a digital ID at a real OpenID Connect provider on loopback.

Passkeys are made and used in a browser: tests/browser/test_passkey.py.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from unittest import mock
from urllib.parse import quote, urlsplit

import pytest
import requests
from allauth.account.app_settings import LOGIN_BY_CODE_MAX_ATTEMPTS
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from mdeji import proving
from mdeji.accounts import device_name
from notifications import delivery
from notifications.models import Channel, Contact, Message, Suppression
from programme.models import Limit, User
from tests.factories import UserFactory, at
from tests.processes import a_free_port, wait_until

pytestmark = pytest.mark.django_db

MOBILE = "+819012345678"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0"


def the_code() -> str:
    """Of the newest SMS."""
    found = re.search(r"@localhost #(\d{6})$", Message.objects.filter(is_code=True).order_by("pk").last().short)
    assert found
    return found[1]


def signed_in_as(client: Client) -> int | None:
    return int(client.session["_auth_user_id"]) if "_auth_user_id" in client.session else None


def prove(client: Client) -> None:
    """Who is signed in proves by a code that it is them."""
    client.post(reverse("prove"), {"way": "mail"})
    client.post(reverse("prove"), {"code": the_mailed_code()})


def the_mailed_code() -> str:
    found = re.search(r"^\s*(\d{6})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[1]


# --- By SMS ------------------------------------------------------------------------------------------
def test_somebody_without_a_mail_address_registers_and_signs_in_by_mobile(
    client: Client, programme_facts: None
) -> None:
    asked = client.post(reverse("account_signup"), {"phone": "０９０ー１２３４−５６７８"}, follow=True)
    assert "090-1234-5678" in asked.content.decode()
    client.post(reverse("account_verify_phone"), {"code": the_code()})
    user = User.objects.get()
    assert (user.email, user.mobile, signed_in_as(client)) == (None, MOBILE, user.pk)
    assert user.mobile_proved_at

    again = Client()
    again.post(reverse("account_request_login_code"), {"phone": "090 1234 5678"})
    wrong = again.post(reverse("account_confirm_login_code"), {"code": "x"})
    assert "090-1234-5678" in wrong.content.decode()
    again.post(reverse("account_confirm_login_code"), {"code": the_code()})
    assert signed_in_as(again) == user.pk
    assert mail.outbox == []


def test_a_code_by_sms_leaves_at_night_and_before_all_others(client: Client, set_now: object) -> None:
    UserFactory.create(mobile=MOBILE)
    Limit.objects.bulk_create(
        Limit(code=code, name=code, value=value) for code, value in (("quiet_from", 21 * 60), ("quiet_until", 8 * 60))
    )
    night = at(1, 2)
    set_now(night)
    contact = Contact.objects.create(name="花子", phone="090-8765-4321")
    waiting = {"kind": "news", "recipient": contact, "channel": Channel.SMS, "address": MOBILE, "short": "…"}
    Message.objects.bulk_create(Message(**waiting, subject=f"row:{n}", due_at=at(-1)) for n in range(20))
    client.post(reverse("account_request_login_code"), {"phone": MOBILE})
    delivery.deliver_due()
    assert [message.is_code for message in Message.objects.filter(state="sent")] == [True]
    assert Message.objects.filter(attempts__isnull=False).get().is_code


def test_a_code_is_shown_to_nobody_and_nobody_is_asked_to_ring_about_it(
    client: Client, coordinator: User, settings: Settings
) -> None:
    UserFactory.create(mobile=MOBILE)
    Client().post(reverse("account_request_login_code"), {"phone": MOBILE})
    Message.objects.update(state="failed")
    client.force_login(coordinator)
    log = client.get(reverse("messages:log")).content.decode()
    assert MOBILE in log
    assert the_code() not in log
    assert not Message.objects.needs_a_person().exists()


@pytest.mark.parametrize("ceiling", ["SMS_CODES_PER_NUMBER", "SMS_CODES_PER_CLIENT", "SMS_CODES_A_DAY"])
def test_codes_by_sms_have_a_ceiling_a_day_which_says_so(
    client: Client, settings: Settings, db: None, ceiling: str
) -> None:
    User.objects.create(mobile=MOBILE, mobile_proved_at=at(0))
    setattr(settings, ceiling, 1)
    client.post(reverse("account_request_login_code"), {"phone": MOBILE})
    page = Client().post(reverse("account_request_login_code"), {"phone": MOBILE}).content.decode()
    assert "1日に送れるSMSのコードの数を超えました" in page
    assert 'value="090-1234-5678"' in page or f'value="{MOBILE}"' in page  # nothing typed is lost
    again = client.post(reverse("account_confirm_login_code"), {"action": "resend"}, follow=True)
    assert "1日に送れるSMSのコードの数を超えました" in again.content.decode()
    assert Message.objects.filter(is_code=True).count() == 1


def test_another_number_has_a_ceiling_of_its_own(settings: Settings, db: None) -> None:
    settings.SMS_CODES_PER_NUMBER = 1
    for number in ("090-1234-5678", "090-8765-4321"):
        Client().post(reverse("account_request_login_code"), {"phone": number})
    assert Message.objects.filter(is_code=True).count() == 2


def test_who_starts_over_at_once_reads_to_wait_and_can_sign_in_later(client: Client, programme_facts: None) -> None:
    sign_up = reverse("account_signup")
    page = client.post(sign_up, {"phone": MOBILE}, follow=True).content.decode()
    assert f'name="next" value="{sign_up}"' in page  # 最初からやり直す
    assert client.post(reverse("account_logout"), {"next": sign_up})["Location"] == sign_up
    for _try in range(2):
        again = client.post(sign_up, {"phone": MOBILE})
        assert (again.status_code, again["Retry-After"]) == (429, "300")
        assert "少し時間をおいてください" in again.content.decode()
    other = Client()
    other.post(reverse("account_request_login_code"), {"phone": MOBILE})
    other.post(reverse("account_confirm_login_code"), {"code": the_code()})
    assert signed_in_as(other) == User.objects.get().pk


@pytest.mark.parametrize(
    ("asking", "typing", "beginning"),
    [
        ("account_signup", "account_email_verification_sent", "account_signup"),
        ("account_signup", "account_verify_phone", "account_signup"),
        ("account_request_login_code", "account_confirm_login_code", "account_request_login_code"),
    ],
)
def test_who_typed_wrong_codes_reads_so_where_they_began_and_no_false_wait(
    client: Client, programme_facts: None, asking: str, typing: str, beginning: str
) -> None:
    client.post(reverse(asking), {"phone": MOBILE} if "phone" in typing else {"email": "a@example.jp"})
    for _try in range(LOGIN_BY_CODE_MAX_ATTEMPTS):
        page = client.post(reverse(typing), {"code": "x"}, follow=True)
    assert page.request["PATH_INFO"] == reverse(beginning)
    assert "コードが何度も違いました" in page.content.decode()
    assert "コードを何度もお送りしました" not in page.content.decode()


def test_who_asked_for_codes_too_often_reads_to_wait(db: None) -> None:
    for _ask in range(4):
        page = Client().post(reverse("account_request_login_code"), {"email": "a@example.jp"})
    assert "コードを何度もお送りしました。5分ほど待ってから" in page.content.decode()


def test_an_unknown_number_gets_one_sms_a_day_with_the_way_to_register(client: Client, db: None) -> None:
    for _try in range(2):
        client.post(reverse("account_request_login_code"), {"phone": "090-1234-5678"})
    assert reverse("account_signup") in Message.objects.get().short


def test_nothing_is_sent_to_a_number_that_stopped_us(client: Client, db: None) -> None:
    UserFactory.create(mobile=MOBILE)
    Suppression.objects.create(channel=Channel.SMS, address=MOBILE, reason="stopped")
    client.post(reverse("account_request_login_code"), {"phone": MOBILE})
    assert Message.objects.get().state == "cancelled"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "メールアドレスか、携帯電話の番号を"),
        ({"email": "a@example.jp", "phone": "090-1234-5678"}, "どちらか一つ"),
        ({"phone": "027-224-1111"}, "SMSが届く携帯電話"),
        ({"phone": "+881612345678"}, "市外局番から"),
        ({"phone": "+44 7400 123456"}, "市外局番から"),
    ],
)
@pytest.mark.parametrize("page", ["account_request_login_code", "account_signup"])
def test_one_address_or_one_mobile_is_asked_for(
    client: Client, db: None, page: str, typed: dict[str, str], said: str
) -> None:
    shown = client.post(reverse(page), typed).content.decode()
    assert said in shown
    assert shown.count("どちらか一つ</span>") == 2
    assert "任意" not in shown
    assert not Message.objects.exists()


@pytest.mark.parametrize("page", ["account_request_login_code", "account_signup"])
def test_a_mail_address_is_typed_full_width(client: Client, programme_facts: None, page: str) -> None:
    if page == "account_request_login_code":
        UserFactory.create(email="hanako@example.jp")
    client.post(reverse(page), {"email": "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"})
    assert mail.outbox[-1].to == ["hanako@example.jp"]


def test_a_mistyped_address_is_put_right_full_width(client: Client, programme_facts: None) -> None:
    client.post(reverse("account_signup"), {"email": "hamako@example.jp"})
    client.post(reverse("account_email_verification_sent"), {"action": "change", "email": "ｈａｎａｋｏ＠example.jp"})
    assert mail.outbox[-1].to == ["hanako@example.jp"]


def test_a_number_is_added_to_an_account_when_its_code_was_typed(client: Client, db: None) -> None:
    user = UserFactory.create()
    client.force_login(user)
    prove(client)
    client.post(reverse("account_change_phone"), {"phone": "090-1234-5678"})
    user.refresh_from_db()
    assert user.mobile is None
    client.post(reverse("account_verify_phone"), {"code": the_code()})
    user.refresh_from_db()
    assert user.mobile == MOBILE


def test_a_number_of_another_account_is_not_taken(client: Client, db: None) -> None:
    UserFactory.create(mobile=MOBILE)
    user = UserFactory.create()
    client.force_login(user)
    prove(client)
    client.post(reverse("account_change_phone"), {"phone": MOBILE})
    refused = client.post(reverse("account_verify_phone"), {"code": the_code()})
    assert "ほかの人の登録" in refused.content.decode()
    with pytest.raises(IntegrityError):
        User.objects.filter(pk=user.pk).update(mobile=MOBILE)


# --- Before a way in is added or changed -------------------------------------------------------------
@pytest.mark.parametrize("page", ["account_email", "account_change_phone"])
def test_a_device_that_has_long_been_signed_in_changes_no_way_in(client: Client, page: str, db: None) -> None:
    client.force_login(UserFactory.create())
    assert client.get(reverse(page))["Location"] == f"{reverse('prove')}?next={quote(reverse(page), safe='')}"
    sent = client.post(reverse(page), {"phone": MOBILE, "email": "new@example.jp", "action_add": ""})
    assert sent["Location"].startswith(reverse("prove"))
    assert client.post(reverse("add_passkey"))["Location"].startswith(reverse("prove"))
    assert not Message.objects.exists()
    assert mail.outbox == []


def test_a_code_proves_it_for_a_quarter_of_an_hour(client: Client, db: None) -> None:
    client.force_login(UserFactory.create())
    where = reverse("prove") + "?next=" + reverse("account_email")
    client.post(where, {"way": "mail"})
    assert "コードが正しくありません" in client.post(where, {"code": "x"}).content.decode()
    assert client.post(where, {"code": the_mailed_code()})["Location"] == reverse("account_email")
    assert client.get(reverse("account_email")).status_code == 200
    later = time.time() + proving.LASTS
    with mock.patch.object(time, "time", return_value=later):
        assert client.get(reverse("account_email")).status_code == 302


def test_a_code_that_was_guessed_at_too_often_is_worth_nothing(client: Client, db: None) -> None:
    client.force_login(UserFactory.create())
    client.post(reverse("prove"), {"way": "mail"})
    for _try in range(LOGIN_BY_CODE_MAX_ATTEMPTS):
        client.post(reverse("prove"), {"code": "x"})
    client.post(reverse("prove"), {"code": the_mailed_code()})
    assert client.get(reverse("account_email")).status_code == 302


def test_the_proof_leads_to_no_other_site_and_asks_no_unknown_address(client: Client, db: None) -> None:
    client.force_login(UserFactory.create())
    assert client.post(reverse("prove"), {"way": "sms"}).status_code == 404
    where = reverse("prove") + "?next=https://example.com/"
    client.post(where, {"way": "mail"})
    assert client.post(where, {"code": the_mailed_code()})["Location"] == reverse("ways_in")


def test_who_has_just_signed_in_has_proved_it(client: Client, db: None) -> None:
    user = UserFactory.create()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.post(reverse("account_request_login_code"), {"email": user.email})
    client.post(reverse("account_confirm_login_code"), {"code": the_mailed_code()})
    assert client.get(reverse("account_email")).status_code == 200


def test_the_old_address_and_the_mobile_hear_of_a_new_address(client: Client, programme_facts: None) -> None:
    user = UserFactory.create(email="old@example.jp", mobile=MOBILE, mobile_proved_at=at(-1))
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.force_login(user)
    prove(client)
    client.post(reverse("account_email"), {"email": "new@example.jp", "action_add": ""})
    client.post(reverse("account_email_verification_sent"), {"code": the_mailed_code()})
    user.refresh_from_db()
    assert user.email == "new@example.jp"
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["new@example.jp"]
    letter = mail.outbox[-1]
    assert (letter.to, letter.subject) == (["old@example.jp"], "ログインのしかたが変わりました")
    assert reverse("ways_in") in str(letter.body)
    assert "心当たりがなければ" in Message.objects.get(address=MOBILE).short


def test_the_mail_address_and_the_old_number_hear_of_a_new_number(client: Client, programme_facts: None) -> None:
    user = UserFactory.create(mobile="+819087654321", mobile_proved_at=at(-1))
    client.force_login(user)
    prove(client)
    client.post(reverse("account_change_phone"), {"phone": MOBILE})
    client.post(reverse("account_verify_phone"), {"code": the_code()})
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([user.email], "ログインのしかたが変わりました")
    assert "心当たりがなければ" in Message.objects.get(address="+819087654321").short
    assert "心当たりがなければ" not in "".join(Message.objects.filter(address=MOBILE).values_list("short", flat=True))


# --- Devices -----------------------------------------------------------------------------------------
def test_a_device_is_signed_out_from_another(db: None) -> None:
    user = UserFactory.create()
    here, lost = Client(headers={"User-Agent": EDGE}), Client(headers={"User-Agent": IPHONE})
    for device in (here, lost):
        device.force_login(user)
        device.get(reverse("ways_in"))
    page = here.get(reverse("ways_in")).content.decode()
    assert "iPhone Safari" in page
    assert "Windows Edge" in page
    row = UserSession.objects.get(session_key=lost.session.session_key)
    here.post(reverse("sign_out_device", args=[row.pk]))
    assert lost.get(reverse("ways_in")).status_code == 302
    assert here.get(reverse("ways_in")).status_code == 200


def test_nobody_signs_out_somebody_else(db: None) -> None:
    mine, other = Client(headers={"User-Agent": EDGE}), Client(headers={"User-Agent": EDGE})
    for device in (mine, other):
        device.force_login(UserFactory.create())
        device.get(reverse("ways_in"))
    row = UserSession.objects.get(session_key=other.session.session_key)
    assert mine.post(reverse("sign_out_device", args=[row.pk])).status_code == 404
    assert other.get(reverse("ways_in")).status_code == 200


def test_the_page_of_ways_in_asks_as_much_for_three_devices_as_for_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = UserFactory.create()
    client.force_login(user)
    client.get(reverse("ways_in"))
    with django_assert_num_queries(10):
        client.get(reverse("ways_in"))
    for _device in range(2):
        other = Client(headers={"User-Agent": IPHONE})
        other.force_login(user)
        other.get(reverse("ways_in"))
    with django_assert_num_queries(10):
        assert client.get(reverse("ways_in")).content.decode().count("iPhone") == 2


def test_a_device_is_called_by_its_owners_word() -> None:
    assert [device_name(said) for said in (IPHONE, EDGE, "curl/8")] == ["iPhone Safari", "Windows Edge", "ほかの端末"]


# --- A digital ID ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of an OpenID Connect provider at which whoever types a name is that person."""
    port = a_free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return requests.get(f"{address}/.well-known/openid-configuration", timeout=1).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(answers, seconds=60)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def digital_id(provider: str, settings: Settings) -> str:
    settings.ROOT_URLCONF = "tests.mdeji.with_digital_id"
    settings.OIDC_NAME = "めぶくID"
    app = {**settings.OIDC_APP, "name": "めぶくID", "client_id": "mdeji", "secret": "s"}
    app["settings"] = {"server_url": provider}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    return provider


def come_by_digital_id(client: Client, provider: str, sub: str, **claims: object) -> str:
    """Follow the link on the page for signing in to the provider, say yes there, come back; the page one arrives at."""
    requests.put(f"{provider}/users/{sub}", json=claims, timeout=10).raise_for_status()
    page = client.get(reverse("account_request_login_code")).content.decode()
    link = re.search(r'href="(/accounts/oidc/[^"]+)"', page)
    assert link
    away = client.get(link[1])
    back = requests.post(away["Location"], data={"sub": sub}, allow_redirects=False, timeout=10)
    parts = urlsplit(back.headers["Location"])
    arrived = client.get(f"{parts.path}?{parts.query}", follow=True)
    return arrived.content.decode()


def test_nobody_sees_a_digital_id_before_it_is_configured(client: Client, db: None) -> None:
    assert "oidc" not in client.get(reverse("account_request_login_code")).content.decode()
    assert client.get("/accounts/oidc/city/login/").status_code == 404


def test_a_digital_id_with_a_proven_address_opens_a_new_account(client: Client, digital_id: str) -> None:
    come_by_digital_id(client, digital_id, "new", email="hanako@example.jp", email_verified=True, name="前橋花子")
    user = User.objects.get()
    assert (user.email, user.name, signed_in_as(client)) == ("hanako@example.jp", "前橋花子", user.pk)
    other = Client()
    come_by_digital_id(other, digital_id, "new", email="hanako@example.jp", email_verified=True)
    assert signed_in_as(other) == user.pk


def test_the_same_proven_address_is_the_same_person(client: Client, digital_id: str) -> None:
    user = UserFactory.create(email="hanako@example.jp")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    come_by_digital_id(client, digital_id, "known", email="hanako@example.jp", email_verified=True)
    assert signed_in_as(client) == user.pk
    assert SocialAccount.objects.get().user == user


@pytest.mark.parametrize(("proved_there", "proved_here"), [(False, True), (True, False), (False, False)])
def test_an_address_that_one_side_has_not_proved_opens_nobodys_account(
    client: Client, digital_id: str, proved_there: bool, proved_here: bool
) -> None:
    user = UserFactory.create(email="hanako@example.jp")
    EmailAddress.objects.create(user=user, email=user.email, verified=proved_here, primary=True)
    come_by_digital_id(client, digital_id, "thief", email="hanako@example.jp", email_verified=proved_there)
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()


def test_a_new_address_that_the_provider_has_not_proved_is_proved_by_a_code(client: Client, digital_id: str) -> None:
    come_by_digital_id(client, digital_id, "unproved", email="new@example.jp", email_verified=False)
    assert signed_in_as(client) is None
    (letter,) = mail.outbox
    assert letter.to == ["new@example.jp"]


def test_a_digital_id_is_linked_and_unlinked_by_its_owner(client: Client, digital_id: str) -> None:
    user = UserFactory.create()
    client.force_login(user)
    linking = reverse("openid_connect_login", args=["city"]) + "?process=connect"
    assert client.get(linking)["Location"].startswith(reverse("prove"))
    prove(client)
    requests.put(f"{digital_id}/users/mine", json={}, timeout=10).raise_for_status()
    away = client.get(linking)
    back = requests.post(away["Location"], data={"sub": "mine"}, allow_redirects=False, timeout=10)
    parts = urlsplit(back.headers["Location"])
    client.get(f"{parts.path}?{parts.query}")
    account = SocialAccount.objects.get(user=user)
    assert "めぶくIDでログインできるようになりました。" in str(mail.outbox[-1].body)
    assert reverse("unlink_digital_id", args=[account.pk]) in client.get(reverse("ways_in")).content.decode()
    client.post(reverse("unlink_digital_id", args=[account.pk]))
    assert not SocialAccount.objects.exists()


def test_a_no_at_the_provider_leads_back_to_the_codes(client: Client, digital_id: str) -> None:
    away = client.get(reverse("openid_connect_login", args=["city"]))
    back = requests.post(away["Location"], data={"action": "deny"}, allow_redirects=False, timeout=10)
    parts = urlsplit(back.headers["Location"])
    page = client.get(f"{parts.path}?{parts.query}", follow=True).content.decode()
    assert "ログインできませんでした" in page
