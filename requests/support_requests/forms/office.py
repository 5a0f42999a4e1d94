"""What coordinators type in on the pages of a request."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from support_requests.models import SupportRequest


class ReasonForm(forms.Form):
    """Why a request is declined or taken back. The team that was to come is told, too, unless ``told`` says no."""

    reason = forms.CharField(
        label=_("理由"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("代表の方と、決まっていたサポーターに伝わります。"),
        error_messages={"required": _("理由を入力してください。")},
    )

    def __init__(self, *args: Any, required: bool = True, told: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required
        if not told:
            self.fields["reason"].help_text = _("記録だけに残り、だれにも送られません。")


class RequestFilter(forms.Form):
    """Narrows the office's list."""

    UNDER_WAY, ALL = "under_way", "all"

    status = forms.ChoiceField(
        label=_("状態"),
        required=False,
        choices=[(UNDER_WAY, _("進行中のもの")), (ALL, _("すべて")), *SupportRequest.Status.choices],
    )
    words = forms.CharField(label=_("団体の名前・受付番号・電話番号"), required=False, max_length=100)
