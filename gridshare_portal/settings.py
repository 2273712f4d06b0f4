"""Every setting of the portal, read from the environment alone.

A missing required value is an error at start. README.md explains each variable; a test fails when one is
missing there.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

import gridshare_portal
from gridshare_portal.limits import visitors
from gridshare_portal.outbound import addresses

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))


def address(name: str, url: str) -> str:
    """Return the address of another program, or the portal's own; refuse to start with an unsafe one."""
    if fault := addresses.fault(url):
        raise ImproperlyConfigured(f"{name} {fault}")
    return url.rstrip("/")


# --- deployment ----------------------------------------------------------------------
VERSION = gridshare_portal.__version__
DEMO = env.bool("DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
TOKEN_KEYS = env.list("TOKEN_KEYS")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
PUBLIC_URL = address("PUBLIC_URL", env.str("PUBLIC_URL"))
HTTPS = urlsplit(PUBLIC_URL).scheme == "https"
ROOT_URLCONF = "gridshare_portal.urls"
PAGES = {  # as packages below the pages name them, in e-mails and redirects: see mail/addresses.py
    "front": "homeowner:welcome",
    "connect": "lunar_connect",
    "connections": "homeowner:connection",
    "sharing": "homeowner:sharing",
    "share link": "homeowner:share_link",
    "home": "homeowner:site",
    "visit": "homeowner:visit",
    "proposal": "homeowner:proposal",
    "invitation": "accounts:invitation",
    "sessions": "usersessions_list",
    "case": "installer:case",
    "work list": "installer:homes",
    "daily digest": "installer:digest",
    "campaign": "retailer:join",
    "portfolio": "retailer:portfolio",
    "report": "retailer:report",
}
WSGI_APPLICATION = "gridshare_portal.wsgi.application"
WEB_THREADS = max(1, env.int("WEB_THREADS", default=4))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_NAME = "Lunar home portal"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "gridshare_portal",
    "gridshare_portal.upkeep",
    "gridshare_portal.audit",
    "gridshare_portal.accounts",
    "gridshare_portal.lunar",
    "gridshare_portal.sites",
    "gridshare_portal.access",
    "gridshare_portal.telemetry",
    "gridshare_portal.control",
    "gridshare_portal.cases",
    "gridshare_portal.portfolio",
    "gridshare_portal.runs",
    "gridshare_portal.campaigns",
    "gridshare_portal.reports",
    "gridshare_portal.retention",
    "gridshare_portal.homeowner",
    "gridshare_portal.installer",
    "gridshare_portal.retailer",
]
if DEMO:
    INSTALLED_APPS.append("gridshare_portal.demo")

MIDDLEWARE = [
    "gridshare_portal.logs.request_ids.name_requests",
    "gridshare_portal.limits.middleware.name_visitor",
    "django.middleware.security.SecurityMiddleware",
    "gridshare_portal.browsers.headers.isolate",
    "gridshare_portal.limits.steady.mark",
    "gridshare_portal.browsers.compression.compress",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "gridshare_portal.database_outage.repeat_reads",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "gridshare_portal.browsers.csrf.keep_secret",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "gridshare_portal.accounts.signing_in.middleware.limit_sessions",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "gridshare_portal.limits.middleware.CountActs",
    "gridshare_portal.accounts.signing_in.middleware.GuardSensitivePages",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gridshare_portal.accounts.context_processors.navigation",
                "gridshare_portal.browsers.cookies.theme",
                *(["gridshare_portal.demo.context_processors.demo"] if DEMO else []),
            ],
        },
    }
]

# --- what is kept, and where --------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))
SQLITE_LOCKED_S = 5
POSTGRES_CONNECT_S, POSTGRES_STATEMENT_MS = 2, 5_000
CUT_OFF_MS = 10_000  # what was sent and is not acknowledged within that is lost, and so is the connection
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": SQLITE_LOCKED_S,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # Nobody tells a host that it was cut off: both ends give each other up after 20 s of silence at most, and
    # the server with it what that connection had locked.
    silence = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 2}
    per_session = silence | {
        "tcp_user_timeout": CUT_OFF_MS,
        "statement_timeout": POSTGRES_STATEMENT_MS,
    }
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        {
            "connect_timeout": POSTGRES_CONNECT_S,
            "tcp_user_timeout": CUT_OFF_MS,
            **{name.removeprefix("tcp_"): value for name, value in silence.items()},
            "options": " ".join(f"-c {name}={value}" for name, value in per_session.items()),
        }
    )

REDIS_URL = env.str("REDIS_URL")


def redis_address(db: int, *, broker: bool = False) -> str:
    """Return the address of one Redis database, in Celery's notation or in Django's.

    For a unix socket the two disagree: Celery takes redis+socket://, Django unix://.
    """
    if REDIS_URL.startswith("unix://"):
        path = REDIS_URL.removeprefix("unix://").split("?")[0]
        return f"redis+socket://{path}?virtual_host={db}" if broker else f"unix://{path}?db={db}"
    return f"{REDIS_URL.rstrip('/')}/{db}" if urlsplit(REDIS_URL).path in ("", "/") else REDIS_URL


CACHES = {
    "default": {
        "BACKEND": "gridshare_portal.cache.ForgivingRedisCache",
        "LOCATION": redis_address(1),
        "KEY_PREFIX": "portal",
        "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.2, "max_connections": 16},
    },
    "database": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

# --- Lunar and Gridshare ------------------------------------------------------------
LUNAR_LOGIN_URL = address("LUNAR_LOGIN_URL", env.str("LUNAR_LOGIN_URL"))
LUNAR_ISSUER = address("LUNAR_ISSUER", env.str("LUNAR_ISSUER"))
LUNAR_CLIENT_ID = env.str("LUNAR_CLIENT_ID")
LUNAR_CLIENT_SECRET = env.str("LUNAR_CLIENT_SECRET")
GRIDSHARE_URL = address("GRIDSHARE_URL", env.str("GRIDSHARE_URL"))
GRIDSHARE_DIALECT = env.str("GRIDSHARE_DIALECT", default="published")
GRIDSHARE_PARALLEL = env.int("GRIDSHARE_PARALLEL", default=8)
RUNS_PER_MINUTE = max(1, env.int("RUNS_PER_MINUTE", default=600))

# --- portfolios: no figure is shown about fewer homes than this -----------------------
SMALLEST_GROUP = env.int("SMALLEST_GROUP", default=5)

# --- people and their sessions ------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["gridshare_portal.accounts.signing_in.backends.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "gridshare_portal.accounts.signing_in.adapter.Accounts"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
# Beside the table in limits/acts.py, which counts what is asked for by address and by mailbox together. What
# allauth counts by a mailbox or a person alone is wide, because whoever knows an e-mail address could use it
# up; the codes themselves end with the sign-in that they belong to, after three wrong ones.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "signup": "20/m/ip",
    "request_login_code": "60/m/ip,30/h/key",  # so many letters an hour at most come to one mailbox
    "confirm_email": "100/h/key",  # wide, because known addresses, which are told otherwise, have none
    "login_failed": "60/10m/ip,5/5m/key",  # by key: second factors, of whom the first is known to be right
    "reauthenticate": "10/m/user",
    "manage_email": "10/m/user,30/h/user",
    "change_password": "5/m/user",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/10m/ip"}  # nothing to guess; an office may share an address
SOCIALACCOUNT_ADAPTER = "gridshare_portal.lunar.login.adapter.SocialAccounts"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS = {"lunar": {"APPS": [{"client_id": LUNAR_CLIENT_ID, "secret": LUNAR_CLIENT_SECRET}]}}
MFA_ADAPTER = "gridshare_portal.accounts.signing_in.adapter.SecondFactors"
MFA_FORMS = {
    "authenticate": "gridshare_portal.accounts.signing_in.forms.SignInCode",
    "authenticate_webauthn": "gridshare_portal.accounts.signing_in.forms.SignInPasskey",
    "reauthenticate": "gridshare_portal.accounts.signing_in.forms.ProofCode",
    "reauthenticate_webauthn": "gridshare_portal.accounts.signing_in.forms.ProofPasskey",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
USERSESSIONS_TRACK_ACTIVITY = False
COOKIE_PREFIX = "__Host-" if HTTPS else ""  # for every cookie: see browsers/cookies.py
THEME_COOKIE_NAME = f"{COOKIE_PREFIX}theme"
MESSAGES_COOKIE_NAME = f"{COOKIE_PREFIX}messages"
KNOWN_COOKIE_NAME = f"{COOKIE_PREFIX}known"  # who signed in with this browser
MESSAGE_STORAGE = "gridshare_portal.browsers.cookies.Messages"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 31 * 24 * 3600  # the longest; session_limits.py ends each at its person's limit
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "gridshare_portal.browsers.csrf.failed"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if HTTPS else []

# --- headers ------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)  # as it was called before proxies were named
TRUSTED_PROXIES = visitors.trusted(
    env.list("TRUSTED_PROXIES", default=[visitors.PRIVATE] if BEHIND_PROXY else [])
)
# Believed of trusted proxies alone: limits.middleware drops it from everybody else's requests.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
OPERATOR_TOKEN = env.str("OPERATOR_TOKEN", default="")
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_HANDLERS = [
    "gridshare_portal.files.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- words, time, mail --------------------------------------------------------------
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Lunar home portal <no-reply@localhost>")
if DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")
else:
    vars().update(env.email_url("EMAIL_URL", default="consolemail://"))

# --- static files -------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "gridshare_portal.joined.JoinedFinder",
]
JOINED_FILES = {  # what pages load together: sheets in the order in which they may correct each other,
    "joined/portal.css": tuple(
        f"css/{name}.css"
        for name in ("tokens", "base", "cards", "states", "frame", "menu", "acting", "forms")
    ),
    "joined/front.css": ("css/flows.css", "css/site.css", "css/welcome.css"),
    "joined/home.css": ("css/flows.css", "css/site.css", "css/charts.css"),
    "joined/history.css": ("css/history.css", "css/charts.css"),
    "joined/staff.css": ("css/staff.css", "css/staff_lists.css"),
    "joined/portal.js": ("frame",),  # and a module with all that it imports
    "joined/charts.js": ("charts/start",),
}
STATIC_FROM_SOURCE = DEMO or DEBUG or env.bool("STATIC_FROM_SOURCE", default=False)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = STATIC_FROM_SOURCE
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if STATIC_FROM_SOURCE
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- background work: the database row is the queue, Celery only wakes it ------------
CELERY_BROKER_URL = redis_address(0, broker=True)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # however long Redis is away, the worker waits
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # also while it is full
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 5
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "queue_order_strategy": "priority",  # in the order of the worker's -Q: bulk runs come last
    "global_keyprefix": "portal:",
    "socket_keepalive": True,
    "socket_connect_timeout": 3,
    "socket_timeout": CUT_OFF_MS / 1000,  # longer than a worker waits for the next message
    "health_check_interval": 25,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TASK_DEFAULT_QUEUE = "sync"
CELERY_TASK_ROUTES = {  # what a person waits for is never queued behind the fetching of readings
    "gridshare_portal.access.tasks.tell": {"queue": "interactive"},
    "gridshare_portal.runs.tasks.carry_run": {"queue": "runs"},
    "gridshare_portal.runs.tasks.check_run": {"queue": "runs"},
    "gridshare_portal.control.tasks.read_again": {"queue": "interactive"},
    "gridshare_portal.runs.tasks.read_canceled": {"queue": "runs"},
    "gridshare_portal.control.tasks.refresh_state": {"queue": "interactive"},
    "gridshare_portal.control.tasks.refresh_states": {"queue": "interactive"},
    "gridshare_portal.cases.tasks.fetch_answer": {"queue": "interactive"},
    "gridshare_portal.runs.tasks.find_homes": {"queue": "runs"},
    "gridshare_portal.portfolio.tasks.remind": {"queue": "interactive"},
    "gridshare_portal.sites.tasks.sync_connection": {"queue": "interactive"},
    "gridshare_portal.lunar.tasks.finish_refreshes": {"queue": "interactive"},
    "gridshare_portal.tasks.beat": {"queue": "interactive"},
}
CELERY_TASK_ALWAYS_EAGER = env.bool("TASKS_IN_PLACE", default=False)
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": every, "options": {"expires": every}}
    for name, task, every in [
        ("heartbeat", "gridshare_portal.tasks.beat", 15.0),
        ("due-connections", "gridshare_portal.sites.tasks.sweep", 15.0),
        ("due-readings", "gridshare_portal.telemetry.tasks.sweep", 15.0),
        ("bulk-runs", "gridshare_portal.runs.tasks.sweep", 15.0),
        ("open-changes", "gridshare_portal.control.tasks.sweep", 15.0),
        ("ended-tokens", "gridshare_portal.lunar.tasks.sweep", 60.0),
        ("unfinished-refreshes", "gridshare_portal.lunar.tasks.finish_refreshes", 5.0),
        ("raw-answers", "gridshare_portal.cases.tasks.sweep_answers", 15.0),
        ("examinations", "gridshare_portal.cases.tasks.sweep", 60.0),
        ("open-cases", "gridshare_portal.cases.tasks.count_open_cases", 60.0),
        ("daily-digests", "gridshare_portal.cases.tasks.sweep_digests", 60.0),
        ("portfolios", "gridshare_portal.portfolio.tasks.sweep", 15.0),
        ("portfolio-days", "gridshare_portal.portfolio.tasks.sweep_days", 300.0),
        ("homes-of-runs", "gridshare_portal.runs.tasks.sweep_targets", 15.0),
        ("reminders", "gridshare_portal.portfolio.tasks.sweep_reminders", 60.0),
        ("reports", "gridshare_portal.reports.tasks.sweep", 60.0),
        ("untold-requests", "gridshare_portal.access.tasks.sweep", 60.0),
        ("retention", "gridshare_portal.retention.tasks.sweep_expired", 3600.0),
    ]
}

# --- logs and reports of errors -------------------------------------------------------
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN and (fault := addresses.fault(SENTRY_DSN, may_name_a_key=True)):
    raise ImproperlyConfigured(f"SENTRY_DSN {fault}")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "gridshare_portal.logs.programs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "gridshare_portal.logs.lines.JsonLine"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": LOG_LEVEL},
    "loggers": {
        name: {"handlers": ["out"], "propagate": False}
        for name in ("django.server", "_granian", "granian.access")
    },
}
