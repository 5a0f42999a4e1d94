import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from programme.models import Limits
from programme.widgets import DateField
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


class WhyNotForm(forms.Form):
    """About whom a coordinator asks why the plan does not send this person."""

    supporter = forms.ModelChoiceField(
        Supporter.objects.active().order_by("kana", "pk"), label=_("サポーター"), empty_label=_("選んでください")
    )
