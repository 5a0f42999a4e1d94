"""The record: who changed what, from what to what; and that nobody can change it."""

from collections.abc import Iterator

import pytest
from auditlog.registry import auditlog
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consult.models import Activity
from notifications.models import Contact
from programme import guards
from programme.models import Closure, Course, District, Entry, Limit, Topic, User, Venue
from programme.models.records import acting
from programme.records import Change, record_of
from supporters.models import Question, Shift, Supporter
from supporters.services import change_contact, set_skills
from tests.factories import SupporterFactory, a_shift

pytestmark = pytest.mark.django_db

ASKED_FOR = {"record": "newest"}


@pytest.fixture
def guarded(db: None) -> Iterator[None]:
    """As in a site of people: SQLite's triggers are off while tests run (tests/conftest.py)."""
    guards.guard(connection)
    yield
    if connection.vendor == "sqlite":
        guards.unguard(connection)


def changes_of(*rows: object) -> list[list[Change]]:
    return [line.changes for line in record_of(*rows)]


def test_an_update_in_sql_is_noted_with_who_and_both_values(programme_facts: None, coordinator: User) -> None:
    shift = a_shift(needed=2)
    with acting(lambda: coordinator):
        Shift.objects.filter(pk=shift.pk).update(needed=3)
    (line,) = record_of(shift)
    assert (line.who, line.changes) == (coordinator, [Change("必要な人数", "2", "3")])


def test_an_update_that_finds_no_row_or_changes_nothing_leaves_nothing(programme_facts: None) -> None:
    shift = a_shift(needed=2)
    assert Shift.objects.filter(pk=shift.pk, needed=5).update(needed=3) == 0
    assert Shift.objects.filter(pk=shift.pk).update(needed=2) == 1
    assert record_of(shift) == []


def test_what_only_calendars_count_is_not_noted(programme_facts: None, django_assert_num_queries) -> None:
    shift = a_shift()
    with django_assert_num_queries(1):
        Shift.objects.filter(pk=shift.pk).update(sequence=7)
    assert record_of(shift) == []


def test_a_changed_address_is_noted_beside_the_move(programme_facts: None, coordinator: User) -> None:
    supporter = SupporterFactory(contact__email="old@example.jp")
    with acting(lambda: coordinator):
        change_contact(supporter, email="new@example.jp", phone=supporter.contact.phone, mobile="", by=coordinator)
    found = [change for line in record_of(supporter, supporter.contact) for change in line.changes]
    assert Change("メールアドレス", "old@example.jp", "new@example.jp") in found


def test_skills_are_noted_as_a_whole(programme_facts: None) -> None:
    supporter = SupporterFactory()
    set_skills(supporter, {Topic.objects.get(pk="T05"): 1})
    set_skills(supporter, {Topic.objects.get(pk="T05"): 2})
    assert changes_of(supporter)[0] == [Change("教えられること", "T05 L1", "T05 L2")]


def test_when_a_contact_is_deleted_its_addresses_leave_the_record(programme_facts: None, guarded: None) -> None:
    contact = Contact.objects.create(name="Alice", email="a@example.jp")
    contact.email = "b@example.jp"
    contact.save()
    contact.delete()
    assert list(Entry.objects.filter(object_pk=str(contact.pk or 0)).exclude(changes=None)) == []
    assert Entry.objects.count() == 2
    assert not any(text in str(list(Entry.objects.values())) for text in ("a@example.jp", "b@example.jp", "Alice"))


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(changes={"value": [1, 2]}),
        lambda rows: rows.update(timestamp="2020-01-01T00:00Z"),
        lambda rows: rows.update(actor=User.objects.create_user("other@example.jp")),
        lambda rows: rows.delete(),
    ],
)
def test_the_database_refuses_to_change_the_record(programme_facts: None, guarded: None, change) -> None:
    limit = Limit.objects.first()
    limit.value += 1
    limit.save()
    rows = Entry.objects.all()
    before = list(rows.values())
    with pytest.raises(IntegrityError), transaction.atomic():
        change(rows)
    assert list(rows.values()) == before


def test_who_did_it_may_leave(programme_facts: None, guarded: None, coordinator: User) -> None:
    limit = Limit.objects.first()
    with acting(lambda: coordinator):
        limit.value += 1
        limit.save()
    coordinator.delete()
    assert [line.who for line in record_of(limit)] == [None]


def test_every_recorded_field_has_a_name_that_people_read() -> None:
    nameless = []
    for model in auditlog.get_models():
        fields = auditlog.get_model_fields(model)
        for field in model._meta.concrete_fields:
            if field.name in fields["exclude_fields"] or field.name in fields["mapping_fields"]:
                continue
            if str(field.verbose_name).isascii():
                nameless.append(f"{model.__name__}.{field.name}")
    assert nameless == []


def test_a_coordinator_reads_a_limits_history(client: Client, programme_facts: None, coordinator: User) -> None:
    client.force_login(coordinator)
    limit = Limit.objects.get(pk="week_limit")
    form = {"name": limit.name, "value": limit.value + 1, "unit": limit.unit, "source": limit.source}
    client.post(reverse("admin:programme_limit_change", args=[limit.pk]), form)
    page = client.get(reverse("admin:programme_limit_history", args=[limit.pk])).content.decode()
    assert f"{limit.value} → {limit.value + 1}" in page
    assert coordinator.name in page


def test_a_hall_tells_what_was_done_to_its_rooms_and_calendars_to_their_days(
    client: Client, programme_facts: None, coordinator: User
) -> None:
    closure = Closure.objects.first()
    closure.reason = "工事"
    closure.save()
    client.force_login(coordinator)
    address = reverse("admin:programme_closurecalendar_history", args=[closure.calendar_id])
    assert "→ 工事" in client.get(address).content.decode()


def test_the_record_is_not_in_the_settings(client: Client, programme_facts: None) -> None:
    client.force_login(User.objects.create_superuser("root@example.jp"))
    assert client.get("/admin/programme/entry/").status_code == 404


def test_a_persons_page_shows_it_in_as_many_queries_however_long(
    client: Client, programme_facts: None, coordinator: User
) -> None:
    supporter = SupporterFactory()
    client.force_login(coordinator)
    counts = []
    for limit in (3, 4, 5):
        Supporter.objects.filter(pk=supporter.pk).update(week_limit=limit)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("supporters:person", args=[supporter.pk]), ASKED_FOR).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[2]
    assert "1週間の上限(回): 4 → 5" in page
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("supporters:person", args=[supporter.pk])).content.decode()
    assert "?record=newest#record" in page  # nobody pays for what nobody asks for
    assert "→" not in page
    assert len(queries) <= counts[0] - 2


def test_a_venue_made_in_the_office_names_its_maker(programme_facts: None, coordinator: User) -> None:
    district = Venue.objects.first().district
    with acting(lambda: coordinator):
        venue = Venue.objects.create(name="新しい集会所", district=district)
    assert [(line.who, line.what) for line in record_of(venue)] == [(coordinator, "会場を加えました")]


def test_what_becomes_of_a_course_stands_on_its_page(client: Client, programme_facts: None, coordinator: User) -> None:
    client.force_login(coordinator)
    page = reverse("supporters:course_edit", args=["video"])
    course = Course.objects.get(pk="video")
    Question.objects.create(course=course, text="電源を切りますか", options=["はい", "いいえ"])
    assert "電源を切りますかを加えました" in client.get(page, ASKED_FOR).content.decode()
    client.post(reverse("supporters:remove_part", args=["video"]), {"part": f"question-{course.questions.get().pk}"})
    assert "取り除いた動画と問題: 電源を切りますか → ―" in client.get(page, ASKED_FOR).content.decode()


def test_what_became_of_an_activity_stands_on_the_list(
    client: Client, programme_facts: None, coordinator: User
) -> None:
    client.force_login(coordinator)
    activity = Activity.objects.log(
        kind="hall_course",
        date=timezone.localdate(),
        name="スマホ講座",
        district=District.objects.all()[0],
        attendees=5,
        by=coordinator,
    )
    Activity.objects.filter(pk=activity.pk).update(attendees=6)
    assert "参加した人数: 5 → 6" in client.get(reverse("consult:activities"), ASKED_FOR).content.decode()
