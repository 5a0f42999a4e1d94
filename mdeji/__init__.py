"""The project. Loaded before settings, Celery and WSGI, so it is the place that puts the shelf on the path.

The folder ``requests/`` is a shelf, not a package: a package of that name would shadow the HTTP library
that Twilio's SDK and allauth import. Its two packages (``support_requests``, ``matching``) are found
because the shelf is appended to ``sys.path`` here. See docs/adr/0001.
"""

import sys
from pathlib import Path

SHELF = str(Path(__file__).resolve().parent.parent / "requests")
if SHELF not in sys.path:
    sys.path.append(SHELF)

from .celery import app as celery_app  # noqa: E402  (the shelf must be on the path first)

__all__ = ["celery_app"]
