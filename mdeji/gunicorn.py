"""gunicorn's settings, from the same environment as the rest (docs/operations.md)."""

import environ

env = environ.Env()

bind = env.str("BIND", default=f"127.0.0.1:{env.int('PORT', default=8000)}")
workers = env.int("WEB_WORKERS", default=2)
threads = env.int("WEB_THREADS", default=4)
preload_app = True
loglevel = "warning"
