import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from programme.models import Limits
from programme.widgets import DateField
from support_requests.planning.pages import Other
from supporters.models import Supporter

PEOPLE_AT_MOST = 20


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


def people_to_choose(words: str, others: Iterable[Other]) -> list[Supporter]:
    """Active people found by ``words``; without any, the next best ones first. So few that they fit in a list."""
    people = Supporter.objects.active().order_by("kana", "pk")
    if words:
        return list(people.found_by(words).only("name")[:PEOPLE_AT_MOST])
    named = {one.supporter.pk: one.supporter for one in others if one.supporter.status == Supporter.Status.ACTIVE}
    first = list(named.values())[:PEOPLE_AT_MOST]
    return [*first, *people.exclude(pk__in=named).only("name")[: PEOPLE_AT_MOST - len(first)]]


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes no argument when it runs
    """Any active supporter, of whom ``offer`` names those to choose from."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Supporter.objects.active(), empty_label=_("選んでください"), **options)

    def offer(self, people: Sequence[Supporter], chosen: Any) -> None:
        """``chosen``, as it came in, stays chosen."""
        keys = {str(one.pk) for one in people}
        if chosen and str(chosen).isdecimal() and chosen not in keys:
            people = [*Supporter.objects.active().filter(pk=chosen), *people]
        self.widget.choices = [("", self.empty_label), *((one.pk, str(one)) for one in people)]


class OverrideForm(forms.Form):
    """Another person than the plan's, and why."""

    instead_of = forms.ModelChoiceField(
        Supporter.objects.none(), label=_("入れ替わる人"), empty_label=_("選んでください")
    )
    supporter = PersonField(label=_("代わりに行く人"))
    reason = forms.CharField(label=_("代える理由"), max_length=200, help_text=_("計画に残ります。本人には送りません。"))

    def __init__(self, data: Any, *, team: Sequence[Supporter], people: Sequence[Supporter]) -> None:
        super().__init__(data, prefix="override")
        on_it: Any = self.fields["instead_of"]
        on_it.queryset = Supporter.objects.filter(pk__in=[one.pk for one in team])
        on_it.widget.choices = [("", on_it.empty_label), *((one.pk, str(one)) for one in team)]
        self.fields["supporter"].offer(people, self["supporter"].value())  # type: ignore[attr-defined]


class WhyNotForm(forms.Form):
    """About whom a coordinator asks why the plan does not send this person."""

    supporter = PersonField(label=_("サポーター"))

    def __init__(self, data: Any, *, people: Sequence[Supporter]) -> None:
        super().__init__(data)
        self.fields["supporter"].offer(people, self["supporter"].value())  # type: ignore[attr-defined]
