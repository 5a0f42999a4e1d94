"""Closed for maintenance: a file that is there or not, so that nothing else need work.

``VAR_DIR/maintenance`` closes the site; ``manage.py maintenance`` writes it, ``touch`` does too. Its lines, all
optional: until when, in words; the office's phone number; its hours.
"""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mdeji.errors import unavailable

Answer = Callable[[HttpRequest], HttpResponseBase]


def flag() -> Path:
    return Path(settings.VAR_DIR) / "maintenance"


def close(*, until: str = "", phone: str = "", phone_hours: str = "") -> None:
    """Every page answers 503 from now on, in all processes that share VAR_DIR."""
    flag().write_text(f"{until}\n{phone}\n{phone_hours}\n")


def reopen() -> None:
    flag().unlink(missing_ok=True)


def maintenance(get_response: Answer) -> Answer:
    """Middleware: answers for the whole site while it is closed. Stands before everything that asks the database."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        try:
            text = flag().read_text()
        except FileNotFoundError:
            return get_response(request)
        until, phone, hours = [*text.splitlines(), "", "", ""][:3]
        known: dict[str, object] = {"closed": True, "until": until}
        if phone:
            known["programme"] = {"phone": phone, "phone_hours": hours}
        return unavailable(request, **known)

    return answer
