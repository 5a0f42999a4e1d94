"""The coordinator's office: what to do next, the most pressing first. Empty when the work is done."""

import datetime as dt

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mdeji.inbox import Inbox, kinds_of
from mdeji.models import Snooze
from programme.access import UserRequest, coordinator_only
from programme.wording import say_day

DAYS = (1, 3, 7, 14, 30)


class SnoozeForm(forms.Form):
    """Put one thing off. The list's own form carries the same names."""

    kind = forms.CharField(max_length=20)
    key = forms.IntegerField(min_value=0)
    about = forms.CharField(max_length=200)
    days = forms.TypedChoiceField(choices=[(days, days) for days in DAYS], coerce=int)
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=200,
        error_messages={"required": gettext_lazy("あとにする理由を入力してください。")},
    )

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if kind not in kinds_of():
            raise forms.ValidationError(_("この操作はできません。"))
        return kind


@coordinator_only
def office(request: HttpRequest) -> HttpResponse:
    return _show(request, SnoozeForm())


def _show(request: HttpRequest, form: SnoozeForm) -> HttpResponse:
    today = timezone.localdate()
    inbox = Inbox(timezone.now())
    context = {
        "jobs": inbox.jobs,
        "tasks": inbox.tasks,
        "now": inbox.now,
        "put_off": inbox.put_off,
        "days": [(days, say_day(today + dt.timedelta(days=days))) for days in DAYS],
        "form": form,
        # The one that somebody wants to put off: it has the form.
        "later": f"{form['kind'].value()}:{form['key'].value()}" if form.errors else request.GET.get("later", ""),
    }
    return render(request, "mdeji/office.html", context)


@require_POST
@coordinator_only
def snooze(request: UserRequest) -> HttpResponse:
    """Put one thing off until a day, with the reason."""
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    facts = form.cleaned_data
    until = timezone.localdate() + dt.timedelta(days=facts["days"])
    Snooze.objects.filter(until__lte=timezone.localdate()).delete()  # they are back, and named people
    Snooze.objects.update_or_create(
        kind=facts["kind"],
        key=facts["key"],
        defaults={
            "about": facts["about"],
            "until": until,
            "reason": facts["reason"],
            "at": timezone.now(),
            "by": request.user,
        },
    )
    messages.success(request, _("%(day)sに、また出ます。") % {"day": say_day(until)})
    return redirect("office")


@require_POST
@coordinator_only
def wake(request: UserRequest, pk: int) -> HttpResponse:
    """Bring back what was put off. Twice is once."""
    Snooze.objects.filter(pk=pk).delete()
    return redirect("office")
