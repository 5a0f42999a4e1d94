"""The log over the API: the shape of a case as a device sends it and as it is shown."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from consult.models import Consultation
from consult.models.log import MINUTES_AT_MOST
from consult.personal_data import refuse_personal_data


class CodeField(serializers.Field[str, str, str, Any]):
    """A code of one of the lists in ``context["codes"]`` (consult/codes.py)."""

    default_error_messages = {"unknown": _("この符号はありません: {code}")}

    def __init__(self, entries: str, **options: Any) -> None:
        super().__init__(**options)
        self.entries = entries

    def to_internal_value(self, data: str) -> str:
        if not isinstance(data, str) or not self.context["codes"].has(self.entries, data):
            self.fail("unknown", code=str(data)[:40])
        return data

    def to_representation(self, value: str) -> str:
        return value


class MomentField(serializers.DateTimeField):
    """A time with its offset from UTC. One beyond all sense is none: Tokyo's day of it could not even be said."""

    YEARS = range(1970, 3000)

    def to_internal_value(self, value: Any) -> Any:
        try:
            moment = super().to_internal_value(value)
        except OverflowError:
            return None
        except serializers.ValidationError as error:
            if "overflow" in str(error.get_codes()):
                return None
            raise
        return moment if moment.year in self.YEARS else None


class ClockField(MomentField):
    """As above; what the device's clock said in no known form must not hold the case up either."""

    def to_internal_value(self, value: Any) -> Any:
        try:
            return super().to_internal_value(value)
        except serializers.ValidationError:
            return None


class SentCase(serializers.Serializer[Any]):
    """A case as a device sends it: see docs/consultations-api.md. Gives the facts of ``consult.models.intake.Case``."""

    id = serializers.UUIDField()
    opening = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    day = serializers.DateField(required=False, allow_null=True, default=None)
    happened_at = MomentField(required=False, allow_null=True, default=None)
    device_time = ClockField(required=False, allow_null=True, default=None)
    sent_at = ClockField(required=False, allow_null=True, default=None)
    on_duty = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1)
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


class TakenBack(serializers.Serializer[Any]):
    """Why a case is taken out of the figures."""

    reason = serializers.CharField(max_length=200, validators=[refuse_personal_data])


class ShownCase(serializers.ModelSerializer[Consultation]):
    class Meta:
        model = Consultation
        fields = [
            "id",
            "desk",
            "opening",
            "date",
            "happened_at",
            "device_time",
            "sent_at",
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
