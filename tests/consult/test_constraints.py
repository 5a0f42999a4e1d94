"""What the database refuses, whatever the code above it does."""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from consult.models import Activity, Consultation, ConsultationChange, Desk, Opening
from programme.models import District, User
from tests.consult.rows import a_desk, an_opening

pytestmark = pytest.mark.django_db

Log = Callable[..., Consultation]


@pytest.mark.parametrize(
    "facts",
    [
        {"voided_at": dt.datetime(2026, 11, 1, tzinfo=dt.UTC)},
        {"void_reason": "押しまちがい"},
        {"source": "guess"},
        {"minutes": 0},
        {"minutes": 601},
    ],
)
def test_a_consultation_that_cannot_be_is_refused(log_case: Log, facts: dict[str, object]) -> None:
    case = log_case()
    with pytest.raises(IntegrityError), transaction.atomic():
        Consultation.objects.filter(pk=case.pk).update(**facts)


def test_making_void_without_who_did_it_is_refused(log_case: Log) -> None:
    case = log_case()
    with pytest.raises(IntegrityError), transaction.atomic():
        Consultation.objects.filter(pk=case.pk).update(voided_at=timezone.now(), void_reason="練習")


def test_a_consultations_id_is_there_once(log_case: Log) -> None:
    case = log_case()
    with pytest.raises(IntegrityError), transaction.atomic():
        Consultation.objects.bulk_create([case])


@pytest.mark.parametrize("facts", [{"old": "T05", "new": "T06", "reason": ""}, {"old": "T05", "new": "T05"}])
def test_a_correction_without_reason_or_change_is_refused(log_case: Log, facts: dict[str, str]) -> None:
    case = log_case()
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsultationChange.objects.create(consultation=case, field="topic", **({"reason": "?"} | facts))


def test_a_desk_has_one_opening_a_day(desk: Desk, opening: Opening) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        an_opening(desk, opening.date)


@pytest.mark.parametrize("facts", [{"closes": dt.time(10)}, {"seats": 0}])
def test_a_desk_that_cannot_open_is_refused(desk: Desk, facts: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Desk.objects.filter(pk=desk.pk).update(**facts)


def test_desks_have_codes_of_their_own(programme_facts: None) -> None:
    first, second = a_desk("甲"), a_desk("乙")
    assert first.code != second.code
    with pytest.raises(IntegrityError), transaction.atomic():
        Desk.objects.filter(pk=second.pk).update(code=first.code)


@pytest.mark.parametrize("kind", ["hall_course", "party"])
def test_an_activity_is_of_a_known_kind_and_there_once(programme_facts: None, coordinator: User, kind: str) -> None:
    facts = {"date": dt.date(2026, 11, 3), "name": "上川淵", "district": District.objects.first(), "attendees": 9}
    Activity.objects.create(kind="hall_course", **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Activity.objects.create(kind=kind, **facts)


def test_a_desk_with_consultations_cannot_be_deleted(log_case: Log, desk: Desk) -> None:
    case = log_case(pk=uuid.uuid4())
    with pytest.raises(IntegrityError), transaction.atomic():
        desk.delete()
    assert Consultation.objects.get().pk == case.pk
