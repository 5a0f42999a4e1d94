"""What everybody may set about the messages to them, by a private link at the foot of each message."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from notifications import addresses, links, outbox, short_links, webhooks
from notifications.channels import is_configured
from notifications.models import Channel, Contact, Matter, Preference, Suppression
from programme.errors import Refused

# How a matter reaches somebody: "" as everything else does.
NEVER = "never"
NAMES: dict[str, str | Promise] = {
    Channel.LINE: "LINE",
    Channel.EMAIL: gettext_lazy("メール"),
    Channel.SMS: gettext_lazy("SMS"),
    Channel.PHONE: gettext_lazy("電話"),
}


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # no parameter at run time
    """Language, mobile number, and by which way which messages come."""

    class Meta:
        model = Contact
        fields = ("language", "preferred", "mobile")
        widgets = {"language": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mobile"].help_text = _("SMSを受け取る番号です。書かなくてもかまいません。")
        self.fields["preferred"].widget = forms.Select(choices=[("", _("届く方法を、おまかせ")), *_ways()])
        wishes = {row.matter: row for row in self.instance.preferences.all()}
        for matter in Matter:
            wish = wishes.get(matter)
            never = [] if matter == Matter.DUTY else [(NEVER, _("受け取らない"))]
            self.fields[matter] = forms.ChoiceField(
                label=matter.label,
                required=False,
                choices=[("", _("上で選んだ方法")), *_ways(), *never],
                initial="" if wish is None else wish.channel if wish.wanted else NEVER,
            )

    def clean_mobile(self) -> str:
        mobile: str = self.cleaned_data["mobile"]
        contact = self.instance
        if not (mobile or contact.email or contact.phone or contact.line_id):
            raise forms.ValidationError(_("ほかに連絡先がないので、番号を消すことはできません。"))
        return mobile

    @transaction.atomic
    def save(self, commit: bool = True) -> Contact:  # noqa: FBT001, FBT002  (Django's signature)
        # What came meanwhile, such as a proof or LINE, is not on the form and stays.
        contact = Contact.objects.select_for_update().get(pk=self.instance.pk)
        for name in self.Meta.fields:
            setattr(contact, name, self.cleaned_data[name])
        for matter in Matter:
            chosen = self.cleaned_data[matter]
            wish = {"channel": "" if chosen == NEVER else chosen, "wanted": chosen != NEVER}
            Preference.objects.update_or_create(contact=contact, matter=matter, defaults=wish)
        if not addresses.change(contact):
            outbox.follow(contact)  # the wishes may be others
        return contact


def _ways() -> list[tuple[str, str | Promise]]:
    return [(channel, NAMES[channel]) for channel in Channel if is_configured(channel)]


@never_cache
def own_settings(request: HttpRequest, token: str) -> HttpResponse:
    """Language, ways and matters; where the messages go now; linking LINE."""
    try:
        key, bound, marks = links.read(links.LANGUAGE, token).partition("-")
        contact = get_object_or_404(Contact, pk=key)
    except Refused as refusal:
        return bad_link(request, refusal)
    if not bound or not contact.has_all(marks):
        return _ended_link(request, contact)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do:
        _do(request, contact, do)
        return redirect(contact.settings_path)
    form = SettingsForm(request.POST if request.method == "POST" else None, instance=contact)
    if request.method == "POST" and form.is_valid():
        contact = form.save()
        messages.success(request, _("お知らせの設定を保存しました。"))
        return redirect(contact.settings_path)
    context = {
        "form": form,
        "places": list(places(Contact.objects.get(pk=contact.pk))),
        "line": is_configured(Channel.LINE),
        "linked": bool(contact.line_id),
        "code": webhooks.code_of(contact),
        "friend_url": settings.LINE_ADD_FRIEND_URL,
    }
    return render(request, "notifications/settings.html", context)


def _ended_link(request: HttpRequest, contact: Contact) -> HttpResponse:
    """Whoever holds it may be somebody else by now: it has a new one sent, or stops what may stop."""
    if request.method == "POST" and not contact.erased_at:
        if request.POST.get("do") == NEVER:
            _do_without(contact)
            messages.success(request, _("お知らせの設定を保存しました。"))
        else:
            outbox.tell(
                contact,
                kind="settings_link",
                subject=f"contact:{contact.pk}",
                template="notifications/settings_link.txt",
                context={"url": links.absolute(contact.settings_path)},
                occasion=f"{timezone.localdate()} {contact.marks}",  # a link that names a former address is dead, too
            )
            messages.success(request, _("新しいリンクを、登録してあるお届け先に送ります。"))
        return redirect(request.path)
    return render(request, "notifications/settings_link.html")


@transaction.atomic
def _do_without(contact: Contact) -> None:
    """Nothing but what concerns the person's own duties. What is being written in this moment heeds it, too."""
    Contact.objects.select_for_update().get(pk=contact.pk)
    for matter in set(Matter) - {Matter.DUTY}:
        wish = {"channel": "", "wanted": False}
        Preference.objects.update_or_create(contact=contact, matter=matter, defaults=wish)
    outbox.follow(contact)


def _do(request: HttpRequest, contact: Contact, do: str) -> None:
    """A button below the form."""
    match do:
        case "code":
            webhooks.new_code(contact)
            messages.success(request, _("コードを出しました。LINEで送ってください。"))
        case "unlink" if contact.email or contact.phone or contact.mobile:
            contact.line_id, contact.line_linked_at = "", None
            addresses.change(contact)
            messages.success(request, _("LINEでのお知らせをやめました。"))
        case "ask" if (channel := request.POST.get("channel")) in addresses.PROOFS:
            ask_for_proof(request, contact, Channel(channel))
        case "lift":
            channel = request.POST.get("channel", "")
            if outbox.lift(channel, contact.address_on(channel), reasons=outbox.OWN_REASONS):
                messages.success(request, _("またお送りします。"))


def ask_for_proof(request: HttpRequest, contact: Contact, channel: Channel) -> None:
    """Send the question anew, and say so."""
    if addresses.ask_again(contact, channel):
        messages.success(request, _("確認のお知らせを、そこへ送ります。"))
    else:
        messages.info(request, _("確認のお知らせは、さきほど送りました。"))


def places(contact: Contact) -> Iterator[dict[str, Any]]:
    """Each address of the contact: whether it was proved, and why nothing is sent there."""
    proved = {
        Channel.LINE: contact.line_linked_at,
        Channel.EMAIL: contact.email_proved_at,
        Channel.SMS: contact.sms_proved_at,
    }
    mobile = contact.mobile if contact.mobile_e164 else contact.phone
    as_typed = {Channel.LINE: "", Channel.SMS: mobile}
    found = {channel: contact.address_on(channel) for channel in Channel}
    stopped = {(row.channel, row.address): row for row in Suppression.objects.filter(address__in=set(found.values()))}
    for channel, address in found.items():
        if address:
            stop = stopped.get((channel, address))
            yield {
                "channel": channel,
                "name": NAMES[channel],
                "address": as_typed.get(channel, address),
                "key": address,
                "proved_at": proved.get(channel),
                "stop": stop,
                "may_ask": channel in addresses.PROOFS
                and proved[channel] is None
                and stop is None
                and is_configured(channel),
                "may_lift": stop is not None and stop.reason in outbox.OWN_REASONS,
            }


@never_cache
def prove(request: HttpRequest, token: str, channel: Channel) -> HttpResponse:
    """Whoever opens the link has read what was sent there; the button proves the address."""
    try:
        contact = addresses.asked_by(token, channel)
    except Refused as refusal:
        return bad_link(request, refusal)
    if request.method == "POST":
        addresses.prove(contact, channel)
        return redirect(request.path)
    context = {"contact": contact, "channel": channel, "proved": contact.is_proved_on(channel)}
    return render(request, "notifications/prove.html", context)


@never_cache
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """From the short address of an SMS to its page; what the link may still do, that page says."""
    try:
        return redirect(short_links.path_of(token))
    except Refused as refusal:
        return bad_link(request, refusal)


def bad_link(request: HttpRequest, refusal: Refused, *, again_url: str = "") -> HttpResponse:
    """A link that cannot be used: what happened, and what to do instead; ``again_url``: where to get another."""
    status = 410 if isinstance(refusal, links.ExpiredLink) else 404
    context = {"sentence": str(refusal), "expired": status == 410, "again_url": again_url}
    return render(request, "notifications/bad_link.html", context, status=status)
