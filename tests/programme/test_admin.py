"""The coordinators' pages for facts and accounts."""

from http import HTTPStatus

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from programme.models import Closure, Goal, Limit, Role, Topic, User, Venue

INDEX = "/admin/"
CODES = ["ageband", "category", "device", "district", "level", "outcome", "topic", "visit"]
MODELS = [*CODES, "closurecalendar", "course", "goal", "limit", "programme", "publishedfigure", "user", "venue"]


@pytest.fixture
def office(programme_facts: None, coordinator: User, client: Client) -> Client:
    client.force_login(coordinator)
    return client


def row_page(row: object) -> str:
    meta = row._meta  # type: ignore[attr-defined]
    return reverse(f"admin:programme_{meta.model_name}_change", args=[row.pk])  # type: ignore[attr-defined]


def fields_of(client: Client, page: str) -> dict[str, object]:
    """What the page's form would send as it stands."""
    response = client.get(page)
    assert response.status_code == HTTPStatus.OK
    form = response.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    for inline in response.context["inline_admin_formsets"]:
        for part in [inline.formset.management_form, *inline.formset.forms]:
            sent |= {part.add_prefix(name): part[name].value() for name in part.fields}
    return {name: value for name, value in sent.items() if value is not None and value is not False}


def test_a_stranger_is_sent_to_sign_in(client: Client, db: None) -> None:
    for page in (INDEX, reverse("admin:programme_topic_changelist")):
        response = client.get(page)
        assert response.status_code == HTTPStatus.FOUND
        assert response["Location"] == f"{reverse('account_login')}?next={page}"


def test_there_is_no_second_sign_in_with_a_password(client: Client, db: None) -> None:
    response = client.post("/admin/login/", {"username": "a@example.jp", "password": "x"})
    assert (response.status_code, response["Location"]) == (HTTPStatus.FOUND, INDEX)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.OFFICER, Role.DESK])
def test_for_everybody_but_coordinators_there_is_no_such_page(client: Client, db: None, role: Role) -> None:
    client.force_login(User.objects.create_user("somebody@example.jp", role=role, is_staff=True))
    for page in (INDEX, reverse("admin:programme_topic_changelist"), reverse("admin:programme_user_add")):
        assert client.get(page).status_code == HTTPStatus.NOT_FOUND


def test_a_coordinator_finds_every_kind_of_fact(office: Client) -> None:
    assert office.get(INDEX).status_code == HTTPStatus.OK
    for model in MODELS:
        assert office.get(reverse(f"admin:programme_{model}_changelist")).status_code == HTTPStatus.OK, model


def test_a_coordinator_can_open_a_row_of_every_kind(office: Client) -> None:
    for name in MODELS:
        row = apps.get_model("programme", name)._default_manager.all()[0]
        assert office.get(row_page(row)).status_code == HTTPStatus.OK, name


def test_a_coordinator_changes_a_limit_and_the_change_is_recorded(office: Client) -> None:
    page = row_page(Limit.objects.get(code="offer_hours"))
    response = office.post(page, fields_of(office, page) | {"value": 72})
    assert response.status_code == HTTPStatus.FOUND
    assert Limit.objects.get(code="offer_hours").value == 72
    assert LogEntry.objects.get().object_id == "offer_hours"


def test_a_limit_that_contradicts_another_is_refused_on_the_page(office: Client) -> None:
    page = row_page(Limit.objects.get(code="minimum_group_size"))
    response = office.post(page, fields_of(office, page) | {"value": 31})
    assert "大きくなっています" in response.content.decode()
    assert Limit.objects.get(code="minimum_group_size").value == 3


def test_a_closure_is_added_and_a_wrong_rule_refused(office: Client) -> None:
    page = reverse("admin:programme_closurecalendar_change", args=["halls"])
    new = {"closures-3-reason": "工事", "closures-3-calendar": "halls"}
    refused = office.post(page, fields_of(office, page) | new | {"closures-3-rule": "FREQ=WEEKLY"})
    assert "どの日かが決まりません" in refused.content.decode()
    office.post(page, fields_of(office, page) | new | {"closures-3-rule": "FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=13"})
    assert Closure.objects.get(reason="工事").rule == "FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=13"


def test_a_hall_can_be_corrected_with_its_name_kept_as_typed(office: Client) -> None:
    page = row_page(Venue.objects.get(code="hall_haga"))
    office.post(page, fields_of(office, page) | {"name": "芳賀\ufa19社館", "coordinates_verified": "on"})
    hall = Venue.objects.get(code="hall_haga")
    assert (hall.name, hall.coordinates_verified) == ("芳賀\ufa19社館", True)


def test_a_code_never_changes_and_is_switched_off_instead_of_deleted(office: Client) -> None:
    page = row_page(Topic.objects.get(code="T05"))
    sent = fields_of(office, page)
    sent.pop("active")
    office.post(page, sent | {"code": "T55"})
    assert not Topic.objects.filter(code="T55").exists()
    assert Topic.objects.get(code="T05").active is False
    assert office.get(page.replace("change", "delete")).status_code == HTTPStatus.FORBIDDEN


def test_goals_can_be_deleted(office: Client) -> None:
    goal = Goal.objects.get(figure="participants", fiscal_year=2027)
    office.post(reverse("admin:programme_goal_delete", args=[goal.pk]), {"post": "yes"})
    assert not Goal.objects.filter(pk=goal.pk).exists()


def test_lists_need_no_more_queries_for_more_rows(office: Client) -> None:
    page = reverse("admin:programme_venue_changelist")
    Venue.objects.exclude(code="hall_haga").delete()
    office.get(page)
    with CaptureQueriesContext(connection) as one_row:
        office.get(page)
    for number in range(5):
        Venue.objects.create(name=f"集会所{number}", district_id="D05", closures_id="halls")
    with CaptureQueriesContext(connection) as six_rows:
        office.get(page)
    assert len(six_rows) == len(one_row)


# --- Accounts ----------------------------------------------------------------------------------------


def test_a_coordinator_makes_an_account_with_a_role_and_without_a_password(office: Client) -> None:
    sent = {"email": "Olga@Example.JP", "name": "髙﨑 栁", "role": "officer", "is_active": "on", "is_superuser": "on"}
    office.post(reverse("admin:programme_user_add"), sent)
    user = User.objects.get(email="olga@example.jp")
    assert (user.name, user.role, user.is_superuser, user.is_staff) == ("髙﨑 栁", "officer", False, False)
    assert not user.has_usable_password()


def test_one_address_is_one_account_however_it_is_typed(office: Client, officer: User) -> None:
    sent = {"email": "OFFICER@example.jp", "name": "二人目", "role": "officer", "is_active": "on"}
    response = office.post(reverse("admin:programme_user_add"), sent)
    assert response.status_code == HTTPStatus.OK
    assert not User.objects.filter(name="二人目").exists()


def test_nobody_changes_their_own_role_or_locks_themselves_out(office: Client, coordinator: User) -> None:
    office.post(row_page(coordinator), {"email": coordinator.email, "name": "Alice", "role": "member"})
    coordinator.refresh_from_db()
    assert (coordinator.role, coordinator.is_active) == (Role.COORDINATOR, True)


def test_an_old_address_lets_nobody_in_any_more(office: Client, officer: User) -> None:
    EmailAddress.objects.create(user=officer, email=officer.email, verified=True, primary=True)
    page = row_page(officer)
    office.post(page, fields_of(office, page) | {"email": "new@example.jp"})
    officer.refresh_from_db()
    assert officer.email == "new@example.jp"
    assert not EmailAddress.objects.filter(user=officer, email="officer@example.jp").exists()


def test_a_coordinator_cannot_change_a_superuser(office: Client) -> None:
    root = User.objects.create_superuser("root@example.jp")
    response = office.post(row_page(root), {"email": "mine@example.jp", "role": "coordinator", "is_active": "on"})
    assert response.status_code == HTTPStatus.FORBIDDEN
    root.refresh_from_db()
    assert root.email == "root@example.jp"


def test_accounts_are_closed_not_deleted(office: Client, officer: User) -> None:
    assert office.get(reverse("admin:programme_user_delete", args=[officer.pk])).status_code == HTTPStatus.FORBIDDEN
