"""The project's settings, with the bare view beside the API."""

from mdeji.settings import *  # noqa: F403

ROOT_URLCONF = "bench.desk_urls"
LOGGING = {"version": 1, "disable_existing_loggers": False}
