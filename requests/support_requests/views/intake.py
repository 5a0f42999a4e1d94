"""The group's form, and the page after it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from notifications import links
from programme.errors import Refused
from support_requests.forms import IntakeForm
from support_requests.messages import STATUS
from support_requests.models import SupportRequest
from support_requests.services import receive
from support_requests.views.links import opened_by


@never_cache  # the hidden form id is for one form: a page from a cache would bring an old one
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a session, without an account."""
    form = IntakeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked, is_new = receive(form.wish())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            if not is_new:
                messages.info(
                    request, _("このお申し込みは、もう受け取っています。内容を変えたいときは、事務局にご連絡ください。")
                )
            return redirect("support_requests:thanks", links.token(STATUS, asked.pk))
    return render(request, "support_requests/new.html", {"form": form})


@opened_by(STATUS)
def thanks(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """What happens next."""
    return render(request, "support_requests/thanks.html", {"asked": asked, "token": token})
