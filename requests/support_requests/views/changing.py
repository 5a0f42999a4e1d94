"""The group changes what it asks for by its private link: the form in steps once more, with all that it said before."""

import datetime as dt
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self
from uuid import UUID, uuid4

from django.contrib import messages
from django.forms import Form
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
from support_requests.errors import RequestClosed, SameTime
from support_requests.forms import IntakeForm, OtherTimeForm
from support_requests.forms.intake import TIMES
from support_requests.forms.wishes import as_typed
from support_requests.messages import STATUS
from support_requests.models import Session, SupportRequest
from support_requests.rescheduling import MOVABLE, other_times, reschedule
from support_requests.rules import possible_days
from support_requests.said import contact_shown, version
from support_requests.services import revise
from support_requests.slots import Slot
from support_requests.views.intake import IntakeView
from support_requests.views.links import opened_by

# Kept with the answers, though no page asks for it: the version of the request that was looked at.
SEEN = "seen"
ANEW = "anew"


class ChangeView(IntakeView):
    """As the form on the web; it opens at its summary, and sending it changes the request."""

    url_name = "support_requests:change"
    heading = gettext_lazy("お申し込みの変更")
    send_label = gettext_lazy("この内容に変える")
    check_template_name = "support_requests/change_check.html"
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
            draft.answers, draft.passed = self._answers(starts), [it.slug for it in self.steps]
            # Nothing was kept while somebody only looked: the first page that is sent says what they saw.
            if sent := self.request.POST.get(SEEN):
                draft.answers[SEEN] = {SEEN: [sent]}
        return draft

    def _answers(self, starts: list[dt.datetime]) -> dict[str, dict[str, list[str]]]:
        """What the request says now, as the pages would have sent it, and which version that is."""
        said = _said(self.asked, starts)
        answers = {it.slug: {key: said[key] for key in said if it.owns(key)} for it in self.steps}
        return answers | {SEEN: _seen(self.asked)}

    def carried(self) -> dict[str, str]:
        return {SEEN: self.draft.answers[SEEN][SEEN][0]}

    def get(self, request: HttpRequest, draft: UUID, step: str) -> HttpResponse:
        if step == CHECK and _is_overtaken(self.draft, self.asked):
            return self._show_summary(self._check())
        return super().get(request, draft, step)

    def post(self, request: HttpRequest, draft: UUID, step: str) -> HttpResponse:
        if step == CHECK and ANEW in request.POST:
            starts = [time.starts_at for time in self.asked.times.all()]
            self.draft.begin_anew(self._answers(starts), [it.slug for it in self.steps])
            return self._to(CHECK)
        return super().post(request, draft, step)

    def _show_summary(self, form: Form, refusal: Refused | None = None, **more: Any) -> HttpResponse:
        overtaken = _is_overtaken(self.draft, self.asked)
        status_url = reverse("support_requests:status", args=[self.token])
        return super()._show_summary(form, refusal, overtaken=overtaken, status_url=status_url, **more)

    def send(self, form: IntakeForm) -> str:  # type: ignore[override]  # the form that make_form gives
        self.count_try()
        wish = form.wish()
        revise(self.asked, wish, by=None, seen=self.draft.answers[SEEN][SEEN][0])
        messages.success(self.request, _("内容を変えました。"))
        other_times = self.taken != frozenset(wish.starts)
        if other_times and self.asked.goes_on and self.asked.status != SupportRequest.Status.RECEIVED:
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
    return {SEEN: [version(asked, to_group=True)]}


def _is_overtaken(draft: Draft, asked: SupportRequest) -> bool:
    """Whether the request says something else by now than what was looked at."""
    return draft.answers.get(SEEN) != _seen(asked)


def places_to_change(request: HttpRequest, asked: SupportRequest, token: str) -> dict[str, str]:
    """Where to begin a change of all, or of the days, and where to go on with one that this browser has begun; nothing
    once a plan was carried out."""
    if not asked.may_be_revised:
        return {}
    draft, begun = uuid4(), unfinished(request.session, _kind(asked))
    places = {"all": (draft, CHECK), "days": (draft, "days")}
    if begun:
        overtaken = _is_overtaken(Draft(request.session, _kind(asked), begun[0]), asked)
        places["begun"] = (begun[0], CHECK) if overtaken else begun
    return {name: reverse(ChangeView.url_name, args=[token, *place]) for name, place in places.items()}


@opened_by(STATUS)
def change(request: HttpRequest, asked: SupportRequest, token: str, draft: UUID, step: str) -> HttpResponseBase:
    """A page of the change, as long as no plan was carried out."""
    if not asked.may_be_revised:
        is_fixed = asked.status in MOVABLE
        over = RequestClosed(status=asked.get_status_display())
        messages.info(request, _("日時の案ができたため、ここでは変えられません。") if is_fixed else str(over))
        return redirect("support_requests:status", token)
    return ChangeView.of(asked, token).as_view()(request, draft=draft, step=step)


def _said(asked: SupportRequest, starts: list[dt.datetime]) -> dict[str, list[str]]:
    """What the request says so far, as the pages of the form would have sent it."""
    said: dict[str, Any] = as_typed(asked, contact_shown(asked, to_group=True))
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
