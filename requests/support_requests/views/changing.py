"""The group changes what it asks for by its private link: the form in steps once more, with all that it said before."""

import datetime as dt
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from programme.errors import Refused
from programme.models import Limits
from programme.steps import CHECK, Draft, register, unfinished
from support_requests.errors import SameTime
from support_requests.forms import IntakeForm, OtherTimeForm
from support_requests.forms.intake import TIMES
from support_requests.forms.wishes import as_typed
from support_requests.messages import STATUS
from support_requests.models import Session, SupportRequest
from support_requests.rescheduling import MOVABLE, other_times, reschedule
from support_requests.rules import possible_days
from support_requests.services import revise
from support_requests.slots import Slot
from support_requests.views.intake import IntakeView
from support_requests.views.links import opened_by

# Kept with the answers, though no page asks for it: after how many of the office's corrections they were begun, and
# after how many changes by anybody.
SEEN = "corrections"


class ChangeView(IntakeView):
    """As the form on the web; it opens at its summary, and sending it changes the request."""

    url_name = "support_requests:change"
    heading = gettext_lazy("お申し込みの変更")
    send_label = gettext_lazy("この内容に変える")
    # For how many months was said when the series began.
    steps = tuple(replace(it, fields=tuple(name for name in it.fields if name != "months")) for it in IntakeView.steps)
    asked: SupportRequest
    token: str = ""

    @classmethod
    def of(cls, asked: SupportRequest, token: str) -> type[Self]:
        """The view of one request."""
        return type(cls.__name__, (cls,), {"asked": asked, "token": token, "kind": _kind(asked)})

    def open_draft(self, pk: UUID) -> Draft:
        starts = [time.starts_at for time in self.asked.times.all()]
        self.taken = frozenset(starts)
        draft = super().open_draft(pk)
        if not draft.answers:
            said = _said(self.asked, starts)
            draft.answers = {it.slug: {key: said[key] for key in said if it.owns(key)} for it in self.steps}
            draft.passed = [it.slug for it in self.steps]
            draft.answers[SEEN] = _seen(self.asked)
        return draft

    def send(self, form: IntakeForm) -> str:  # type: ignore[override]  # the form that make_form gives
        self.count_try()
        seen = self.draft.answers.get(SEEN)
        revise(self.asked, form.wish(), by=None, corrections=int(seen[SEEN][0]) if seen else None)
        messages.success(self.request, _("内容を変えました。"))
        if self.asked.goes_on and self.asked.status != SupportRequest.Status.RECEIVED:
            messages.info(
                self.request, _("日時を変えたのは、この月の分だけです。ほかの月は、はじめの曜日と時間のままです。")
            )
        return reverse("support_requests:status", args=[self.token])

    def _url(self, slug: str) -> str:
        return reverse(self.url_name, args=[self.token, self.draft.pk, slug])


def _kind(asked: SupportRequest) -> str:
    return f"change:{asked.pk}"


def _view_of(key: str) -> type[ChangeView] | None:
    asked = SupportRequest.objects.select_related("group__contact", "venue").filter(pk=key).first()
    return ChangeView.of(asked, "") if asked else None


register("change", _view_of)


def _seen(asked: SupportRequest) -> dict[str, list[str]]:
    return {SEEN: [str(asked.corrections), str(asked.changes)]}


def places_to_change(request: HttpRequest, asked: SupportRequest, token: str) -> dict[str, str]:
    """Where to begin a change of all, or of the days, and where to go on with one that this browser has begun and
    nothing has overtaken; nothing once a plan was carried out."""
    if not asked.may_be_revised:
        return {}
    draft, begun = uuid4(), unfinished(request.session, _kind(asked))
    places = {"all": (draft, CHECK), "days": (draft, "days")}
    if begun and Draft(request.session, _kind(asked), begun[0]).answers.get(SEEN) == _seen(asked):
        places["begun"] = begun
    return {name: reverse(ChangeView.url_name, args=[token, *place]) for name, place in places.items()}


@opened_by(STATUS)
def change(request: HttpRequest, asked: SupportRequest, token: str, draft: UUID, step: str) -> HttpResponseBase:
    """A page of the change, as long as no plan was carried out."""
    if not asked.may_be_revised:
        messages.info(request, _("日時の案ができたため、ここでは変えられません。"))
        return redirect("support_requests:status", token)
    return ChangeView.of(asked, token).as_view()(request, draft=draft, step=step)


def _said(asked: SupportRequest, starts: list[dt.datetime]) -> dict[str, list[str]]:
    """What the request says so far, as the pages of the form would have sent it."""
    said: dict[str, Any] = as_typed(asked, asked.group.new_contact)
    said["level"] = said["level"].pk if said["level"] else ""
    for tick in ("wheelchair", "may_be_rung"):
        said[tick] = "on" if said[tick] else ""
    said["slots"] = sorted({Slot.of(start).key for start in starts})
    said |= {name: timezone.localtime(start).isoformat() for name, start in zip(TIMES, starts, strict=False)}
    said["best"] = Slot.of(starts[0]).key if starts else ""
    return {
        name: [str(it) for it in value] if isinstance(value, list) else [str(value)]
        for name, value in said.items()
        if value not in ("", None)
    }


OFFERED_TIMES = 12


@opened_by(STATUS)
def other_time(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """A time is fixed already, and the group needs another: those at which its whole team can come."""
    rows = Session.objects.select_related("request", "shift__venue__district", "shift__venue__closures")
    session = rows.filter(request=asked).first()
    if session is None or asked.status not in MOVABLE or session.shift.starts_at <= timezone.now():
        return redirect("support_requests:status", token)
    sent = request.POST if request.method == "POST" else None
    form = OtherTimeForm(sent, now=session.shift.starts_at, starts=_offered(session))
    if form.is_valid():
        try:
            with suppress(SameTime):  # the button was pressed twice
                reschedule(session, form.cleaned_data["starts_at"], by=None, reason=str(_("団体のご希望")))
        except Refused as refused:  # all has to be looked at anew
            messages.error(request, str(refused))
            return redirect("support_requests:other_time", token)
        messages.success(request, _("日時を変えました。サポーターにも伝えます。"))
        return redirect("support_requests:status", token)
    return render(
        request, "support_requests/other_time.html", {"asked": asked, "token": token, "form": form, "session": session}
    )


def _offered(session: Session) -> list[dt.datetime]:
    """In order of time, those nearest to the present time or to a wish of the group: of its wishes, and of the same
    time of day on each day that may be asked for."""
    now = session.shift.starts_at
    wishes = [wish.starts_at for wish in session.request.times.all()]
    time, days = timezone.localtime(now).time(), possible_days(Limits.current())
    same_time = [timezone.make_aware(dt.datetime.combine(day, time)) for day in days]
    found = [one.starts_at for one in other_times(session, dict.fromkeys([*wishes, *same_time]), by=None)]
    found.sort(key=lambda start: (min(abs(start - known) for known in (now, *wishes)), start))
    return sorted(found[:OFFERED_TIMES])
