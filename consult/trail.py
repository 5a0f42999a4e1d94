"""The trail of corrections, in the words of the page: names for codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from consult.codes import Codes
from consult.models import Consultation, ConsultationChange
from programme.models.codes import CodeEntry
from programme.wording import say_list


@dataclass(frozen=True, slots=True)
class Line:
    change: ConsultationChange
    label: str
    old: str
    new: str


def tell(changes: Iterable[ConsultationChange], codes: Codes) -> list[Line]:
    """Each change with its field's name and its values as people read them."""
    return [
        Line(
            change,
            _label(change.field),
            _words(change.field, change.old, codes),
            _words(change.field, change.new, codes),
        )
        for change in changes
    ]


def _label(field: str) -> str:
    return str(Consultation._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def _words(field: str, value: str, codes: Codes) -> str:
    if not value:
        return _("なし")
    if field == "follow_up":
        return _("はい") if value == "True" else _("いいえ")
    lists: dict[str, Mapping[str, CodeEntry]] = {
        "topic": codes.topics,
        "more_topics": codes.topics,
        "outcome": codes.outcomes,
        "device": codes.devices,
        "age_band": codes.age_bands,
        "visit": codes.visits,
    }
    if field not in lists:
        return value
    return say_list(lists[field].get(code, code) for code in value.split(","))
