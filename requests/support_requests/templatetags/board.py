"""``{% load board %}``: names on the week board, which are drawn by the hundred."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from support_requests.board.week import Place, Seated

register = template.Library()


@register.simple_tag(takes_context=True)
def chip(context: Any, seated: Seated, place: Place, text: str) -> SafeString:
    """Somebody on a shift, called ``text``: a link to where the person could go instead, as long as that is open."""
    if seated.leaves:
        return format_html("<s>{}</s> <small>{}</small>", text, _("外す案"))
    if place.is_over:
        return format_html("{} <small>{}</small>", text, seated.label)
    return format_html(
        '<a class="chip{}" href="{}?week={}&amp;leaves={}" data-supporter="{}" data-leaves="{}">{}</a> '
        "<small>{}</small>",
        " comes" if seated.comes else "",
        _path_of(context, seated.key),
        context["week"].monday.isoformat(),
        place.shift.pk,
        seated.key,
        place.shift.pk,
        text,
        f"{_('入れる案')} {seated.label}" if seated.comes else seated.label,
    )


def _path_of(context: Any, person: int) -> str:
    """Where the person could go. Looked up once a page: it takes longer than writing a name."""
    kept = context.render_context
    if "path" not in kept:
        kept["path"] = reverse("support_requests:board_person", args=[0]).replace("/0/", "/{}/")
    return str(kept["path"].format(person))
