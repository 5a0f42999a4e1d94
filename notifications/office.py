"""The office and its messages: whom to tell by hand, and the evidence of who was told what, when and by which way."""

import datetime as dt
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Min, Q, Window
from django.db.models.functions import TruncDate
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from notifications import addresses, outbox
from notifications.models import AddressChange, Channel, Contact, Message, Suppression
from notifications.own import ask_for_proof, places
from programme.access import UserRequest, coordinator_only
from programme.errors import ChangedMeanwhile, Refused

COUNTED_DAYS = 14
TOLD_A_PAGE = 20
MESSAGES_A_PAGE = 12
STOPPED_AT_MOST = 30


@coordinator_only
def message_list(request: UserRequest) -> HttpResponse:
    """Calls to make, messages that did not arrive, and messages of which nobody knows; all of a person together."""
    waiting = Message.objects.needs_a_person().select_related("recipient")
    of_person = Window(Min("created_at"), partition_by="recipient")
    waiting = waiting.annotate(since=of_person).order_by("since", "recipient", "created_at", "pk")
    context = {"page": Paginator(waiting, MESSAGES_A_PAGE).get_page(request.GET.get("page")), "stopped": _stopped()}
    return render(request, "notifications/message_list.html", context)


def _stopped() -> list[tuple[Suppression, list[Contact]]]:
    """The addresses that bounced or were stopped lately, and whose they are, in two queries."""
    since = timezone.now() - dt.timedelta(days=COUNTED_DAYS)
    rows = list(Suppression.objects.filter(since__gte=since).order_by("-since", "pk")[:STOPPED_AT_MOST])
    addresses = [row.address for row in rows]
    fields = ("email", "line_id", "mobile_e164", "phone_e164")
    owners: dict[str, list[Contact]] = {}
    for owner in Contact.objects.filter(reduce(or_, (Q(**{f"{name}__in": addresses}) for name in fields))):
        for address in {getattr(owner, name) for name in fields} - {""}:
            owners.setdefault(address, []).append(owner)
    return [(row, owners.get(row.address, [])) for row in rows]


@coordinator_only
@require_POST
def settle(request: UserRequest, pk: int) -> HttpResponse:
    """One answer of a coordinator, with an optional note: told (by phone), or to be sent again."""
    message = get_object_or_404(Message, pk=pk)
    note = request.POST.get("note", "")[:200]
    try:
        if request.POST.get("answer") == "again":
            outbox.send_again(message, by=request.user, note=note)
            messages.success(request, _("もう一度送ります。"))
        else:
            outbox.note_told(message, by=request.user, note=note)
            messages.success(request, _("伝えたことを記録しました。"))
    except Refused as refused:
        messages.warning(request, str(refused))
    return redirect("messages:list")


class AddressForm(forms.Form):
    """Why nothing is sent to an address any more, or why something is again."""

    reason = forms.CharField(label=gettext_lazy("理由"), max_length=200)


@coordinator_only
def contact(request: UserRequest, pk: int) -> HttpResponse:
    """Where a person is reached, what stands against it and since when; stop an address, or take it up again."""
    person = get_object_or_404(Contact, pk=pk)
    found = {place["channel"]: place for place in places(person)}
    for channel, place in found.items():
        place["form"] = AddressForm(prefix=channel)
    form = None
    if request.method == "POST":
        if (chosen := request.POST.get("channel", "")) not in found:
            raise Http404
        if request.POST.get("key") != found[chosen]["key"]:  # another address than the one that was looked at
            messages.warning(request, str(ChangedMeanwhile()))
            return redirect("messages:contact", pk)
        if request.POST.get("do") in ("proved", "ask"):
            _note_proof(request, person, chosen)
            return redirect("messages:contact", pk)
        form = found[chosen]["form"] = AddressForm(request.POST, prefix=chosen)
        if form.is_valid():
            _stop_or_lift(request, chosen, found[chosen]["key"], form.cleaned_data["reason"])
            return redirect("messages:contact", pk)
    keys = [place["key"] for place in found.values()]
    told = person.messages.select_related("settled_by").prefetch_related("attempts")
    context = {
        "person": person,
        "places": found.values(),
        "form": form,
        "changes": AddressChange.objects.filter(address__in=keys).select_related("by"),
        "sharing": _sharing(person),
        "page": Paginator(told, TOLD_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "notifications/contact.html", context)


def _stop_or_lift(request: UserRequest, channel: str, address: str, reason: str) -> None:
    match request.POST.get("do"):
        case "stop" if channel != Channel.PHONE:
            suspended = Suppression.Reason.SUSPENDED
            outbox.suppress(channel, address, suspended, answer=reason, by=request.user)
            messages.success(request, _("送るのを止めました。待っていたお知らせは、ほかの方法で送ります。"))
        case "lift":
            if outbox.lift(channel, address, note=reason, by=request.user):
                messages.success(request, _("またお送りします。"))
        case _other:
            raise Http404


def _note_proof(request: UserRequest, person: Contact, channel: str) -> None:
    """Somebody in the office has asked the person, or wants them to be asked by a message."""
    if channel not in addresses.PROOFS:
        raise Http404
    if request.POST["do"] == "ask":
        ask_for_proof(request, person, Channel(channel))
        return
    addresses.prove(person, Channel(channel))
    messages.success(request, _("本人の宛先だと記録しました。"))


def _sharing(person: Contact) -> list[Contact]:
    """Others with an address of this person's: a stop holds for them, too."""
    same = Q()
    for name in ("email", "mobile_e164", "phone_e164", "line_id"):
        if value := getattr(person, name):
            same |= Q(**{name: value})
    return list(Contact.objects.filter(same).exclude(pk=person.pk).order_by("pk")[:20])


class LogFilter(forms.Form):
    """Which messages to show. What is left out leaves nothing out."""

    q = forms.CharField(label=gettext_lazy("名前・宛先"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=gettext_lazy("状態"), choices=[("", gettext_lazy("すべて")), *Message.State.choices], required=False
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("送り方"), choices=[("", gettext_lazy("すべて")), *Channel.choices], required=False
    )

    def found(self) -> Q:
        if not self.is_valid():
            return Q()
        found, chosen = Q(), self.cleaned_data
        if words := chosen["q"].strip():
            found &= Q(recipient__name__contains=words) | Q(address__contains=words)
        for name in ("state", "channel"):
            if chosen[name]:
                found &= Q(**{name: chosen[name]})
        return found


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many messages of one day went by one channel, and what became of them."""

    day: dt.date
    channel: str
    written: int
    arrived: int
    waiting: int
    lost: int


def daily_counts(since: dt.date) -> list[DayCount]:
    """By Tokyo's day and channel, the newest day first, in one query."""
    state = Message.State
    rows = (
        Message.objects.filter(created_at__gte=timezone.make_aware(dt.datetime.combine(since, dt.time())))
        .annotate(day=TruncDate("created_at"))
        .order_by("-day", "channel")
        .values("day", "channel")
        .annotate(
            written=Count("pk"),
            arrived=Count("pk", filter=Q(state__in=[state.SENT, state.DELIVERED])),
            waiting=Count("pk", filter=Q(state__in=[state.DRAFT, state.QUEUED, state.SENDING])),
            lost=Count("pk", filter=Q(state__in=[state.FAILED, state.UNKNOWN])),
        )
    )
    return [
        DayCount(
            day=row["day"],
            channel=str(Channel(row["channel"]).label),
            written=row["written"],
            arrived=row["arrived"],
            waiting=row["waiting"],
            lost=row["lost"],
        )
        for row in rows
    ]


@coordinator_only
def message_log(request: UserRequest) -> HttpResponse:
    """Every message as it was sent, with each attempt; and, asked for, how many went each day by each way."""
    form, since = LogFilter(request.GET), timezone.localdate() - dt.timedelta(days=COUNTED_DAYS - 1)
    found = Message.objects.filter(form.found()).select_related("recipient").prefetch_related("attempts")
    return render(
        request,
        "notifications/message_log.html",
        {
            "form": form,
            "page": Paginator(found, MESSAGES_A_PAGE).get_page(request.GET.get("page")),
            "counts": daily_counts(since) if "days" in request.GET else None,
        },
    )
