"""``{% load controls %}``: for the templates of widgets, which are drawn by the hundred."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.forms.utils import flatatt
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def attributes(attrs: dict[str, Any], without: str = "") -> str:
    """A widget's attributes as HTML, but for the one named ``without``. As Django's template of attributes does, and in
    a fifth of its time."""
    return flatatt({name: value for name, value in attrs.items() if name != without and value is not None})


@register.filter
def options(groups: Iterable[tuple[str | None, list[dict[str, Any]], int]]) -> SafeString:
    """The options of a list, by group, as HTML."""
    lines = []
    for group, found, _index in groups:
        if group:
            lines.append(f'<optgroup label="{conditional_escape(group)}">')
        for one in found:
            value, label = conditional_escape(str(one["value"])), conditional_escape(one["label"])
            lines.append(f'<option value="{value}"{attributes(one["attrs"]) if one["attrs"] else ""}>{label}</option>')
        if group:
            lines.append("</optgroup>")
    return mark_safe("\n".join(lines))  # noqa: S308  # each part is escaped


@register.filter
def tiles(choices: Iterable[dict[str, Any]]) -> SafeString:
    """Choices as tiles to tap: the whole tile is the label. The class is the group's."""
    lines = []
    for one in choices:
        name, value, label = escape(one["name"]), escape(str(one["value"])), conditional_escape(one["label"])
        control = f'<input type="{one["type"]}" name="{name}" value="{value}"{attributes(one["attrs"], "class")}>'
        lines.append(f'<label class="choice">{control}<span>{label}</span></label>')
    return mark_safe("\n".join(lines))  # noqa: S308  # each part is escaped
