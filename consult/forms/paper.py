"""The grid of a day sheet: a number for each topic and outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consult.codes import Codes
from consult.models.paper import DaySheet, Tally
from consult.personal_data import refuse_personal_data
from programme.models import Outcome, Topic
from programme.widgets import WholeNumberField

UNRECORDED = "unrecorded"
"""the outcome of a mark beside which nobody wrote one"""
MARKS_AT_MOST = 200
INCLUDED, ON_TOP = "included", "on_top"


def columns(codes: Codes) -> list[Outcome]:
    """The outcomes on the sheet, the one for bare marks last."""
    return [row for code, row in codes.outcomes.items() if row.active or code == UNRECORDED]


@dataclass(frozen=True, slots=True)
class Row:
    topic: Topic
    tapped: int
    fields: list[tuple[Outcome, forms.BoundField]]


class SheetForm(forms.Form):
    """What the paper says, and whether it says it about the tapped cases too."""

    includes = forms.ChoiceField(
        label=_("紙の数に、画面で記録した相談も入っていますか"),
        help_text=_("まだ届いていない画面の記録も、届いたときに、ここで選んだとおりに数えます。"),
        choices=[
            (INCLUDED, _("入っている(紙は、その日の全部)")),
            (ON_TOP, _("入っていない(紙は、画面とは別の相談)")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("入っているかどうかを選んでください。同じ相談を2回数えないためです。")},
    )
    reason = forms.CharField(
        label=_("入れ直す理由"),
        max_length=200,
        required=False,
        validators=[refuse_personal_data],
        help_text=_("例 紙の数えまちがい"),
    )

    def __init__(
        self, data: Any, *, codes: Codes, tapped: Mapping[str, int], sheet: DaySheet | None, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.tapped, self.sheet = tapped, sheet
        tally: Tally = sheet.tally if sheet else {}
        self.grid = [
            (topic, [(outcome, f"n_{topic.pk}_{outcome.pk}") for outcome in columns(codes)])
            for topic in codes.topics.values()
            if topic.active or topic.pk in tally
        ]
        for topic, row in self.grid:
            for outcome, name in row:
                field = WholeNumberField(
                    label=f"{topic} {outcome}", required=False, min_value=0, max_value=MARKS_AT_MOST
                )
                field.initial = tally.get(topic.pk, {}).get(outcome.pk)
                self.fields[name] = field
        if sheet:
            self.fields["includes"].initial = INCLUDED if sheet.includes_taps else ON_TOP
        if sheet is None:
            del self.fields["reason"]

    def rows(self) -> list[Row]:
        return [
            Row(topic, self.tapped.get(topic.pk, 0), [(outcome, self[name]) for outcome, name in row])
            for topic, row in self.grid
        ]

    @property
    def tally(self) -> Tally:
        """The numbers above zero."""
        data = self.cleaned_data
        full = {
            topic.pk: {outcome.pk: data[name] for outcome, name in row if data.get(name)} for topic, row in self.grid
        }
        return {topic: row for topic, row in full.items() if row}

    @property
    def includes_taps(self) -> bool:
        return bool(self.cleaned_data["includes"] == INCLUDED)
