"""The report after a session, by somebody who was there or by a coordinator."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from programme.access import coordinator_only, signed_in
from programme.errors import Refused
from support_requests.errors import AlreadyReported
from support_requests.forms import CorrectionForm, ReportForm
from support_requests.models import Report, Session


@signed_in
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Once a form, afterwards what was reported."""
    rows = Session.objects.visible_to(request.user).select_related("request__group", "shift__venue")
    session = get_object_or_404(rows, pk=pk)
    if done := Report.objects.filter(session=session).first():
        if request.method == "POST":
            messages.info(request, str(AlreadyReported()))
            return redirect("support_requests:report", pk)
        team = session.shift.assignments.filter(status__in=["attended", "absent"]).select_related("supporter")
        return render(request, "support_requests/reported.html", {"session": session, "report": done, "team": team})
    form = ReportForm(request.POST if request.method == "POST" else None, session=session)
    if form.is_valid() and _record(request, session, form):
        # Who was not there has no seat any more, and the page is not for them.
        if Session.objects.visible_to(request.user).filter(pk=pk).exists():
            return redirect("support_requests:report", pk)
        return redirect("home")
    begun = session.shift.starts_at <= timezone.now()
    return render(request, "support_requests/report.html", {"session": session, "form": form, "begun": begun})


def _record(request: HttpRequest, session: Session, form: ReportForm) -> bool:
    """Whether the form is done with: recorded, or found to have been recorded by somebody else."""
    try:
        session.record_report(by=request.user, **form.cleaned_data)
    except AlreadyReported as refused:
        messages.info(request, str(refused))
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    else:
        messages.success(request, _("報告を受け取りました。ありがとうございました。"))
    return True


@coordinator_only
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Put right what was reported."""
    rows = Session.objects.visible_to(request.user).select_related("request__group", "shift__venue", "report")
    session = get_object_or_404(rows, pk=pk, report__isnull=False)
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
