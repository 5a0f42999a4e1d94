"""Which language a page is in, and readings above the difficult words of やさしい日本語.

``?lang=en`` on any address changes the language and keeps the page; a cookie remembers it. So a poster's QR code
can lead to an English page, and no form or session is needed.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from programme import furigana


def languages(request: HttpRequest) -> dict[str, object]:
    """For templates: the languages to choose from. Django's own tag would translate their names."""
    return {"languages": settings.LANGUAGES}


class LanguageMiddleware(LocaleMiddleware):
    """Django's, with the language that the address asks for before the cookie and the browser's wish."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        wanted = request.GET.get("lang")
        if wanted in dict(settings.LANGUAGES):
            translation.activate(wanted)
            request.LANGUAGE_CODE = wanted

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        language = translation.get_language()
        if (
            language == furigana.EASY
            and isinstance(response, HttpResponse)
            and "html" in response.get("Content-Type", "")
        ):
            response.content = furigana.in_html(response.content.decode()).encode()
            response.headers["Content-Length"] = str(len(response.content))
            # ja-easy is our own name for it; readers and search engines know only ja.
            response.headers.setdefault("Content-Language", "ja")
        if language and request.GET.get("lang") == language:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                samesite="Lax",
                secure=settings.LANGUAGE_COOKIE_SECURE,
            )
        return super().process_response(request, response)
