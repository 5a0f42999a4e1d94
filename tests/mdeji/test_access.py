"""Every page for every role: who opens it, who is sent to sign in, for whom it is not there.

PAGES names each page of the project once, on the demo's rows; a page that is missing from it fails a test.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from consult.messages import RESERVATION
from consult.models import (
    Consultation,
    Desk,
    FrozenFigure,
    MonthReport,
    Opening,
    OpeningBatch,
    ProposedCorrection,
    Reservation,
    StandingTeam,
)
from consult.models.devices import Invitation, Tablet
from mdeji.demo import LOGINS, load_demo
from mdeji.models import Snooze
from notifications import addresses, links
from notifications.mailings import write_drafts
from notifications.models import Contact, Mailing, Message
from programme.models import Closure, User
from programme.steps import CHECK
from support_requests.messages import CONFIRM, NEW_CONTACT, STATUS, confirm_key
from support_requests.models import Board, Inquiry, Plan, PlannedTask, Series, Session, SupportRequest
from support_requests.views.intake import IntakeView
from support_requests.views.reports import ReportView
from supporters.merging import look_alikes
from supporters.messages import CERTIFICATE, CONSENT, KEEP, OFFER
from supporters.models import Absence, Assignment, Consent, Payment, Supporter
from supporters.views.checking_in import HERE
from supporters.views.registering import RegistrationView
from tests.consult.rows import an_opening

pytestmark = pytest.mark.django_db

SIGNED_IN = {"member", "supporter", "coordinator", "officer", "desk"}
EVERYBODY = {"anonymous"} | SIGNED_IN
OFFICE = {"coordinator"}
FIGURES = {"coordinator", "officer"}
ON_DUTY = {"coordinator", "supporter", "desk"}  # for today's opening at the desk of the demo

# (page, its arguments in ``rows``): who may open it
PAGES: dict[tuple[str, ...], set[str]] = {
    ("home",): EVERYBODY,
    ("office",): OFFICE,
    ("texts",): OFFICE,
    ("design",): FIGURES,
    ("account_request_login_code",): EVERYBODY,
    ("account_signup",): EVERYBODY,
    ("account_inactive",): EVERYBODY,
    ("account_logout",): EVERYBODY,
    ("account_change_phone",): SIGNED_IN,
    ("mfa_login_webauthn",): EVERYBODY,
    ("ways_in",): SIGNED_IN,
    ("prove",): SIGNED_IN,
    ("account_email",): SIGNED_IN,
    ("account_reauthenticate",): set(),
    ("account_change_password",): set(),
    ("account_set_password",): set(),
    ("account_reset_password",): set(),
    ("account_reset_password_done",): set(),
    ("account_reset_password_from_key_done",): set(),
    ("supporters:home",): SIGNED_IN,
    ("supporters:register",): SIGNED_IN,
    ("supporters:register_step", "draft", "registration_step"): SIGNED_IN,
    ("supporters:free_times",): SIGNED_IN,
    ("supporters:skills",): SIGNED_IN,
    ("supporters:limits",): SIGNED_IN,
    ("supporters:own_facts",): SIGNED_IN,
    ("supporters:absences",): SIGNED_IN,
    ("supporters:places",): SIGNED_IN,
    ("supporters:rest",): SIGNED_IN,
    ("supporters:calendar_address",): SIGNED_IN,
    ("supporters:training_mine",): SIGNED_IN,
    ("supporters:course", "course"): SIGNED_IN,
    ("supporters:certificate", "course"): SIGNED_IN,
    ("supporters:proof", "certificate"): EVERYBODY,
    ("supporters:courses",): OFFICE,
    ("supporters:course_edit", "course"): OFFICE,
    ("supporters:course_people", "course"): OFFICE,
    ("supporters:offline",): EVERYBODY,
    ("supporters:own_data",): SIGNED_IN,
    ("supporters:own_data_all",): SIGNED_IN,
    ("supporters:own_data_file",): SIGNED_IN,
    ("supporters:keep_data", "keep_data"): EVERYBODY,
    ("supporters:offer", "offer"): EVERYBODY,
    ("supporters:consent", "consent"): EVERYBODY,
    ("supporters:people",): OFFICE,
    ("supporters:bring",): OFFICE,
    ("supporters:bring_example",): OFFICE,
    ("supporters:taken",): OFFICE,
    ("supporters:person", "supporter"): OFFICE,
    ("supporters:shift", "shift"): OFFICE,
    ("supporters:poster", "shift"): OFFICE,
    ("supporters:here", "here"): SIGNED_IN,
    ("supporters:same", "twin", "known"): OFFICE,
    ("support_requests:new",): EVERYBODY,
    ("support_requests:step", "draft", "request_step"): EVERYBODY,
    ("support_requests:thanks", "status"): EVERYBODY,
    ("support_requests:confirm", "confirm"): EVERYBODY,
    ("support_requests:new_contact", "new_contact"): EVERYBODY,
    ("support_requests:status", "held"): EVERYBODY,
    ("support_requests:again", "status"): EVERYBODY,
    ("support_requests:withdraw", "status"): EVERYBODY,
    ("support_requests:end_series", "status"): EVERYBODY,
    ("support_requests:paper",): EVERYBODY,
    ("support_requests:write", "status"): EVERYBODY,
    ("support_requests:other_time", "status"): EVERYBODY,
    ("support_requests:change", "changeable", "draft", "change_step"): EVERYBODY,
    ("support_requests:list",): OFFICE,
    ("support_requests:detail", "request"): OFFICE,
    ("support_requests:slip", "request"): OFFICE,
    ("support_requests:revise", "request"): OFFICE,
    ("support_requests:move", "request"): OFFICE,
    ("support_requests:phone_in",): OFFICE,
    ("support_requests:report", "session"): {"coordinator", "supporter"},
    ("support_requests:report_step", "unreported", "draft", "report_step"): {"coordinator", "supporter"},
    ("support_requests:correct_report", "session"): OFFICE,
    ("support_requests:draws",): EVERYBODY,
    ("support_requests:plans",): OFFICE,
    ("support_requests:board",): OFFICE,
    ("support_requests:board_people", "shift"): OFFICE,
    ("support_requests:board_person", "supporter"): OFFICE,
    ("support_requests:given_up",): OFFICE,
    ("support_requests:plan", "plan"): OFFICE,
    ("support_requests:plan_task", "plan", "planned_task"): OFFICE,
    ("consult:finder",): EVERYBODY,
    ("consult:place", "desk"): EVERYBODY,
    ("open_data:index",): EVERYBODY,
    ("consult:tap",): EVERYBODY,
    ("consult:log_home",): SIGNED_IN,
    ("consult:log", "opening"): ON_DUTY,
    ("consult:void", "case"): {"coordinator", "desk"},
    ("consult:correct", "case"): {"coordinator", "desk"},
    ("consult:openings",): OFFICE,
    ("consult:opening", "opening"): OFFICE,
    ("consult:call_off", "opening"): OFFICE,
    ("consult:desk_new",): OFFICE,
    ("consult:desk_edit", "desk"): OFFICE,
    ("consult:open_dates", "desk"): OFFICE,
    ("consult:reserve", "reservable_desk"): EVERYBODY,
    ("consult:reservation", "reservation"): EVERYBODY,
    ("consult:reach",): OFFICE,
    ("consult:urgent",): OFFICE,
    ("consult:closures",): OFFICE,
    ("consult:closure", "closure"): OFFICE,
    ("consult:move", "opening"): OFFICE,
    ("consult:reopen", "called_off"): OFFICE,
    ("consult:people", "opening"): OFFICE,
    ("consult:day_list", "opening"): ON_DUTY,
    ("consult:batch", "batch"): OFFICE,
    ("consult:standing", "desk"): OFFICE,
    ("consult:team", "team"): OFFICE,
    ("consult:activities",): OFFICE,
    ("consult:tablets",): OFFICE,
    ("consult:tablet", "tablet"): OFFICE,
    ("consult:enrol", "invitation"): EVERYBODY,
    ("consult:sheet", "opening"): ON_DUTY,
    ("consult:paper", "opening"): ON_DUTY,
    ("consult:closing", "opening"): ON_DUTY,
    ("consult:live",): OFFICE,
    ("messages:list",): OFFICE,
    ("messages:log",): OFFICE,
    ("messages:contact", "contact"): OFFICE,
    ("messages:settings", "language"): EVERYBODY,
    ("messages:prove_mail", "mail"): EVERYBODY,
    ("messages:prove_mobile", "mobile"): EVERYBODY,
    ("supporters:mailings",): OFFICE,
    ("supporters:mailing_new",): OFFICE,
    ("supporters:mailing", "mailing"): OFFICE,
    ("supporters:mailing_draft", "mailing", "mailing_draft"): OFFICE,
    ("supporters:mailing_edit", "mailing"): OFFICE,
    ("supporters:honoraria",): SIGNED_IN,
    ("supporters:payments",): OFFICE,
    ("supporters:payment_file", "payment"): OFFICE,
    ("supporters:receipts", "payment"): {"coordinator", "supporter"},
    ("kpi:honoraria_now",): OFFICE,
    ("kpi:honoraria", "month"): OFFICE,
    ("kpi:months",): FIGURES,
    ("dashboard:year",): FIGURES,
    ("dashboard:hours",): FIGURES,
    ("dashboard:what_if",): FIGURES,
    ("kpi:month", "month"): FIGURES,
    ("kpi:export", "month", "suffix"): FIGURES,
    ("kpi:periods",): FIGURES,
    ("kpi:period", "half"): FIGURES,
    ("kpi:period_parts", "half", "figure"): FIGURES,
    ("kpi:period_export", "half", "suffix"): FIGURES,
    ("kpi:wg", "half"): FIGURES,
    ("kpi:wg_write", "half"): OFFICE,
    ("kpi:wg_export", "half"): FIGURES,
    ("kpi:rows", "month", "figure"): OFFICE,
    ("kpi:counted", "month", "figure"): OFFICE,
    ("kpi:record", "kind", "case"): OFFICE,
    ("kpi:proposals",): OFFICE,
    ("kpi:proposal", "proposal"): OFFICE,
    ("kpi:published",): OFFICE,
    ("kpi:exports",): FIGURES,
    ("notifications:sent",): EVERYBODY,  # in development only
}
# These only take a POST.
BUTTONS: dict[tuple[str, ...], set[str]] = {
    ("consult:fill", "desk"): OFFICE,
    ("add_passkey",): SIGNED_IN,
    ("supporters:remove_absence", "absence"): SIGNED_IN,  # who is no supporter is sent to register
    ("supporters:erase", "leaver"): OFFICE,
    ("supporters:keep_for", "leaver"): OFFICE,
    ("supporters:arrive", "duty"): SIGNED_IN,  # likewise
    ("supporters:remove_part", "course"): OFFICE,
    ("supporters:take",): OFFICE,
    ("supporters:move", "supporter"): OFFICE,
    ("supporters:training", "supporter"): OFFICE,
    ("supporters:flags", "supporter"): OFFICE,
    ("supporters:facts", "supporter"): OFFICE,
    ("supporters:contact", "supporter"): OFFICE,
    ("supporters:guardian", "supporter"): OFFICE,
    ("support_requests:confirm_for", "request"): OFFICE,
    ("support_requests:confirm_contact", "request"): OFFICE,
    ("support_requests:withdraw_for", "request"): OFFICE,
    ("support_requests:decline", "request"): OFFICE,
    ("support_requests:settle_inquiry", "inquiry"): OFFICE,
    ("support_requests:board_propose",): OFFICE,
    ("support_requests:board_act", "board"): OFFICE,
    ("snooze",): OFFICE,
    ("wake", "snooze"): OFFICE,
    ("support_requests:end_series_for", "in_series"): OFFICE,
    ("support_requests:reopen", "request"): OFFICE,
    ("support_requests:go_with_fewer", "request"): OFFICE,
    ("support_requests:publish", "with_session"): OFFICE,
    ("support_requests:keep_to_group", "with_session"): OFFICE,
    ("messages:settle", "message"): OFFICE,
    ("kpi:close", "month"): OFFICE,
    ("kpi:recount",): FIGURES,
    ("kpi:wg_fix", "half"): OFFICE,
    ("kpi:correct", "month", "figure"): OFFICE,
    ("kpi:approve", "proposal"): OFFICE,
    ("kpi:refuse", "proposal"): OFFICE,
}
# Opened in the middle of signing in, or without a row of the demo; their own tests look at them.
ELSEWHERE = {
    "api-kpi",
    "consult:calendar",
    "consult:desk_calendar",
    "consult:district_calendar",
    "consult:reservation_calendar",
    "account_login",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "account_verify_phone",
    "remove_passkey",
    "sign_out_device",
    "account_reset_password_from_key",
    "api-consultations",
    "api-desk",
    "api-summary",
    "api-void",
    "consult:tap_manifest",
    "consult:tap_worker",
    "messages:line_events",
    "messages:twilio_incoming",
    "messages:twilio_status",
    "notifications:sent_attachment",
    "notifications:sent_mail",
    "open_data:file",
    "short_link",
    "support_requests:calendar",
    "supporters:offer_calendar",
    "supporters:captions",
    "supporters:film",
    "supporters:manifest",
    "supporters:own_calendar",
    "supporters:worker",
}


def pages_of(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    """The names of all pages, the admin's aside."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            if entry.name:
                yield f"{namespace}{entry.name}"
        elif entry.namespace != "admin":
            yield from pages_of(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)


def test_every_page_is_in_the_table() -> None:
    assert set(pages_of(get_resolver())) == {name for name, *_ in [*PAGES, *BUTTONS]} | ELSEWHERE


def a_proposal() -> ProposedCorrection:
    """A late case of a closed month."""
    by = User.objects.get(email=LOGINS["コーディネーター"])
    closing = MonthReport.objects.create(year=2024, month=5, closed_by=by, sha256="0" * 64)
    FrozenFigure.objects.create(report=closing, figure="consultations", version=1, value=3)
    case = Consultation.objects.all()[0].pk.hex
    facts = {"figure": "consultations", "old": 3, "new": 4, "came": [[case, 1]], "fingerprint": "0" * 64}
    return ProposedCorrection.objects.create(report=closing, **facts)


def demo_rows() -> dict[str, Any]:
    """The arguments that PAGES and BUTTONS name, on the rows of the demo. The tour in tests/browser opens them too."""
    now = timezone.localtime()
    supporter = Supporter.objects.get(contact__email=LOGINS["サポーター"])
    opening = Opening.objects.get(date=now.date(), desk__accounts__email=LOGINS["相談所の端末 (desk)"])
    request = SupportRequest.objects.get(status=SupportRequest.Status.PLANNED)
    received = SupportRequest.objects.get(status=SupportRequest.Status.RECEIVED)
    mailing = Mailing.objects.create(title="講座のご案内", body="講座を開きます。")
    write_drafts(mailing, [supporter.contact])
    plan = Plan.objects.create(first=now.date(), last=now.date() + dt.timedelta(days=30))
    put_off = Snooze.objects.create(kind="request", key=request.pk, about=str(request), until=plan.last, reason="見本")
    return {
        "board": Board.objects.get().pk,
        "snooze": put_off.pk,
        "language": links.token(links.LANGUAGE, supporter.contact_id),
        "mobile": a_proof(links.MOBILE, mobile="090-1234-5678"),
        "mail": a_proof(links.MAIL, email="new@example.jp"),
        "contact": supporter.contact_id,
        "mailing": mailing.pk,
        "mailing_draft": mailing.messages.get().pk,
        "offer": links.token(OFFER, Assignment.objects.offered().get().pk),
        "consent": links.token(CONSENT, Consent.objects.get().pk),
        "confirm": links.token(CONFIRM, confirm_key(received)),
        "new_contact": links.token(NEW_CONTACT, confirm_key(request)),
        "status": links.token(STATUS, request.pk),
        "held": links.token(STATUS, Session.objects.held().filter(feedback=None)[0].request_id),
        "changeable": links.token(STATUS, received.pk),
        "inquiry": Inquiry.objects.write(request, "駐車場はありますか").pk,
        "in_series": a_series_of(received).pk,
        "draft": uuid.uuid4(),
        "registration_step": RegistrationView.steps[0].slug,
        "request_step": IntakeView.steps[0].slug,
        "change_step": CHECK,
        "report_step": ReportView.steps[0].slug,
        "unreported": Session.objects.get(request__status=SupportRequest.Status.BOOKED).pk,
        "payment": Payment.objects.all()[0].pk,
        "here": links.token(HERE, opening.shift_id),
        "duty": supporter.assignments.held()[0].pk,
        "request": request.pk,
        "with_session": Session.objects.all()[0].request_id,
        "supporter": supporter.pk,
        "course": "video",
        "certificate": links.token(CERTIFICATE, supporter.completions.get(course="video").pk),
        "leaver": Supporter.objects.filter(status=Supporter.Status.APPLIED)[0].pk,
        "keep_data": links.token(KEEP, supporter.pk),
        "twin": (twin := Supporter.objects.get(contact__email="ichiro.again@example.jp")).pk,
        "known": look_alikes(twin)[0].supporter.pk,
        "absence": Absence.objects.create(supporter=supporter, starts_at=now, ends_at=now + dt.timedelta(hours=1)).pk,
        "session": Session.objects.held()[0].pk,
        "plan": plan.pk,
        "planned_task": PlannedTask.objects.create(plan=plan, request=request).pk,
        "opening": opening.pk,
        "called_off": called_off(opening.desk).pk,
        "desk": opening.desk_id,
        "shift": opening.shift_id,
        "reservable_desk": Desk.objects.filter(reservable=True)[0].pk,
        "reservation": links.token(RESERVATION, Reservation.objects.all()[0].pk),
        "batch": OpeningBatch.objects.all()[0].pk,
        "closure": Closure.objects.all()[0].pk,
        "team": StandingTeam.objects.all()[0].pk,
        "tablet": a_tablet(opening.desk).pk,
        "invitation": an_invitation(opening.desk),
        "case": Consultation.objects.filter(desk=opening.desk)[0].pk,
        "message": Message.objects.all()[0].pk,
        "month": f"{now:%Y-%m}",
        "half": "2024H1",
        "figure": "consultations",
        "kind": "case",
        "proposal": a_proposal().pk,
        "suffix": "csv",
    }


def a_series_of(asked: SupportRequest) -> SupportRequest:
    """The request as the first of several months."""
    SupportRequest.objects.filter(pk=asked.pk).update(series=Series.begin([timezone.now()], months=12))
    return asked


def a_proof(purpose: str, **address: str) -> str:
    """The token of the link by which somebody proves a new address."""
    contact = Contact.objects.create(name="見本", phone="027-000-0000")
    for name, value in address.items():
        setattr(contact, name, value)
    addresses.change(contact)
    return links.token(purpose, Message.objects.get(recipient=contact).occasion)


def called_off(desk: Desk) -> Opening:
    """A date to come on which the desk stays shut."""
    opening = an_opening(desk, timezone.localdate() + dt.timedelta(days=400))
    opening.call_off(by=None, reason="見本")
    return opening


def an_invitation(desk: Desk) -> str:
    """The secret of a link that enrols a tablet; it lasts for as long as somebody may look at all pages."""
    coordinator = User.objects.get(email=LOGINS["コーディネーター"])
    invitation, secret = Invitation.objects.make(desk=desk, name="受付のタブレット", by=coordinator)
    invitation.expires_at += dt.timedelta(days=1)
    invitation.save()
    return secret


def a_tablet(desk: Desk) -> Tablet:
    return Invitation.objects.of_secret(an_invitation(desk)).accept()[0]


def sign_everybody_in() -> dict[str, Client]:
    """A browser for each role, signed in on the demo."""
    clients = {role: Client() for role in EVERYBODY}
    User.objects.create_user("member@example.jp")
    emails = {
        "member": "member@example.jp",
        "supporter": LOGINS["サポーター"],
        "coordinator": LOGINS["コーディネーター"],
        "officer": LOGINS["市職員 (officer)"],
        "desk": LOGINS["相談所の端末 (desk)"],
    }
    for role, email in emails.items():
        user = User.objects.get(email=email)
        clients[role].force_login(user)
        signed_in_just_now(clients[role], user)
    return clients


def signed_in_just_now(client: Client, user: User) -> None:
    """As after a code: what changes a way of signing in may be opened."""
    request: Any = SimpleNamespace(session=client.session)
    record_authentication(request, user, method="code")
    request.session.save()


@pytest.fixture
def rows(programme_facts: None) -> dict[str, Any]:
    load_demo()
    return demo_rows()


@pytest.fixture
def clients(rows: dict[str, Any]) -> dict[str, Client]:
    return sign_everybody_in()


def door(response: HttpResponse) -> str:
    """What somebody met at the page: "open", "sign in" or "not there"."""
    if response.status_code == 404:
        return "not there"
    assert response.status_code in (200, 302), response.status_code
    return "sign in" if response.headers.get("Location", "").startswith("/accounts/login/?next=") else "open"


def expected(allowed: set[str]) -> dict[str, str]:
    closed = {role: "sign in" if role == "anonymous" and allowed else "not there" for role in EVERYBODY}
    return closed | dict.fromkeys(allowed, "open")


def test_every_page_opens_for_its_roles_alone(rows: dict[str, Any], clients: dict[str, Client]) -> None:
    for (name, *arguments), allowed in PAGES.items():
        address = reverse(name, args=[rows[argument] for argument in arguments])
        met = {role: door(client.get(address)) for role, client in clients.items()}
        assert (name, met) == (name, expected(allowed))


def test_every_button_works_for_its_roles_alone(rows: dict[str, Any], clients: dict[str, Client]) -> None:
    for (name, *arguments), allowed in BUTTONS.items():
        address = reverse(name, args=[rows[argument] for argument in arguments])
        for role in sorted(EVERYBODY, key=lambda role: role in allowed):  # those who may not go first
            assert (name, role, door(clients[role].post(address, {"verb": "pause"}))) == (
                name,
                role,
                expected(allowed)[role],
            )


def test_the_admin_is_the_coordinators(clients: dict[str, Client]) -> None:
    met = {role: door(client.get("/admin/")) for role, client in clients.items()}
    assert met == expected(OFFICE)
