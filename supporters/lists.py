"""Lists of supporters that come in from Excel, and that go out to it.

The heads of the columns are Japanese in both directions, whatever language the page is in: what was written out can be
read in again, and finds everybody already there.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import override
from import_export.resources import ModelResource
from import_export.results import RowResult
from tablib import Dataset

from notifications.models import Contact
from programme import xlsx_files
from programme.models import Category, Course, District, Limits, Programme, Topic
from programme.postcode import say_postcode
from supporters.forms.lists import RowForm, Words
from supporters.merging import LookAlike, look_alikes_in_list
from supporters.models import PeopleExport, Registration, Skill, Supporter, SupporterMove, TrainingCompletion
from supporters.models.people import SupporterQuerySet
from supporters.services import unsaved_supporter

EXAMPLE = {
    "name": "見本 花子",
    "kana": "みほん はなこ",
    "birth_date": "1958-04-01",
    "phone": "027-224-1111",
    "email": "hanako@example.jp",
    "postcode": "371-0027",
    "registered_on": "2025-06-01",
    "trained_on": "2025-06-15",
    "skills": "T05:2、T01:1",
}


def heads() -> dict[str, str]:
    """By name of a field: the head of its column."""
    with override("ja"):
        return {name: str(field.label) for name, field in RowForm.base_fields.items()}


# --- In ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Row:
    """What a look at the list says of one of its rows."""

    number: int
    """of the people in the list, from 1"""
    name: str
    kana: str
    errors: list[tuple[str, str]]
    """(head of the column, sentence)"""
    known: list[LookAlike]
    """who is there already"""

    @property
    def is_new(self) -> bool:
        return not self.errors and not self.known


class _People(ModelResource):  # type: ignore[misc]  # the library has no types
    """Each row is a person who is new, there already, or cannot be read; never one who is changed."""

    class Meta:
        model = Supporter
        fields = ()
        skip_diff = True
        store_instance = True
        use_transactions = True
        use_bulk = True  # no savepoint for each row: ``after_import`` writes all of them at once

    def __init__(self, *, by: Any) -> None:
        super().__init__()
        self._by = by
        self._looked: Iterator[tuple[RowForm, list[LookAlike]]] = iter(())
        self._new: list[RowForm] = []

    def before_import(self, dataset: Dataset, **options: Any) -> None:
        """Read all rows, and look once for all of them who is there already.

        Two lists at once, or one list twice, wait for each other: the second finds the first one's people.
        """
        list(Programme.objects.select_for_update())
        head, words = heads(), Words()
        forms = [RowForm({name: row.get(head[name], "") for name in head}, words=words) for row in dataset.dict]
        people = [_unsaved(form.cleaned_data) if form.is_valid() else None for form in forms]
        known = iter(look_alikes_in_list([person for person in people if person]))
        self._looked = iter([(form, next(known) if person else []) for form, person in zip(forms, people, strict=True)])

    def get_or_init_instance(self, loader: Any, row: Mapping[str, str]) -> tuple[Supporter, bool]:
        return Supporter(), True

    def import_instance(self, instance: Any, row: Mapping[str, str], **options: Any) -> None:
        form, instance.known = next(self._looked)
        if form.errors:
            raise ValidationError({str(form.fields[name].label): said for name, said in form.errors.items()})
        instance.form = form

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return bool(instance.known)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **options: Any) -> None:  # noqa: FBT001  theirs
        self._new.append(instance.form)

    def after_import(self, dataset: Dataset, result: Any, **options: Any) -> None:
        take_in(self._new, by=self._by)


def look_at(people: Dataset, *, by: Any) -> list[Row]:
    """What ``bring_in`` would do; nothing stays written. Who stands twice in the list is new once."""
    return _run(people, by=by, dry_run=True)


def bring_in(people: Dataset, *, by: Any) -> list[Row]:
    """Register everybody of the list who is new; rows with errors, and people who are there already, stay out."""
    return _run(people, by=by, dry_run=False)


def _run(people: Dataset, *, by: Any, dry_run: bool) -> list[Row]:
    result, head = _People(by=by).import_data(people, dry_run=dry_run, raise_errors=False), heads()
    for error in result.base_errors:  # likewise none that the person who has the list could put right
        raise error.error
    return [
        Row(
            number,
            row.get(head["name"], ""),
            row.get(head["kana"], ""),
            [(label, said) for label, all_said in _said(one).items() for said in all_said],
            one.instance.known if one.instance else [],
        )
        for number, (row, one) in enumerate(zip(people.dict, result.rows, strict=True), start=1)
    ]


def _said(result: RowResult) -> dict[str, list[str]]:
    for error in result.errors:  # none that the person who has the list could put right
        raise error.error
    return result.validation_error.message_dict if result.validation_error else {}


def _unsaved(given: Mapping[str, Any]) -> Supporter:
    """The person with the keys under which others are compared."""
    contact = Contact(email=given["email"], phone=given["phone"], mobile=given["mobile"])
    contact.normalise()
    person = Supporter(contact=contact, **{name: given[name] for name in ("name", "kana", "birth_date")})
    person.set_keys()
    return person


@transaction.atomic
def take_in(rows: Collection[RowForm], *, by: Any) -> None:
    """Register people whom the office knew before the system did; nobody is written to. In a fixed number of queries.

    With a day of training the required courses are finished; sending them out remains the coordinators' step, as for
    everybody. Who is there already is the caller's to leave out.
    """
    limits, courses = Limits.current(), list(Course.objects.filter(required=True))
    applications = [row.application() for row in rows]
    contacts = [Contact(name=row.cleaned_data["name"], **row.ways()) for row in rows]
    for contact in contacts:
        contact.normalise()
    Contact.objects.bulk_create(contacts)
    status = Supporter.Status
    people = [
        unsaved_supporter(application, contact, limits, status=status.TRAINING)
        for application, contact in zip(applications, contacts, strict=True)
    ]
    for person in people:
        person.set_keys()
    Supporter.objects.bulk_create(people)
    SupporterMove.objects.bulk_create(
        SupporterMove(subject=person, from_status=status.APPLIED, to_status=status.TRAINING, by=by) for person in people
    )
    Skill.objects.bulk_create(
        Skill(supporter=person, topic=topic, level=level)
        for person, application in zip(people, applications, strict=True)
        for topic, level in application.skills.items()
    )
    days = [(person, row.cleaned_data) for person, row in zip(people, rows, strict=True)]
    Registration.objects.bulk_create(
        Registration(supporter=person, started_on=given["registered_on"]) for person, given in days
    )
    TrainingCompletion.objects.bulk_create(
        TrainingCompletion(supporter=person, course=course, completed_on=given["trained_on"], recorded_by=by)
        for person, given in days
        if given["trained_on"]
        for course in courses
    )


def template() -> bytes:
    """The file to fill in: heads with an example, and the words that the lists know."""
    with override("ja"):
        example = {
            **EXAMPLE,
            "category": Category.objects.filter(active=True).values_list("name", flat=True).first() or "",
            "home_district": District.objects.filter(active=True).values_list("name", flat=True).first() or "",
        }
        words = [
            *(("区分", each.name) for each in Category.objects.filter(active=True)),
            *(("お住まいの地区", each.name) for each in District.objects.filter(active=True)),
            *(("教えられること", f"{each.code} {each.name}") for each in Topic.objects.filter(active=True)),
        ]
        names = heads()
        return xlsx_files.lists(
            [
                ("サポーター", list(names.values()), [[example.get(name, "") for name in names]]),
                ("書き方", ["見出し", "使える言葉"], words),
            ]
        )


# --- Out -----------------------------------------------------------------------------------------------
@transaction.atomic
def take_out(people: SupporterQuerySet, *, query: str, by: Any) -> bytes:
    """``people`` as a workbook; that ``by`` has taken them is recorded. In a fixed number of queries."""
    with override("ja"):
        lines = [_line(one) for one in _whole(people)]
        data = xlsx_files.lists([("サポーター", [*heads().values(), "状態"], lines)])
    sha256 = hashlib.sha256(data).hexdigest()
    PeopleExport.objects.create(by=by, query=query[:300], people=len(lines), sha256=sha256)
    return data


def _whole(people: SupporterQuerySet) -> SupporterQuerySet:
    people = people.filter(erased_at=None).select_related("contact", "category", "home_district")
    return people.prefetch_related("skills", "registrations", "completions__course")


def _line(one: Supporter) -> list[str]:
    started = max((row.started_on for row in one.registrations.all()), default=None)
    done = [row.completed_on for row in one.completions.all() if row.course.required]
    return [
        one.name,
        one.kana,
        one.birth_date.isoformat(),
        one.category.name,
        one.home_district.name,
        one.contact.phone,
        one.contact.mobile,
        one.contact.email,
        say_postcode(one.postcode),
        one.address,
        started.isoformat() if started else "",
        max(done).isoformat() if done else "",
        "、".join(f"{skill.topic_id}:{skill.level}" for skill in one.skills.all()),
        one.get_status_display(),
    ]
