"""The log over the API: the shape of a case as a device sends it and as it is shown."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from consult.models import Consultation
from consult.models.log import MINUTES_AT_MOST
from consult.personal_data import refuse_personal_data
from programme.models.codes import CodeEntry


class CodeField(serializers.Field[CodeEntry, str, str, Any]):
    """A code of one of the lists in ``context["codes"]``; gives its row without a query."""

    default_error_messages = {"unknown": _("この符号はありません: {code}")}

    def __init__(self, entries: str, **options: Any) -> None:
        super().__init__(**options)
        self.entries = entries

    def to_internal_value(self, data: str) -> CodeEntry:
        known: dict[str, CodeEntry] = getattr(self.context["codes"], self.entries)
        if not isinstance(data, str) or data not in known:
            self.fail("unknown", code=str(data)[:40])
        return known[data]

    def to_representation(self, value: CodeEntry) -> str:
        return str(value.pk)


class SentCase(serializers.Serializer[Any]):
    """A case as a device sends it. ``happened_at`` is the device's time, with its offset from UTC."""

    id = serializers.UUIDField()
    opening = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    happened_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    topic = CodeField("topics")
    more_topics = serializers.ListField(child=CodeField("topics"), default=list, max_length=50)
    outcome = CodeField("outcomes")
    device = CodeField("devices", required=False, allow_null=True, default=None)
    age_band = CodeField("age_bands", required=False, allow_null=True, default=None)
    visit = CodeField("visits", required=False, allow_null=True, default=None)
    minutes = serializers.IntegerField(
        min_value=1, max_value=MINUTES_AT_MOST, required=False, allow_null=True, default=None
    )
    follow_up = serializers.BooleanField(default=False)
    note = serializers.CharField(max_length=100, allow_blank=True, default="", validators=[refuse_personal_data])
    source = serializers.ChoiceField(  # type: ignore[assignment]  # the class takes it off again
        choices=Consultation.Source.choices, default=Consultation.Source.TAP
    )


class ShownCase(serializers.ModelSerializer[Consultation]):
    class Meta:
        model = Consultation
        fields = [
            "id",
            "desk",
            "opening",
            "date",
            "happened_at",
            "logged_at",
            "source",
            "topic",
            "more_topics",
            "outcome",
            "device",
            "age_band",
            "visit",
            "minutes",
            "follow_up",
            "note",
            "voided_at",
            "void_reason",
        ]
