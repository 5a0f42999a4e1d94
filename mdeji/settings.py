"""Settings, read from the environment through typed readers. docs/operations.md lists every one.

Development needs none of them. Production (``MDEJI_ENV=production``) needs the ones that
``required`` reads, and does not start without them.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from mdeji import headers

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(env.str("DOTENV", default=str(BASE_DIR / ".env")))

MDEJI_ENV = env.str("MDEJI_ENV", default="development")
if MDEJI_ENV not in ("development", "production"):
    raise ImproperlyConfigured(f"MDEJI_ENV must be development or production, not {MDEJI_ENV!r}.")
PRODUCTION = MDEJI_ENV == "production"


def required(name: str, development: str) -> str:
    """The setting ``name``; in development it may be left out, in production its absence stops the start."""
    value: str = env.str(name, default="" if PRODUCTION else development)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Production needs it: see docs/operations.md.")
    return value


# --- The process -----------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
PORT = env.int("PORT", default=8000)
SECRET_KEY = required("SECRET_KEY", "development-only-key-never-used-in-production")
ALLOWED_HOSTS = [host.strip() for host in required("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")]
SITE_URL = required("SITE_URL", f"http://localhost:{PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

ROOT_URLCONF = "mdeji.urls"
WSGI_APPLICATION = "mdeji.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "auditlog",  # before programme, whose admin takes its page away
    "mdeji.apps.MdejiConfig",
    "programme",
    "notifications",
    "supporters",
    "support_requests",
    "consult",
    "programme.admin_app.OfficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "mdeji.headers.own_pages_only",
    # Files are compressed once, by collectstatic; pages each time, below. What a document may do is said of documents:
    # beside a style or a script it would be half of what is sent.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "mdeji.languages.LanguageMiddleware",
    # Everything above does without the database.
    "mdeji.maintenance.maintenance",
    "programme.context.read_once",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mdeji.errors.rate_limits",
    "programme.records.who_acts",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mdeji.languages.languages",
                "programme.context.programme",
            ],
        },
    },
]
FORM_RENDERER = "mdeji.forms.Renderer"

# --- Data ------------------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {
    "default": env.db_url_config(required("DATABASE_URL", f"sqlite:///{VAR_DIR / 'mdeji.sqlite3'}"))
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE takes the write lock at the start of a transaction, so a verb that reads and then
        # writes waits for its turn instead of failing half way; WAL lets readers go on meanwhile.
        "transaction_mode": "IMMEDIATE",
        "timeout": env.int("SQLITE_TIMEOUT_SECONDS", default=30),
        "init_command": "PRAGMA journal_mode=WAL",
    }
else:
    # A report of figures is one long statement of many small parts: compiling it takes longer than running it.
    # And what pages ask for lies in memory or on a disk without a head: a row by an index costs hardly more than the
    # next one. With the server's own 4 a month's few duties are found by reading those of all years.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c jit=off -c random_page_cost=1.1"
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_MAX_AGE_SECONDS", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# Limits of tries are counted here. In production several processes answer: counted in each, a limit would be none.
CACHES = {"default": env.cache_url_config(required("CACHE_URL", "locmemcache://"))}

# --- The record of changes ---------------------------------------------------------------------------
AUDITLOG_LOGENTRY_MODEL = "programme.Entry"
AUDITLOG_STORE_JSON_CHANGES = True

# --- Background work -------------------------------------------------------------------------------
CELERY_BROKER_URL = required("BROKER_URL", "filesystem://localhost")
# Publishing happens after a commit, inside a user's click: with the broker gone it must give up at
# once. The sweep (notifications.tasks.sweep_outbox) finds what was left.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_timeout": 5, "socket_connect_timeout": 2}
if CELERY_BROKER_URL.startswith("filesystem:"):
    broker_dir = VAR_DIR / "broker"
    for folder in ("messages", "control"):
        (broker_dir / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(broker_dir / "messages"),
        "data_folder_out": str(broker_dir / "messages"),
        "control_folder": str(broker_dir / "control"),
        "polling_interval": 0.1,  # seconds; without it a worker takes one task a second
    }
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Asia/Tokyo"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
OUTBOX_SWEEP = timedelta(seconds=env.int("OUTBOX_SWEEP_SECONDS", default=20))
REMINDERS = timedelta(seconds=env.int("REMINDERS_SECONDS", default=300))
COUNTS_REFRESH = timedelta(seconds=env.int("COUNTS_REFRESH_SECONDS", default=30))
CELERY_BEAT_SCHEDULE = {
    "sweep-outbox": {
        "task": "notifications.tasks.sweep_outbox",
        "schedule": OUTBOX_SWEEP,
        "options": {"expires": OUTBOX_SWEEP.total_seconds()},  # while the workers are busy, sweeps do not queue up
    },
    "lapse-offers": {
        "task": "supporters.tasks.lapse_offers",
        "schedule": timedelta(seconds=env.int("LAPSE_OFFERS_SECONDS", default=60)),
    },
    **{
        f"remind-{app}": {
            "task": f"{app}.tasks.remind",
            "schedule": REMINDERS,
            "options": {"expires": REMINDERS.total_seconds()},
        }
        for app in ("supporters", "support_requests")
    },
    "solve-waiting-plans": {
        "task": "support_requests.tasks.solve_waiting_plans",
        "schedule": timedelta(seconds=env.int("PLAN_SWEEP_SECONDS", default=20)),
    },
    # In the morning in Tokyo, when a mail from us wakes nobody.
    "ask-for-feedback": {"task": "support_requests.tasks.ask_for_feedback", "schedule": crontab(hour="10", minute="0")},
    "propose-corrections": {
        "task": "consult.tasks.propose_corrections",
        "schedule": timedelta(seconds=env.int("CORRECTIONS_SWEEP_SECONDS", default=60)),
        "options": {"expires": 60},  # seconds: while a long sweep runs, those to come do not queue up behind it
    },
    "count-open-months": {
        "task": "consult.tasks.count_open_months",
        "schedule": COUNTS_REFRESH,
        "options": {"expires": COUNTS_REFRESH.total_seconds()},
    },
    # At 6 in the morning in Tokyo; on all days but the first after a month there is nothing to do.
    "draft-last-month": {"task": "consult.tasks.draft_last_month", "schedule": crontab(hour="6", minute="0")},
    "continue-series": {"task": "support_requests.tasks.continue_series", "schedule": crontab(hour="6", minute="30")},
    "forget-reservations": {"task": "consult.tasks.forget_reservations", "schedule": timedelta(hours=3)},
    # By night, when nobody looks at a page that is about to go.
    "erase-data": {"task": "supporters.tasks.erase_due", "schedule": crontab(hour="3", minute="30")},
    "forget-short-links": {"task": "notifications.tasks.forget_short_links", "schedule": timedelta(hours=24)},
    "forget-sessions": {"task": "programme.tasks.forget_sessions", "schedule": timedelta(hours=6)},
}
# For how many times as long as counting them took figures of open months are shown again before they are counted anew
# (consult/kpi/kept.py). 0: each look counts.
COUNTS_KEPT = env.int("COUNTS_KEPT", default=100)
# Whether code lists, limits and courses are kept in each process's memory until somebody changes one.
FACTS_KEPT = env.bool("FACTS_KEPT", default=True)
# How many messages one process of a worker has at the providers at once.
OUTBOX_AT_ONCE = env.int("OUTBOX_AT_ONCE", default=4)
# The first wait after a failed try; each further one is twice as long, up to two hours.
OUTBOX_BACKOFF = timedelta(seconds=env.int("OUTBOX_BACKOFF_SECONDS", default=30))
# How long a message may stand as "sending" before the sweep asks the channel what became of it.
# Longer than any provider call may take (EMAIL_TIMEOUT).
OUTBOX_LEASE = timedelta(seconds=env.int("OUTBOX_LEASE_SECONDS", default=120))

# --- People are told -------------------------------------------------------------------------------
MAILBOX_DIR = VAR_DIR / "mail"
if email_url := required("EMAIL_URL", "mailbox://"):
    if email_url.startswith("mailbox:"):
        EMAIL_BACKEND = "notifications.mailbox.EmailBackend"
    else:
        globals().update(env.email_url_config(email_url))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", default=30)
DEFAULT_FROM_EMAIL = required("DEFAULT_FROM_EMAIL", "Mデジ事務局 <office@example.jp>")
# bounce@example.jp: mails that cannot be delivered come back to bounce+ID@example.jp (manage.py take_bounce).
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")
# The page /sent/ shows everything that would have left. Only where mail goes to files.
SHOW_SENT = not PRODUCTION and email_url.startswith("mailbox:")
# SMS by Twilio: off until the account is named. Where mail goes to files, an SMS does too.
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
# The sender: a messaging service (MG…), or a number in E.164.
TWILIO_MESSAGING_SERVICE_SID = env.str("TWILIO_MESSAGING_SERVICE_SID", default="")
TWILIO_FROM_NUMBER = env.str("TWILIO_FROM_NUMBER", default="")
# Another server than https://api.twilio.com, for tests and measurements.
TWILIO_API_URL = env.str("TWILIO_API_URL", default="")
TWILIO_TIMEOUT = env.int("TWILIO_TIMEOUT_SECONDS", default=20)
SMS_YEN_PER_SEGMENT = env.float("SMS_YEN_PER_SEGMENT", default=12.0)
# Anybody may ask for a code by SMS, and each costs money: so many a day to one number, from one address of the network
# (a hall's whole class has one), and in all.
SMS_CODES_PER_NUMBER = env.int("SMS_CODES_PER_NUMBER", default=10)
SMS_CODES_PER_CLIENT = env.int("SMS_CODES_PER_CLIENT", default=100)
SMS_CODES_A_DAY = env.int("SMS_CODES_A_DAY", default=1000)
# LINE's Messaging API: off until both are named.
LINE_CHANNEL_ACCESS_TOKEN = env.str("LINE_CHANNEL_ACCESS_TOKEN", default="")
LINE_CHANNEL_SECRET = env.str("LINE_CHANNEL_SECRET", default="")
LINE_API_URL = env.str("LINE_API_URL", default="https://api.line.me")
LINE_TIMEOUT = env.int("LINE_TIMEOUT_SECONDS", default=20)
LINE_ADD_FRIEND_URL = env.str("LINE_ADD_FRIEND_URL", default="")
# How many messages a second a channel takes, over all workers; 0 is as many as come.
MESSAGES_PER_SECOND = {
    "sms": env.float("SMS_PER_SECOND", default=0.0),
    "line": env.float("LINE_PER_SECOND", default=0.0),
    "email": env.float("EMAIL_PER_SECOND", default=0.0),
}

# --- People sign in: a code by e-mail or SMS, a passkey, the city's digital ID; no password -----------
AUTH_USER_MODEL = "programme.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
# By SMS where SMS can be sent, or where they are files to read (notifications/channels/sms.py).
SIGN_IN_BY_SMS = SHOW_SENT or all(
    [TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM_NUMBER]
)
ACCOUNT_LOGIN_METHODS = {"email", *(["phone"] if SIGN_IN_BY_SMS else [])}
# One of both is enough: mdeji.accounts.SignupForm.
ACCOUNT_SIGNUP_FIELDS = ["email*", "phone"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_CHANGE_EMAIL = True  # one address; a new one takes its place once it is proved
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
# Six digits, half an hour to fetch and type them, and another code for the asking.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 30 * 60
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 30 * 60
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
# A class registers from one connection; but nobody makes us send one telephone SMS all day.
ACCOUNT_RATE_LIMITS = {"request_login_code": "20/m/ip,3/m/key,20/d/key", "verify_phone": "20/m/ip,1/30s/key,20/d/key"}
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_ADAPTER = "mdeji.accounts.Adapter"
ACCOUNT_FORMS = {
    "request_login_code": "mdeji.accounts.AskForCodeForm",
    "confirm_login_code": "mdeji.accounts.LoginCodeForm",
    "signup": "mdeji.accounts.SignupForm",
    "confirm_email_verification_code": "mdeji.accounts.AddressCodeForm",
    "verify_phone": "mdeji.accounts.NumberCodeForm",
    "change_email": "mdeji.accounts.OtherAddressForm",
    "add_email": "mdeji.accounts.AddressForm",
    "change_phone": "mdeji.accounts.NumberForm",
}
# A passkey is one more way in, never a second lock: who loses the telephone still gets a code.
MFA_ADAPTER = "mdeji.accounts.Passkeys"
MFA_SUPPORTED_TYPES = ["webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Any OpenID Connect provider, such as the city's digital ID: off until it is named. See docs/adr/0033.
OIDC_NAME = env.str("OIDC_NAME", default="")
OIDC_APP = {
    "provider_id": "city",
    "name": OIDC_NAME,
    "client_id": env.str("OIDC_CLIENT_ID", default=""),
    "secret": env.str("OIDC_CLIENT_SECRET", default=""),
    "settings": {"server_url": env.str("OIDC_SERVER_URL", default="")},
}
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [OIDC_APP] if OIDC_NAME else []},
}
SOCIALACCOUNT_ADAPTER = "mdeji.accounts.DigitalID"
# Who proved the same address to both sides is one person (mdeji.accounts.DigitalID says who did).
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# A link, not a form: our policy lets a form lead to our own pages alone.
SOCIALACCOUNT_LOGIN_ON_GET = True
# Where what was kept on the device for being without the net is forgotten.
ACCOUNT_LOGOUT_REDIRECT_URL = "/?signed_out=1"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SIGNUP_REDIRECT_URL = "supporters:register"
# No time-outs for people who type slowly: a signed-in device stays signed in.
SESSION_COOKIE_AGE = int(timedelta(days=180).total_seconds())

# --- Language and time -------------------------------------------------------------------------------
LANGUAGE_CODE = "ja"
# Each in its own words. ja-easy is やさしい日本語.
LANGUAGES = [("ja", "日本語"), ("ja-easy", "やさしい日本語"), ("en", "English")]
LANGUAGE_COOKIE_AGE = int(timedelta(days=365).total_seconds())
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True
USE_I18N = True

# --- Static files ------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Films of courses: no address leads there but a view's (supporters/views/films.py).
    "films": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "films", "file_permissions_mode": 0o640},
    },
    "staticfiles": {
        "BACKEND": (
            "mdeji.storage.NamedByContent" if PRODUCTION else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_ADD_HEADERS_FUNCTION = headers.of_file
if not PRODUCTION:
    STATIC_ROOT.mkdir(exist_ok=True)

# --- Security ----------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "require-trusted-types-for": ["'script'"],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# What the browser could do and no page needs.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "idle-detection",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
if PRODUCTION:
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if env.bool("BEHIND_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        # Who tries too often is told by the last address of X-Forwarded-For, which the proxy itself has added.
        ALLAUTH_TRUSTED_PROXY_COUNT = 1

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Twilio's SDK writes ten lines for each message.
    "loggers": {"twilio.http_client": {"level": "WARNING"}},
}
