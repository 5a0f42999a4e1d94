"""Lists of supporters that come in from Excel, and that go out to it.

The heads of the columns are Japanese in both directions, whatever language the page is in: what was written out can be
read in again, and finds everybody already there.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import override
from import_export.resources import ModelResource
from import_export.results import RowResult
from tablib import Dataset

from notifications.models import Contact
from notifications.phones import e164
from programme import xlsx_files
from programme.models import Category, Course, District, Programme, Topic
from programme.postcode import say_postcode
from programme.text import search_key
from supporters.forms.lists import RowForm
from supporters.merging import LookAlike, look_alikes
from supporters.models import PeopleExport, Registration, Supporter, TrainingCompletion
from supporters.models.people import SupporterQuerySet
from supporters.services import Application, new_supporter

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

    def __init__(self, *, by: Any) -> None:
        super().__init__()
        self._by = by
        self._heads = heads()

    def before_import(self, dataset: Dataset, **options: Any) -> None:
        """Two lists at once, or one list twice, wait for each other: the second finds the first one's people."""
        list(Programme.objects.select_for_update())

    def get_or_init_instance(self, loader: Any, row: Mapping[str, str]) -> tuple[Supporter, bool]:
        return Supporter(), True

    def import_instance(self, instance: Any, row: Mapping[str, str], **options: Any) -> None:
        instance.form = form = RowForm({name: row.get(head, "") for name, head in self._heads.items()})
        instance.known = []
        if not form.is_valid():
            raise ValidationError({str(form.fields[name].label): said for name, said in form.errors.items()})
        instance.known = look_alikes(_unsaved(form.cleaned_data))

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return bool(instance.known)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **options: Any) -> None:  # noqa: FBT001  theirs
        given = instance.form.cleaned_data
        take_in(
            instance.form.application(),
            email=given["email"],
            mobile=given["mobile"],
            registered_on=given["registered_on"],
            trained_on=given["trained_on"],
            by=self._by,
        )


def look_at(people: Dataset, *, by: Any) -> list[Row]:
    """What ``bring_in`` would do; nothing stays written. Who stands twice in the list is new once."""
    return _rows(people, _People(by=by).import_data(people, dry_run=True, raise_errors=False).rows)


def bring_in(people: Dataset, *, by: Any) -> list[Row]:
    """Register everybody of the list who is new; rows with errors, and people who are there already, stay out."""
    return _rows(people, _People(by=by).import_data(people, raise_errors=False).rows)


def _rows(people: Dataset, results: Iterable[RowResult]) -> list[Row]:
    head = heads()
    return [
        Row(
            number,
            row.get(head["name"], ""),
            row.get(head["kana"], ""),
            [(label, said) for label, all_said in _said(result).items() for said in all_said],
            result.instance.known if result.instance else [],
        )
        for number, (row, result) in enumerate(zip(people.dict, results, strict=True), start=1)
    ]


def _said(result: RowResult) -> dict[str, list[str]]:
    for error in result.errors:  # none that the person who has the list could put right
        raise error.error
    return result.validation_error.message_dict if result.validation_error else {}


def _unsaved(given: Mapping[str, Any]) -> Supporter:
    """The person with the keys under which others are compared."""
    numbers = {"phone_e164": e164(given["phone"]), "mobile_e164": e164(given["mobile"])}
    contact = Contact(email=given["email"], **numbers)
    return Supporter(contact=contact, kana_key=search_key(given["kana"]), birth_date=given["birth_date"])


@transaction.atomic
def take_in(
    application: Application, *, email: str, mobile: str, registered_on: dt.date, trained_on: dt.date | None, by: Any
) -> Supporter:
    """Register somebody whom the office knew before the system did; nobody is written to.

    With ``trained_on`` the required courses are finished; sending them out remains the coordinators' step, as for
    everybody. Raises MayBeKnown.
    """
    contact = Contact.objects.create(name=application.name, email=email, phone=application.phone, mobile=mobile)
    supporter = new_supporter(application, contact)
    Registration.objects.create(supporter=supporter, started_on=registered_on)
    supporter.accept_application(by=by)
    if trained_on:
        TrainingCompletion.objects.bulk_create(
            TrainingCompletion(supporter=supporter, course=course, completed_on=trained_on, recorded_by=by)
            for course in Course.objects.filter(required=True)
        )
    return supporter


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
