"""Filling in a form in steps as a browser does."""

import uuid
from typing import Any

from django.test import Client
from django.urls import reverse

from programme.steps import CHECK, StepsView


def url_of(view: type[StepsView], draft: object, step: str) -> str:
    return reverse(view.url_name, args=[draft, step])


def send_steps(client: Client, view: type[StepsView], data: dict[str, Any], draft: object = None) -> Any:
    """Send each page with its part of ``data``, then the summary. Gives the page that answers in the end."""
    draft = draft or uuid.uuid4()
    for step in view.steps:
        client.post(url_of(view, draft, step.slug), data)
    return client.post(url_of(view, draft, CHECK), follow=True)
