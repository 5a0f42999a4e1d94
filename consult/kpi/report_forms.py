"""What is asked on the pages of reports: from which month to which, and the texts of a half-year."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consult.kpi.half_year import UNDERTAKINGS, HalfYear
from consult.kpi.periods import fiscal_years, months_of
from consult.kpi.reporting_period import Period
from consult.kpi.words import say_month
from consult.models import HalfYearText
from consult.models.wg import TEXT_LENGTH
from programme.fiscal import Month


class PeriodForm(forms.Form):
    """``?from=2024-04&to=2024-09``; ``period`` when it is valid."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        months = [month for year in fiscal_years() for month in months_of(year)]
        choices = [(str(month), say_month(month)) for month in months]
        self.fields["from"] = forms.ChoiceField(label=gettext_lazy("最初の月"), choices=choices)
        self.fields["to"] = forms.ChoiceField(label=gettext_lazy("最後の月"), choices=choices)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("from") and data.get("to"):
            first, last = Month.parse(data["from"]), Month.parse(data["to"])
            if last < first:
                self.add_error("to", _("最後の月は、最初の月と同じか、後の月にしてください。"))
            else:
                data["period"] = Period(first, last)
        return data


class HalfYearForm(forms.Form):
    """One text for each undertaking and column. ``seen`` is the last version that the writer had before their eyes."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, table: HalfYear) -> None:
        now = {
            (line.undertaking.code, column): text.text if text else ""
            for line in table.lines
            for column, text in (("quality", line.quality), ("outlook", line.outlook))
        }
        initial = {f"{undertaking}-{column}": text for (undertaking, column), text in now.items()}
        super().__init__(data.dict() if data else None, initial={**initial, "seen": table.last_version})
        for undertaking in UNDERTAKINGS:
            for column in HalfYearText.Column:
                self.fields[f"{undertaking.code}-{column}"] = forms.CharField(
                    label=_("%(undertaking)s: %(column)s") % {"undertaking": undertaking.name, "column": column.label},
                    required=False,
                    max_length=TEXT_LENGTH,
                    widget=forms.Textarea(attrs={"rows": 5}),
                )

    def texts(self) -> dict[tuple[str, str], str]:
        return {
            (undertaking.code, str(column)): self.cleaned_data[f"{undertaking.code}-{column}"]
            for undertaking in UNDERTAKINGS
            for column in HalfYearText.Column
        }

    def show_again(self, table: HalfYear) -> None:
        """After somebody else has written: what was typed stays, and saving once more means it."""
        self.data = {**self.data, "seen": str(table.last_version)}


class FixForm(forms.Form):
    sure = forms.BooleanField(
        label=gettext_lazy("数字と文章を確認しました"),
        error_messages={"required": gettext_lazy("数字と文章を確認して、チェックを入れてください。")},
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)
