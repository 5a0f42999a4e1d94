"""One text to many supporters: written, looked at as drafts, sent."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from notifications import mailings
from notifications.models import Channel, Contact, Mailing, Message
from notifications.segments import size
from programme.access import UserRequest, coordinator_only
from programme.errors import ChangedMeanwhile, Refused
from supporters.forms import AudienceForm, DraftForm, MailingForm
from supporters.models import Supporter
from supporters.views.replies import told

MAILINGS_A_PAGE = 30
DRAFTS_A_PAGE = 50


@coordinator_only
def mailing_list(request: HttpRequest) -> HttpResponse:
    page = Paginator(Mailing.objects.all(), MAILINGS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "supporters/mailings.html", {"page": page})


@coordinator_only
def write(request: UserRequest, pk: int | None = None) -> HttpResponse:
    """The text and for whom it is. "Count" only says how many that are; saving writes a draft for each."""
    row = get_object_or_404(Mailing, pk=pk, sent_at=None) if pk else Mailing(created_by=request.user)
    # A new one begins with whom the list of supporters was showing.
    before = QueryDict(row.audience).dict() if pk else {"status": Supporter.Status.ACTIVE, **request.GET.dict()}
    data = request.POST if request.method == "POST" else None
    form, audience = MailingForm(data, instance=row), AudienceForm(data, initial=before)
    context: dict[str, Any] = {"form": form, "audience": audience, "mailing": row}
    if request.method == "POST" and audience.is_valid():
        people = audience.people()
        context["count"] = people.count()
        if request.POST.get("do") == "count":
            context["form"] = MailingForm(instance=row, initial=request.POST.dict())
        elif form.is_valid():
            try:
                return _save(form, audience)
            except Refused as refused:  # somebody has sent it meanwhile
                messages.warning(request, str(refused))
                return redirect("supporters:mailings")
    return render(request, "supporters/mailing_write.html", context)


@transaction.atomic
def _save(form: MailingForm, audience: AudienceForm) -> HttpResponse:
    form.instance.audience = audience.query()
    saved = form.save()
    mailings.write_drafts(saved, (supporter.contact for supporter in audience.people()))
    return redirect("supporters:mailing", saved.pk)


@coordinator_only
def mailing(request: UserRequest, pk: int) -> HttpResponse:
    """What goes to whom by which way, and what it costs; send it, leave somebody out, or throw it away."""
    row = get_object_or_404(Mailing.objects.select_related("created_by", "sent_by"), pk=pk)
    if request.method == "POST":
        return _do(request, row)
    outlook = mailings.outlook(row)
    page = Paginator(row.messages.select_related("recipient").order_by("pk"), DRAFTS_A_PAGE)
    context = {
        "mailing": row,
        "outlook": outlook,
        "ways": [(Channel(channel).label, count) for channel, count in sorted(outlook.by_channel.items())],
        "states": [(Message.State(state).label, count) for state, count in sorted(outlook.by_state.items())],
        "reached": sum(outlook.by_channel.values()),
        "page": page.get_page(request.GET.get("page")),
    }
    return render(request, "supporters/mailing.html", context)


@coordinator_only
def draft(request: UserRequest, pk: int, draft_pk: int) -> HttpResponse:
    """What one person will read, or has been sent; while it is a draft its words may be changed for this person."""
    row = get_object_or_404(Mailing, pk=pk)
    message = get_object_or_404(row.messages.select_related("recipient").prefetch_related("attempts"), pk=draft_pk)
    form = None
    if message.state == Message.State.DRAFT:
        form = DraftForm(request.POST or None, initial={name: getattr(message, name) for name in DraftForm.base_fields})
    if request.method == "POST":
        if form is None:
            messages.warning(request, str(ChangedMeanwhile()))
        elif form.is_valid():
            with told(request, _("この人への文を直しました。")):
                mailings.edit_draft(message, **form.cleaned_data, by=request.user)
        if form is None or form.is_valid():
            return redirect("supporters:mailing_draft", pk, draft_pk)
    context = {"mailing": row, "message": message, "form": form, "size": size(message.short)}
    return render(request, "supporters/mailing_draft.html", context)


def _who_is_here() -> QuerySet[Contact]:
    """Those who have left since a draft was written to them are not written to."""
    here = Supporter.objects.exclude(status=Supporter.Status.WITHDRAWN)
    return Contact.objects.filter(pk__in=here.values("contact"))


def _do(request: UserRequest, row: Mailing) -> HttpResponse:
    match request.POST.get("do", "").partition(" "):
        case ("send", *_rest):
            with told(request, _("送信を始めました。")):
                mailings.send(row, still=_who_is_here(), by=request.user)
        case ("leave_out", _space, pk) if pk.isdecimal():
            draft = get_object_or_404(row.messages.select_related("recipient"), pk=pk)
            with told(request, _("%(name)sさんには送りません。") % {"name": draft.recipient}):
                mailings.leave_out(draft, by=request.user)
        case ("discard", *_rest):
            try:
                mailings.discard(row)
            except Refused as refused:
                messages.warning(request, str(refused))
                return redirect("supporters:mailing", row.pk)
            messages.success(request, _("下書きを捨てました。"))
            return redirect("supporters:mailings")
        case _other:
            raise Http404
    return redirect("supporters:mailing", row.pk)
