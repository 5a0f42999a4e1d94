from django import forms
from django.utils.translation import gettext_lazy as _

from consult.models import Correction
from programme.widgets import WholeNumberField

# More than any figure of a city's month; fits the column on every engine.
AT_MOST = 99_999_999

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


class CorrectionForm(forms.Form):
    new = WholeNumberField(label=_("正しい数字"), min_value=0, max_value=AT_MOST)
    reason = forms.CharField(
        label=_("理由"),
        help_text=_("あとで説明できるように、何がちがっていたかを書いてください。"),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    # The figure that the person saw: somebody else may have corrected it meanwhile.
    seen = forms.IntegerField(widget=forms.HiddenInput)
