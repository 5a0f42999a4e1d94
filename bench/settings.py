"""The project's settings, with the bare views beside its own."""

from mdeji.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
LOGGING = {"version": 1, "disable_existing_loggers": False}
