"""``{% load own_reasons %}``: a reason that was kept, in the language of the page where it is one of ours."""

from django import template

from programme import own_reasons

register = template.Library()
register.filter("say_reason", own_reasons.say_reason)
