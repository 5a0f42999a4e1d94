"""The log that works without the net: an installable page, its service worker and its manifest.

The page holds nobody's data: what a device needs is fetched over the API and kept on the device, so the page may be
kept by the browser and shown to whoever takes the tablet into the hand. See docs/adr/0016.
"""

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from consult.codes import Codes
from consult.forms.log import COMMON_AT_MOST, NOTE_LENGTH, CaseForm
from consult.models.log import MINUTES_AT_MOST
from programme import furigana
from programme.models import AgeBand, Device, Outcome, Programme, Topic, Visit

STYLES = ("mdeji/tokens.css", "mdeji/page.css", "mdeji/forms.css", "mdeji/parts.css", "consult/tap/tap.css")
SCRIPTS = tuple(f"consult/tap/{name}.js" for name in ("page", "desk", "device", "form", "list", "server", "words"))
ICONS = ("mdeji/mark.svg", "mdeji/icon-192.png", "mdeji/icon-512.png", "mdeji/icon-180.png")
QUICK_MINUTES = (5, 10, 15, 20, 30, 60)
# What a script puts into sentences: numbers, so that readings know their counter, and words.
NUMBERS = ("count", "minutes", "device", "server", "others")
WORDS = ("desk", "topic", "outcome", "reason", "time")


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    if "kept" not in request.GET:
        get_token(request)  # its cookie is what the script sends back
    response = HttpResponse(_page(request))
    response.headers["Cache-Control"] = "no-cache"
    if "kept" in request.GET:
        response.headers["X-Version"] = _version(request, _files())  # the worker keeps no page but its own version's
    return response


def _page(request: HttpRequest) -> str:
    codes = Codes.load()
    context = {
        "form": CaseForm(codes=codes, common=[], auto_id="%s"),
        "topics": [topic for topic in codes.topics.values() if topic.active],
        "slot": {name: format_html('<span data-slot="{}">0</span>', name) for name in NUMBERS}
        | {name: format_html('<span data-slot="{}"></span>', name) for name in WORDS},
        "common_at_most": COMMON_AT_MOST,
        "minutes_at_most": MINUTES_AT_MOST,
        "note_length": NOTE_LENGTH,
        "quick_minutes": QUICK_MINUTES,
        "styles": STYLES,
    }
    return render_to_string("consult/tap/page.html", context, request)


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Its text changes when anything does that it keeps: so browsers know that there is news."""
    files = _files()
    languages = [code for code, _name in settings.LANGUAGES]
    context = {
        "kept": json.dumps(
            {
                "version": _version(request, files),
                "page": reverse("consult:tap"),
                "languages": languages,
                "files": [*files, reverse("consult:tap_manifest")],
                # Named by their content, as in production, files that the page has just loaded are the right ones.
                "fetch": "default" if settings.PRODUCTION else "no-cache",
            },
            ensure_ascii=False,
        )
    }
    response = render(request, "consult/tap/worker.js", context, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _files() -> list[str]:
    return [static(path) for path in (*STYLES, *SCRIPTS, *ICONS)]


_versions: dict[str, str] = {}
"""The version by what can change while this process runs; the last one only. To render the pages takes far longer."""


def _version(request: HttpRequest, files: list[str]) -> str:
    """A hash over all that the worker keeps: the page in each language, and every file."""
    seen = hashlib.sha256("\n".join(files).encode())
    for path in (*STYLES, *SCRIPTS, *ICONS):
        seen.update(Path(_found(path)).read_bytes())
    for rows in (Programme, Topic, Outcome, Device, AgeBand, Visit):
        seen.update(repr(list(rows._base_manager.order_by("pk").values_list())).encode())
    changeable = seen.hexdigest()
    if changeable not in _versions:
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                text = _page(request)
                seen.update((furigana.in_html(text) if code == furigana.EASY else text).encode())
        _versions.clear()
        _versions[changeable] = seen.hexdigest()[:16]
    return _versions[changeable]


def _found(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        raise FileNotFoundError(path)
    return found


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What the installed page is called and looks like (W3C Web Application Manifest)."""
    content = {
        "id": reverse("consult:tap"),
        "name": _("よろず相談所の記録"),
        "short_name": _("相談の記録"),
        "lang": "en" if get_language() == "en" else "ja",
        "start_url": reverse("consult:tap"),
        "scope": reverse("consult:tap"),
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0017c1",
        "icons": [
            {"src": static("mdeji/icon-192.png"), "sizes": "192x192", "type": "image/png", "purpose": "any"},
            {"src": static("mdeji/icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "any"},
            {"src": static("mdeji/icon-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        ],
    }
    response = HttpResponse(json.dumps(content, ensure_ascii=False), content_type="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    return response
