"""マイページ on the home screen of a phone: manifest, service worker, and a page with the next duties for when the net
is gone."""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from programme.models import Programme
from supporters.models import Assignment, Supporter

STYLES = ("mdeji/tokens.css", "mdeji/page.css", "mdeji/forms.css", "mdeji/parts.css")
FILES = (*STYLES, "mdeji/mark.svg")
DUTIES_KEPT = 10
WHOSE = "X-Duties"
"""header of the page for when the net is gone: "mine" with somebody's duties, "none" without"""


@never_cache
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the phone shows without the net: the signed-in supporter's next duties, or how to reach the office.

    ``?empty=1``: without anybody's duties, whoever asks.
    """
    supporter = None
    if request.user.is_authenticated and "empty" not in request.GET:
        supporter = Supporter.objects.filter(user=request.user).exclude(status=Supporter.Status.WITHDRAWN).first()
    duties: list[Assignment] = []
    if supporter:
        duties = list(
            supporter.assignments.held()
            .filter(shift__ends_at__gt=timezone.now())
            .select_related("shift__venue", "shift__room")
            .order_by("shift__starts_at")[:DUTIES_KEPT]
        )
    context = {"supporter": supporter, "duties": duties, "made_at": timezone.now(), "styles": STYLES}
    response = render(request, "supporters/offline.html", context)
    response.headers[WHOSE] = "mine" if supporter else "none"
    return response


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Its text changes with the files and the page that it keeps."""
    kept = {
        "version": _version(),
        "page": reverse("supporters:offline"),
        "header": WHOSE,
        "files": [static(path) for path in FILES],
        # Pages after which the next duties may be others.
        "fresh": [reverse("supporters:home"), reverse("supporters:places"), f"{reverse('supporters:home')}offer/"],
    }
    response = render(
        request, "supporters/worker.js", {"kept": json.dumps(kept)}, content_type="text/javascript; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-cache"
    return response


def _version() -> str:
    """A hash over what the worker keeps and nobody's data are in."""
    seen = hashlib.sha256("\n".join(static(path) for path in FILES).encode())
    page: Any = get_template("supporters/offline.html")
    for path in (page.origin.name, *(finders.find(path) for path in FILES)):
        seen.update(Path(path).read_bytes())
    return seen.hexdigest()[:16]


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What the installed page is called and looks like (W3C Web Application Manifest)."""
    programme = Programme.objects.first()
    small, large = static("mdeji/icon-192.png"), static("mdeji/icon-512.png")
    content = {
        "id": reverse("supporters:home"),
        "name": _("%(name)s マイページ") % {"name": programme.short_name if programme else "Mデジ"},
        "short_name": programme.short_name if programme else "Mデジ",
        "lang": "en" if get_language() == "en" else "ja",
        "start_url": reverse("supporters:home"),
        "scope": reverse("supporters:home"),
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0017c1",
        "icons": [
            {"src": small, "sizes": "192x192", "type": "image/png", "purpose": "any"},
            {"src": large, "sizes": "512x512", "type": "image/png", "purpose": "any"},
            {"src": large, "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }
    response = JsonResponse(
        content, json_dumps_params={"ensure_ascii": False}, content_type="application/manifest+json"
    )
    response.headers["Cache-Control"] = "no-cache"
    return response
