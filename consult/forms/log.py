"""The log's forms: big tiles, three taps at the least."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consult.codes import Codes
from consult.models import Consultation
from consult.models.log import MINUTES_AT_MOST
from consult.personal_data import refuse_personal_data
from programme.models import Topic
from programme.models.codes import CodeEntry
from programme.widgets import WholeNumberField

COMMON_AT_MOST = 6
NOTE_LENGTH = 100

Choices = list[tuple[Any, Any]]


def _tile(topic: Topic) -> str | SafeString:
    """A topic's tile; one with a rule of safety says it once it is chosen (see log.css)."""
    return format_html('{} <small class="rule">{}</small>', topic, topic.advice) if topic.hint else str(topic)


def _choices(entries: Mapping[str, CodeEntry], keep: str | None = None) -> Choices:
    """Those in use, and the one with the code ``keep``, which a row already has."""
    return [(code, str(entry)) for code, entry in entries.items() if entry.active or code == keep]


def _topic_choices(topics: Mapping[str, Topic], common: Sequence[str], keep: str | None = None) -> Choices:
    tiles = {code: _tile(topic) for code, topic in topics.items() if topic.active or code == keep}
    first = [(code, tiles[code]) for code in common if code in tiles]
    rest = [(code, tile) for code, tile in tiles.items() if code not in common]
    return [(_("よくある相談"), first), (_("ほかの相談"), rest)] if first and rest else first + rest


class TopicTiles(forms.RadioSelect):
    """The first group of choices as tiles, further groups folded; a group that holds the chosen one is open."""

    template_name = "consult/widgets/topic_tiles.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        groups: dict[Any, list[Any]] = {}
        for group, options, _index in context["widget"]["optgroups"]:
            groups.setdefault(group, []).extend(options)
        context["widget"]["groups"] = [
            (group, options, any(option["selected"] for option in options)) for group, options in groups.items()
        ]
        return context


class CaseForm(forms.Form):
    """What a case is: topic and outcome, and what else somebody has the time to say."""

    topic = forms.ChoiceField(
        label=_("何の相談ですか"),
        widget=TopicTiles,
        error_messages={"required": _("相談の内容を1つ選んでください。")},
    )
    outcome = forms.ChoiceField(
        label=_("どうなりましたか"),
        widget=forms.RadioSelect(attrs={"class": "taps"}),
        error_messages={"required": _("結果を1つ選んでください。")},
    )
    more_topics = forms.MultipleChoiceField(
        label=_("ほかにも相談した内容"),
        required=False,
        help_text=_("いくつ選んでも、1件と数えます。"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "taps"}),
    )
    device = forms.ChoiceField(label=_("機器"), required=False, widget=forms.RadioSelect(attrs={"class": "taps"}))
    age_band = forms.ChoiceField(label=_("年代"), required=False, widget=forms.RadioSelect(attrs={"class": "taps"}))
    visit = forms.ChoiceField(label=_("来所"), required=False, widget=forms.RadioSelect(attrs={"class": "taps"}))
    minutes = WholeNumberField(
        label=_("かかった時間(分)"), required=False, min_value=1, max_value=MINUTES_AT_MOST, help_text=_("例 20")
    )
    follow_up = forms.BooleanField(label=_("続きが必要"), required=False)
    note = forms.CharField(
        label=_("メモ"),
        required=False,
        max_length=NOTE_LENGTH,
        validators=[refuse_personal_data],
        help_text=_("100字まで。名前・電話番号・暗証番号など、個人のことは書かないでください。"),
        error_messages={"max_length": _("100字までで入力してください(今 %(show_value)s字)。")},
    )

    # What stands folded below the three taps.
    DETAILS = ("more_topics", "device", "age_band", "visit", "minutes", "follow_up", "note")
    # How a field of the form is named in ``Codes``.
    LISTS = {"outcome": "outcomes", "device": "devices", "age_band": "age_bands", "visit": "visits"}

    def __init__(
        self, *args: Any, codes: Codes, common: Sequence[str], case: Consultation | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.codes = codes
        self._choices("topic").choices = _topic_choices(codes.topics, common, case.topic_id if case else None)
        self._choices("more_topics").choices = [
            (code, _tile(topic)) for code, topic in codes.topics.items() if topic.active
        ]
        for name, entries in self.LISTS.items():
            kept = getattr(case, f"{name}_id") if case else None
            none_said = [] if self.fields[name].required else [("", _("答えない"))]
            self._choices(name).choices = none_said + _choices(getattr(codes, entries), kept)

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the reader of types)
        return field

    def details(self) -> list[forms.BoundField]:
        return [self[name] for name in self.DETAILS]

    @property
    def is_detailed(self) -> bool:
        """Whether the folded part holds something to be seen: an error, or what was typed."""
        return any(field.errors or field.value() for field in self.details())

    def facts(self) -> dict[str, Any]:
        """The case as ``Consultation.objects.log`` and ``Consultation.correct`` take it."""
        data = self.cleaned_data
        chosen = {name: getattr(self.codes, entries).get(data[name]) for name, entries in self.LISTS.items()}
        return chosen | {
            "topic": self.codes.topics[data["topic"]],
            "more_topics": [self.codes.topics[code] for code in data["more_topics"]],
            "minutes": data["minutes"],
            "follow_up": data["follow_up"],
            "note": data["note"],
        }


class LogForm(CaseForm):
    """A new case. Its id is made with the page, so that sending it twice stores it once."""

    id = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": _("もう一度「保存する」を押してください。")}
    )

    def with_new_id(self) -> "LogForm":
        """The same answers under a new id, to be sent as a case of its own."""
        data = self.data.copy()  # type: ignore[attr-defined]  # what came in a POST is a QueryDict
        data["id"] = str(uuid.uuid4())
        self.data = data
        return self


class CorrectForm(CaseForm):
    reason = forms.CharField(
        label=_("直す理由"),
        max_length=200,
        validators=[refuse_personal_data],
        help_text=_("例 内容を押しまちがえた"),
        error_messages={"required": _("直す理由を入力してください。")},
    )

    def __init__(self, *args: Any, case: Consultation, **options: Any) -> None:
        initial = {name: getattr(case, f"{name}_id") or "" for name in ("topic", *self.LISTS)} | {
            "more_topics": [topic.pk for topic in case.more_topics.all()],
            "minutes": case.minutes,
            "follow_up": case.follow_up,
            "note": case.note,
        }
        super().__init__(*args, case=case, initial=initial, **options)


class VoidForm(forms.Form):
    """Why a case is taken out of the figures: one tap for the usual reasons."""

    OTHER = "other"
    WHY = (
        ("押しまちがい", _("押しまちがい")),
        ("二重に記録した", _("二重に記録した")),
        ("練習で記録した", _("練習で記録した")),
        (OTHER, _("そのほか")),
    )

    why = forms.ChoiceField(
        label=_("取り消す理由"),
        choices=WHY,
        widget=forms.RadioSelect,
        error_messages={"required": _("取り消す理由を選んでください。")},
    )
    words = forms.CharField(
        label=_("そのほかの理由"), required=False, max_length=200, validators=[refuse_personal_data]
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("why") == self.OTHER and not data.get("words"):
            self.add_error("words", _("「そのほか」を選んだときは、理由を入力してください。"))
        return data

    @property
    def reason(self) -> str:
        chosen: str = self.cleaned_data["why"]
        words: str = self.cleaned_data["words"]
        return words if chosen == self.OTHER else "。".join(filter(None, [chosen, words]))[:200]
