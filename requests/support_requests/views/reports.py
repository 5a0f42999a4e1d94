"""The report after a session, by somebody who was there or by a coordinator: one question a page."""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from programme.access import coordinator_only, signed_in
from programme.errors import Refused
from programme.models import User
from programme.steps import Step, StepsView, register, unfinished
from support_requests.errors import AlreadyReported
from support_requests.forms import CorrectionForm, ReportForm
from support_requests.models import Report, Session
from supporters.models import Assignment


def _rows(request: HttpRequest) -> QuerySet[Session]:
    return Session.objects.visible_to(request.user).select_related("request__group", "shift__venue")


def _kind(session: Session) -> str:
    return f"report:{session.pk}"


class ReportView(StepsView):
    """What was, asked of somebody who is on the way home with a phone in hand."""

    url_name = "support_requests:report_step"
    heading = gettext_lazy("活動の報告")
    send_label = gettext_lazy("報告する")
    steps: ClassVar[tuple[Step, ...]] = (
        Step(
            "attendees",
            gettext_lazy("何人来ましたか"),
            ("attendees",),
            instead=("attendees", "0", gettext_lazy("どなたも来なかった")),
        ),
        Step(
            "topics",
            gettext_lazy("何を学びましたか"),
            ("topics",),
            asked=lambda form: form.cleaned_data.get("attendees") != 0,
        ),
        Step("team", gettext_lazy("どのサポーターが来ましたか"), ("present",)),
        Step("how", gettext_lazy("どうでしたか"), ("went", "follow_up", "note")),
    )
    session: Session

    @classmethod
    def of(cls, session: Session) -> type[Self]:
        """The view of one session."""
        return type(cls.__name__, (cls,), {"session": session, "kind": _kind(session)})

    def make_form(self, data: QueryDict | None) -> ReportForm:
        return ReportForm(data, session=self.session)

    def send(self, form: Form) -> str:
        by: Any = self.request.user
        try:
            self.session.record_report(by=by, **form.cleaned_data)
        except AlreadyReported as refused:
            messages.info(self.request, str(refused))
        else:
            messages.success(self.request, _("報告を受け取りました。ありがとうございました。"))
        # Who was not there has no seat any more, and the page is not for them.
        if Session.objects.visible_to(by).filter(pk=self.session.pk).exists():
            return reverse("support_requests:report", args=[self.session.pk])
        return reverse("home")

    def _url(self, slug: str) -> str:
        return reverse(self.url_name, args=[self.session.pk, self.draft.pk, slug])


def _view_of(key: str) -> type[ReportView] | None:
    session = Session.objects.select_related("request__group", "shift__venue").filter(pk=key).first()
    return ReportView.of(session) if session else None


register("report", _view_of)


def _name_of(reporter: User | None, team: Iterable[Assignment]) -> str:
    """As the team knows them. The account of somebody who registered alone bears an address instead of a name."""
    if reporter is None:
        return ""
    names = (one.supporter.name for one in team if one.supporter.user_id == reporter.pk)
    return next(names, reporter.name)


@signed_in
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The way into the questions; afterwards what was reported."""
    session = get_object_or_404(_rows(request), pk=pk)
    if done := Report.objects.filter(session=session).select_related("reported_by").first():
        team = session.shift.assignments.filter(status__in=["attended", "absent"])
        team = team.select_related("supporter", "check_in").order_by("pk")
        context = {"session": session, "report": done, "team": team, "reporter": _name_of(done.reported_by, team)}
        return render(request, "support_requests/reported.html", context)
    begun = session.shift.starts_at <= timezone.now() and not session.shift.cancelled_at
    if begun:
        place = unfinished(request.session, _kind(session)) or (uuid.uuid4(), ReportView.steps[0].slug)
        return redirect("support_requests:report_step", pk, *place)
    return render(request, "support_requests/report.html", {"session": session})


@signed_in
def step(request: HttpRequest, pk: int, draft: uuid.UUID, step: str) -> HttpResponseBase:
    """A question, as long as nobody has reported."""
    session = get_object_or_404(_rows(request), pk=pk)
    if Report.objects.filter(session=session).exists():
        if request.method == "POST":
            messages.info(request, str(AlreadyReported()))
        return redirect("support_requests:report", pk)
    if session.shift.starts_at > timezone.now() or session.shift.cancelled_at:
        return redirect("support_requests:report", pk)
    return ReportView.of(session).as_view()(request, draft=draft, step=step)


@coordinator_only
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Put right what was reported."""
    session = get_object_or_404(_rows(request).select_related("report"), pk=pk, report__isnull=False)
    form = CorrectionForm(request.POST if request.method == "POST" else None, session=session)
    if form.is_valid():
        try:
            session.correct_report(by=request.user, **form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("報告を直しました。締めた月の数が変わるときは、訂正の確認が出ます。"))
            return redirect("support_requests:report", pk)
    return render(request, "support_requests/correct_report.html", {"session": session, "form": form})
