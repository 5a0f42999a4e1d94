"""A passkey is made and used on a device of chromium's own making (a virtual authenticator)."""

import pytest
from playwright.sync_api import Browser

from mdeji.demo import LOGINS
from tests.browser.site import Person, Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_supporter_signs_in_by_a_passkey_until_it_is_removed(shared_site: Site, browser: Browser) -> None:
    person = Person(browser, shared_site, LOGINS["サポーター"])
    cdp = person.page.context.new_cdp_session(person.page)
    cdp.send("WebAuthn.enable")
    device = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
    person.sign_in()
    person.open("/accounts/ways-in/")
    person.press("この端末にパスキーを登録する")
    person.sees("このパスキーを消す", "Chrome")

    person.page.context.clear_cookies()
    person.open("/accounts/login/?next=/accounts/ways-in/")
    person.press("パスキーでログイン")
    person.arrives_at("/accounts/ways-in/")
    person.press("このパスキーを消す")

    person.page.context.clear_cookies()
    person.open("/accounts/login/")
    person.press("パスキーでログイン")
    person.arrives_at("/accounts/login/")

    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    person.page.locator("main button:has-text('パスキーでログイン')").click()
    person.sees("パスキーを使えませんでした")
