import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programme.models import Limits
from programme.widgets import DateField
from support_requests.models import PlannedTask
from supporters.models import Supporter


class PeriodForm(forms.Form):
    """Which days to plan."""

    first = DateField(label=_("最初の日"))
    last = DateField(label=_("最後の日"))

    @classmethod
    def usual(cls, today: dt.date) -> "PeriodForm":
        """From tomorrow to the last day for which desks are opened. Not from ``days_ahead`` on: a request
        that waited a few days, and a place that was declined, lie nearer than that."""
        until = today + dt.timedelta(days=Limits.current().desk_days_ahead)
        return cls(initial={"first": today + dt.timedelta(days=1), "last": until})


class OverrideForm(forms.Form):
    """Another person than the plan's, and why."""

    instead_of = forms.ModelChoiceField(
        Supporter.objects.none(), label=_("入れ替わる人"), empty_label=_("選んでください")
    )
    supporter = forms.ModelChoiceField(
        Supporter.objects.active().order_by("kana", "pk"), label=_("代わりに行く人"), empty_label=_("選んでください")
    )
    reason = forms.CharField(label=_("代える理由"), max_length=200, help_text=_("計画に残ります。本人には送りません。"))

    def __init__(self, data: Any, *, task: PlannedTask) -> None:
        super().__init__(data, prefix="override")
        team: Any = self.fields["instead_of"]
        team.queryset = Supporter.objects.filter(planned__task=task).order_by("kana", "pk")


class WhyNotForm(forms.Form):
    """About whom a coordinator asks why the plan does not send this person."""

    supporter = forms.ModelChoiceField(
        Supporter.objects.active().order_by("kana", "pk"), label=_("サポーター"), empty_label=_("選んでください")
    )
