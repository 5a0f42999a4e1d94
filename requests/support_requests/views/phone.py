"""Requests that come by telephone or on paper: a landline and no mail is enough."""

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from programme.access import coordinator_only
from programme.errors import Refused
from programme.qr import qr_code
from support_requests import services
from support_requests.errors import Overtaken
from support_requests.forms import PhoneInForm, RevisionForm
from support_requests.messages import status_url
from support_requests.models import RequestTopic, Session, SupportRequest


@coordinator_only
def phone_in(request: HttpRequest) -> HttpResponse:
    """The group's form, for a coordinator while the caller talks."""
    form = PhoneInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked, is_new = services.take_down(form.wish(), by=request.user, intake=form.cleaned_data["intake"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            if is_new:
                messages.success(request, _("受け付けました。受付番号は %(number)s です。") % {"number": asked.number})
            else:
                messages.info(request, _("この用紙は、もう登録されています。"))
            return redirect("support_requests:detail", asked.pk)
    return render(request, "support_requests/phone_in.html", {"form": form})


@coordinator_only
def revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Put right what a group asks for, as long as no plan was carried out."""
    rows = SupportRequest.objects.visible_to(request.user).select_related("group__contact", "venue")
    asked = get_object_or_404(rows, pk=pk)
    form = RevisionForm(request.POST if request.method == "POST" else None, asked=asked)
    differing: list[str] | None = None
    if form.is_valid():
        try:
            services.revise(asked, form.wish(), by=request.user, seen=form.cleaned_data["seen"])
        except Overtaken as refused:
            form.add_error(None, str(refused))
            differing = form.look_again()
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("内容を直しました。"))
            return redirect("support_requests:detail", pk)
    context = {"form": form, "asked": asked, "differing": differing}
    return render(request, "support_requests/revise.html", context)


@coordinator_only
def slip(request: HttpRequest, pk: int) -> HttpResponse:
    """One sheet in large type, to hand over or to post: number, place, times, what comes next."""
    rows = SupportRequest.objects.visible_to(request.user).select_related("group__contact", "venue")
    rows = rows.prefetch_related("times", Prefetch("topics", RequestTopic.objects.select_related("topic")))
    asked = get_object_or_404(rows, pk=pk)
    code = qr_code(status_url(asked), title=_("お申し込みのようすを見るQRコード"))
    context = {"asked": asked, "code": code, "session": Session.objects.told_to(asked)}
    return render(request, "support_requests/slip.html", context)
