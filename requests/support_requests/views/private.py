"""What a group does by its private links: confirm, look, take the date into a calendar, take the request back.

A GET changes nothing: mail scanners open links.
"""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications import calendars, links
from programme.errors import Refused
from programme.tries import Tries
from support_requests import contacts, months
from support_requests.errors import TooManyFromHere
from support_requests.forms import FeedbackForm, InquiryForm, ReasonForm
from support_requests.messages import CONFIRM, NEW_CONTACT, STATUS, asked_by, say_ended
from support_requests.models import Feedback, Inquiry, Session, SupportRequest
from support_requests.rescheduling import MOVABLE
from support_requests.services import confirm_by_link
from support_requests.views.changing import places_to_change
from support_requests.views.links import opened_by
from supporters.messages import event_of

Status = SupportRequest.Status
# Words to the office within an hour from one address of the network.
TRIES = Tries("inquiry", at_most=20, within=60 * 60)
# Which of the steps on the status page is the present one; past the last when all is done.
STEP = {
    Status.RECEIVED: 2,
    Status.CONFIRMED: 3,
    Status.PLANNED: 3,
    Status.BOOKED: 4,
    Status.HELD: 5,
    Status.REPORTED: 6,
}


@opened_by(CONFIRM)
def confirm(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """Shows the request and one button; pressing it proves the mail address."""
    status_token = links.token(STATUS, asked.pk)
    if request.method == "POST":
        waiting = asked.status == Status.RECEIVED
        try:
            confirm_by_link(asked)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("support_requests:confirm", token)
        if waiting:
            messages.success(request, _("お申し込みを受け付けました。ありがとうございます。"))
        else:
            messages.info(request, _("このお申し込みの確認は、もう済んでいます。"))
        return redirect("support_requests:status", status_token)
    return render(
        request,
        "support_requests/confirm.html",
        {"asked": asked, "waits": asked.status == Status.RECEIVED, "status_token": status_token},
    )


@opened_by(NEW_CONTACT)
def new_contact(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """The address at which the group wants to be reached from now on; pressing the button proves it."""
    status_token = links.token(STATUS, asked.pk)
    if request.method == "POST":
        try:
            contacts.prove(asked, asked.group.new_contact_id, by=None)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("これからは、新しい連絡先にお知らせします。"))
        return redirect("support_requests:status", status_token)
    return render(request, "support_requests/new_contact.html", {"asked": asked, "status_token": status_token})


@opened_by(STATUS)
def status(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """Where the request stands, and what is to be done. After the session: what it was like."""
    session = Session.objects.told_to(asked)
    given = Feedback.objects.filter(session=session).first() if session else None
    closed = session is not None and months.is_closed(session.shift.local_date)
    form = None
    if session and session.may_be_judged and not (given and closed):
        form = FeedbackForm(request.POST if request.method == "POST" else None, given=given)
    if request.method == "POST":
        if session and form and form.is_valid():
            _give(request, session, form)
        if not (form and form.errors):
            return redirect(f"{reverse('support_requests:status', args=[token])}#feedback")
    booked, now = asked.status == Status.BOOKED, timezone.now()
    started = session is not None and session.shift.starts_at <= now
    over = booked and session is not None and session.shift.ends_at <= now
    is_fixed = session is not None and asked.status in SupportRequest.FIXED
    team = session.shift.assignments.held().select_related("supporter") if session and is_fixed else []
    return render(
        request,
        "support_requests/status.html",
        {
            "asked": asked,
            "token": token,
            "unanswered": contacts.unanswered(asked),
            "channel": asked_by(asked) if asked.status == Status.RECEIVED else None,
            "session": session,
            "given": given,
            "form": form,
            "month_closed": closed,
            "reason": asked.moves.filter(to_status=Status.DECLINED).last() if asked.status == Status.DECLINED else None,
            "team": [assignment.supporter for assignment in team],
            "steps": [_("申し込み"), _("確認"), _("日にちの調整"), _("決定"), _("当日")],
            "current": STEP.get(Status.HELD if over else Status(asked.status)),
            "begun": booked and started,
            "over": over,  # whether or not it was reported
            "inquiries": asked.inquiries.all(),
            "change": places_to_change(request, asked, token),
            "movable": asked.status in MOVABLE and not started,
        },
    )


def _give(request: HttpRequest, session: Session, form: FeedbackForm) -> None:
    try:
        Feedback.give(session, **form.cleaned_data)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("お答えを受け取りました。ありがとうございました。"))


@opened_by(STATUS)
def again(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """Have the link of proof sent again, to the address that it was sent to."""
    if request.method == "POST":
        try:
            contacts.ask_again(asked)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("確認のリンクを、もう一度送りました。届くまで、少しお待ちください。"))
        return redirect("support_requests:status", token)
    context = {"asked": asked, "token": token, "contact": contacts.unanswered(asked)}
    return render(request, "support_requests/again.html", context)


@opened_by(STATUS)
def write(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """A word to the office about this request."""
    form = InquiryForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            if TRIES.are_over(request):
                raise TooManyFromHere
            TRIES.count(request)
            Inquiry.objects.write(asked, form.cleaned_data["text"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("事務局に伝えました。お返事をお待ちください。"))
            return redirect("support_requests:status", token)
    return render(request, "support_requests/write.html", {"asked": asked, "token": token, "form": form})


@opened_by(STATUS)
def calendar(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """The session as a calendar entry to keep."""
    session = Session.objects.told_to(asked)
    if session is None or asked.status not in MOVABLE:
        raise Http404
    return HttpResponse(
        calendars.publish(event_of(session.shift)),
        content_type="text/calendar; charset=utf-8; method=PUBLISH",
        headers={"Content-Disposition": 'attachment; filename="session.ics"'},
    )


@opened_by(STATUS)
def withdraw(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """Take the request back (申請取消), after one more look at it."""
    form = ReasonForm(request.POST if request.method == "POST" else None, required=False)
    if form.is_valid():
        later = None
        try:
            with transaction.atomic():
                if "series" in request.POST:
                    later = asked.end_series(by=None)
                asked.withdraw(by=None, reason=form.cleaned_data["reason"])
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("お申し込みを取り消しました。またのお申し込みを、お待ちしています。"))
            if later is not None:
                messages.success(request, say_ended(later))
        return redirect("support_requests:status", token)
    context = {"asked": asked, "token": token, "form": form, "session": Session.objects.told_to(asked)}
    return render(request, "support_requests/withdraw.html", context)


@opened_by(STATUS)
def end_series(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """Stop asking for the months after this one, after a look at what is taken back with them."""
    if not asked.goes_on:
        messages.info(request, _("このあとの月のお申し込みは、ありません。"))
        return redirect("support_requests:status", token)
    if request.method == "POST":
        try:
            later = asked.end_series(by=None)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, say_ended(later))
        return redirect("support_requests:status", token)
    return render(request, "support_requests/end_series.html", {"asked": asked, "token": token})
