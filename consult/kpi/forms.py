import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consult.kpi.definition import Definition
from consult.kpi.tally import Measure
from consult.kpi.words import say_unit
from consult.models import Correction
from programme.text import ascii_number
from programme.widgets import DigitsInput

# More than any figure of a city's month; fits the column on every engine.
AT_MOST = 99_999_999

BYTES_AT_MOST = 1_000_000

REASON_LENGTH = Correction._meta.get_field("reason").max_length


class CloseForm(forms.Form):
    sure = forms.BooleanField(
        label=_("この月の数字を確認しました"),
        error_messages={"required": _("数字を確認して、チェックを入れてください。")},
    )


class ReasonForm(forms.Form):
    """Why the records that came in later are now part of the figure."""

    reason = forms.CharField(
        label=_("理由"),
        help_text=_("例: 紙の記録の入力が締めに間に合わなかったため"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AmountForm(forms.Form):
    """By how much a paid amount was wrong, and why."""

    yen = forms.IntegerField(
        label=_("差額(円)"),
        help_text=_("多く払いすぎたときは、-500 のように入力します。"),
        min_value=-AT_MOST,
        max_value=AT_MOST,
        widget=DigitsInput(attrs={"inputmode": "text"}),
    )
    reason = forms.CharField(label=_("理由"), max_length=200)

    def clean_yen(self) -> int:
        yen: int = self.cleaned_data["yen"]
        if not yen:
            raise ValidationError(_("0のほかの数を入力してください。"))
        return yen


class RefusalForm(forms.Form):
    """Why a proposed correction is not stated."""

    reason = forms.CharField(
        label=_("訂正しない理由"),
        help_text=_("例: 二重に入った記録なので、記録のほうを取り消すため"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TableForm(forms.Form):
    """A table of published figures."""

    table = forms.FileField(
        label=_("表のファイル"),
        help_text=_("CSVかExcel(xlsx)。1行目は見出しです: 指標、名称、種別、期間の初日、時点、値、単位、出典、注"),
        error_messages={"required": _("ファイルを選んでください。")},
    )

    def clean_table(self) -> Any:
        table = self.cleaned_data["table"]
        if table.size > BYTES_AT_MOST:
            raise forms.ValidationError(_("ファイルが大きすぎます。1MBまでにしてください。"))
        return table


class FigureField(forms.DecimalField):
    """A figure typed in the unit in which people read it: "1.5", "１，２００件", "83.3%".

    Gives the ledger's whole number: 1.5 hours are 90 minutes, 83.3 % are 833 thousandths.
    """

    widget = DigitsInput

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        is_share = definition.measure in (Measure.SHARE, Measure.REACH)
        super().__init__(
            label=gettext("正しい数字(%(unit)s)") % {"unit": say_unit(definition.unit, 2)},
            help_text="" if definition.scale == 1 else gettext("小数第1位まで入力できます(例 1.5)。"),
            min_value=0,
            max_value=(1000 if is_share else AT_MOST) // definition.scale,
            widget=DigitsInput({"inputmode": "numeric" if definition.scale == 1 else "decimal"}),
        )

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value)
        units = "|".join(map(re.escape, {self.definition.unit, say_unit(self.definition.unit, 2), "名"}))
        text = ascii_number(value).replace(",", "")
        match = re.fullmatch(rf"(-?\d{{1,18}}(?:\.\d{{1,18}})?)\s*(?:{units})?", text)
        if match is None:
            raise ValidationError(gettext("数字で入力してください(例 3)。"), code="invalid")
        return Decimal(match[1])

    def clean(self, value: Any) -> int:
        smallest = Decimal(super().clean(value)) * self.definition.scale
        if smallest == int(smallest):
            return int(smallest)
        if self.definition.scale == 1:
            raise ValidationError(gettext("小数のない数字で入力してください(例 3)。"), code="too_fine")
        raise ValidationError(gettext("細かすぎる数字です。小数第1位までで入力してください(例 1.5)。"), code="too_fine")


class CorrectionForm(forms.Form):
    """``cleaned_data["new"]`` is in the figure's smallest unit, as the ledger keeps it."""

    reason = forms.CharField(
        label=_("理由"),
        help_text=_("あとで説明できるように、何がちがっていたかを書いてください。"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    # The figure that the person saw: somebody else may have corrected it meanwhile.
    # Nothing where there was no number.
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    field_order = ("new", "reason")

    def __init__(self, definition: Definition, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["new"] = FigureField(definition)
        self.order_fields(self.field_order)
