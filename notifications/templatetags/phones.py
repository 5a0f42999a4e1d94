"""Phone numbers on pages."""

from django import template

from notifications.phones import national

register = template.Library()


@register.filter
def number_here(number: str) -> str:
    """An E.164 number as people here write it."""
    return national(number)
