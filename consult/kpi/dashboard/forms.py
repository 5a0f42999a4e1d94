from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programme.widgets import WholeNumberField

# More than a city of a million would open.
A_WEEK_AT_MOST = 500
DUTIES_AT_MOST = 60


class WhatIfForm(forms.Form):
    """Assumptions, beginning with what is planned and usual."""

    openings = WholeNumberField(label=_("相談所を開く回数(1週間に)"), min_value=0, max_value=A_WEEK_AT_MOST)
    sessions = WholeNumberField(label=_("出張サポートの回数(1週間に)"), min_value=0, max_value=A_WEEK_AT_MOST)
    duties = WholeNumberField(
        label=_("サポーター1人の活動の回数(1か月に)"),
        help_text=_("多くすると、必要な人数は少なくなります。無理のない回数にしてください。"),
        min_value=1,
        max_value=DUTIES_AT_MOST,
    )

    def __init__(self, asked: Mapping[str, Any], usual: Mapping[str, int]) -> None:
        """``asked`` is the address's query; what it leaves out is as ``usual``."""
        super().__init__({name: asked.get(name, usual[name]) for name in self.base_fields})
