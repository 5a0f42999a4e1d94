"""The group's form, and the page after it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from notifications import links
from programme.errors import Refused
from support_requests.forms import IntakeForm
from support_requests.messages import STATUS
from support_requests.models import SupportRequest
from support_requests.services import receive
from support_requests.views.links import opened_by


# Kept by no shared cache, as its hidden id is for one form; but by the browser, so that "back" loses nothing.
@cache_control(private=True, no_cache=True)
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
                    request, _("このお申し込みは、もう受け取っています。変更や追加は、事務局にご連絡ください。")
                )
            return redirect("support_requests:thanks", links.token(STATUS, asked.pk))
    return render(request, "support_requests/new.html", {"form": form})


@opened_by(STATUS)
def thanks(request: HttpRequest, asked: SupportRequest, token: str) -> HttpResponse:
    """What happens next."""
    return render(request, "support_requests/thanks.html", {"asked": asked, "token": token})
