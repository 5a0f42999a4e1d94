"""What everybody may set about the messages to them, by a private link at the foot of each message."""

from django.contrib import messages
from django.forms import ModelForm, RadioSelect
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from notifications import links
from notifications.models import Contact
from programme.errors import Refused


class LanguageForm(ModelForm):  # type: ignore[type-arg]  # no parameter at run time
    """The language of the messages to a contact."""

    class Meta:
        model = Contact
        fields = ("language",)
        widgets = {"language": RadioSelect}


@never_cache
def language(request: HttpRequest, token: str) -> HttpResponse:
    """One question, and back to the same page with the answer."""
    try:
        contact = get_object_or_404(Contact, pk=links.read(links.LANGUAGE, token))
    except Refused as refusal:
        return bad_link(request, refusal)
    form = LanguageForm(request.POST if request.method == "POST" else None, instance=contact)
    if request.method == "POST" and form.is_valid():
        Contact.objects.filter(pk=contact.pk).update(language=form.cleaned_data["language"])
        messages.success(request, _("お知らせのことばを保存しました。"))
        return redirect("messages:language", token)
    return render(request, "notifications/language.html", {"form": form})


def bad_link(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """A link that cannot be used: what happened, and what to do instead."""
    status = 410 if isinstance(refusal, links.ExpiredLink) else 404
    return render(request, "notifications/bad_link.html", {"sentence": str(refusal)}, status=status)
