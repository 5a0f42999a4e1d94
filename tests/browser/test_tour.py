"""Every page of every role in Debian's chromium, on a phone and on a desk, in each language.

What is asked of a page stands in visitor.py. The pages come from the table in tests/mdeji/test_access.py, so a
new page is toured without anybody thinking of it. TOUR_SHOTS names a folder in which to keep pictures of all of them.
In other languages than Japanese only what the public sees is toured; the rest by ``make test-browser`` alone.
"""

import os

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser

from programme.steps import CHECK
from support_requests.views.intake import IntakeView
from supporters.views.registering import RegistrationView
from tests.browser.standing import Standing
from tests.browser.visitor import Visitor
from tests.mdeji.test_access import EVERYBODY
from tests.steps import url_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tour]

DOWNLOADS = {
    "supporters:payment_file",
    "supporters:own_data_file",
    "supporters:bring_example",
    "kpi:export",
    "kpi:period_export",
    "kpi:wg_export",
}
# Forms that are sent with nothing filled in, once by somebody, to see their errors.
EMPTY = {
    "anonymous": ["account_signup", "account_request_login_code", "support_requests:step", "support_requests:status"],
    "member": ["supporters:register_step"],
    "supporter": ["supporters:absences"],
    "desk": ["consult:log"],
    "coordinator": ["support_requests:phone_in", "consult:desk_new", "consult:activities"],
}


# Forms in steps, of which every page is opened by whoever has filled one in: see standing.py.
IN_STEPS = {"anonymous": IntakeView, "member": RegistrationView}


in_full = pytest.mark.skipif("TOUR_ALL" not in os.environ, reason="this role or language: make test-browser")
# An officer's pages are the coordinator's, with less on them.
TOURS = [
    pytest.param(role, language, marks=[in_full] if language != settings.LANGUAGE_CODE or role == "officer" else [])
    for role in sorted(EVERYBODY)
    for language in dict(settings.LANGUAGES)
]


@pytest.mark.timeout(600)  # the coordinator's ninety pages, on a busy machine
@pytest.mark.parametrize(("role", "language"), TOURS)
def test_every_page_can_be_read_by_everybody_who_may_open_it(
    standing: Standing, browser: Browser, role: str, language: str
) -> None:
    visitor = Visitor(browser, standing, role, language)
    pages = {name: path for name, path in standing.pages(role).items() if name not in DOWNLOADS}
    faults = [fault for name, path in pages.items() for fault in visitor.faults_of(name, path)]
    faults += visitor.faults_of("not found", "/no-such-page/", status=404)
    faults += [fault for name in EMPTY.get(role, []) for fault in visitor.faults_when_empty(name, pages[name])]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
@pytest.mark.parametrize("role", IN_STEPS)
def test_every_step_of_a_long_form_can_be_read(standing: Standing, browser: Browser, role: str, language: str) -> None:
    visitor, view = Visitor(browser, standing, role, language), IN_STEPS[role]
    faults = []
    for slug in [*(step.slug for step in view.steps), CHECK]:
        path = url_of(view, standing.begun, slug)
        faults += visitor.faults_of(f"{view.kind} {slug}", path)
        assert visitor.page.url.startswith(standing.address + path), "an answer was not taken"
    assert not faults, "\n".join(faults)


def test_the_admin_needs_nothing_that_the_policy_forbids(standing: Standing, browser: Browser) -> None:
    visitor = Visitor(browser, standing, "coordinator", "ja")
    for name in ("admin:index", "admin:programme_limit_changelist", "admin:programme_venue_add"):
        visitor.page.goto(standing.address + reverse(name))
    assert [line for line in visitor.heard if "/favicon.ico" not in line] == []  # its pages name no icon
