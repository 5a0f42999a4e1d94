"""From the page of a record to the figures that count it."""

import re

import pytest
from django.test import Client

from programme.models import User
from tests.consult.kpi.records import DAY, a_session, a_supporter, an_activity, an_opening

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("programme_facts")]


def ways_in(client: Client, page: str) -> dict[str, str]:
    """The links of a page to the figures of records, by their address, with the first figure that each names."""
    answer = client.get(page)
    assert answer.status_code == 200
    found = {}
    for address in re.findall(r'href="(/kpi/records/[^"]+)"', answer.content.decode()):
        record = client.get(address)
        assert record.status_code == 200
        figures = re.findall(r'<a href="/kpi/\d{4}-\d{2}/(\w+)/">', record.content.decode())
        found[address] = min(figures, default="")
    return found


def test_the_pages_of_records_lead_to_the_figures_that_count_them(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    supporter, session, opening, activity = a_supporter((DAY, None)), a_session(), an_opening(), an_activity()
    (registration,) = supporter.registrations.all()
    assert ways_in(client, f"/supporters/people/{supporter.pk}/") == {
        f"/kpi/records/registration/{registration.pk}/": "supporters"
    }
    assert ways_in(client, f"/requests/list/{session.request_id}/") == {
        f"/kpi/records/request/{session.request_id}/": "requests_received",
        f"/kpi/records/session/{session.pk}/": "participants",
    }
    assert ways_in(client, f"/desks/openings/{opening.pk}/") == {f"/kpi/records/opening/{opening.pk}/": "desk_hours"}
    assert ways_in(client, "/desks/activities/") == {f"/kpi/records/activity/{activity.pk}/": "association_tablet"}


def test_who_never_was_registered_has_no_figures(client: Client, coordinator: User) -> None:
    client.force_login(coordinator)
    supporter = a_supporter()
    supporter.registrations.all().delete()
    assert ways_in(client, f"/supporters/people/{supporter.pk}/") == {}
