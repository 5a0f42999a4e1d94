"""The coordinator's list of people who must be told by hand."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from notifications import outbox
from notifications.models import Message
from programme.access import UserRequest, coordinator_only
from programme.errors import Refused


@coordinator_only
def message_list(request: UserRequest) -> HttpResponse:
    """Calls to make, messages that did not arrive, and messages of which nobody knows."""
    waiting = Message.objects.needs_a_person().select_related("recipient").order_by("created_at", "pk")
    return render(
        request, "notifications/message_list.html", {"page": Paginator(waiting, 50).get_page(request.GET.get("page"))}
    )


@coordinator_only
@require_POST
def settle(request: UserRequest, pk: int) -> HttpResponse:
    """One answer of a coordinator: told (by phone), or to be sent again."""
    message = get_object_or_404(Message, pk=pk)
    try:
        if request.POST.get("answer") == "again":
            outbox.send_again(message, by=request.user)
            messages.success(request, _("もう一度送ります。"))
        else:
            outbox.note_told(message, by=request.user)
            messages.success(request, _("伝えたことを記録しました。"))
    except Refused as refused:
        messages.warning(request, str(refused))
    return redirect("messages:list")
