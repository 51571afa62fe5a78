"""Settings of the example project, read from the environment (see `.env.example`).

Every value has a default that works in development. `DEBUG=false` is production: it demands a real
secret key, speaks HTTPS, and serves nothing that is only there to play with.
"""

import os
import sys
from pathlib import Path

import django
import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DEV_DIR = BASE_DIR / ".dev"
DEV_DIR.mkdir(exist_ok=True)

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# `manage.py` is for development unless told otherwise. A web server of production imports one of
# the entry points before it reads this, and must never show a debug page because nobody thought
# of it.
ENTRY_POINTS = {"config.wsgi", "config.asgi"}
DEBUG = env.bool("DEBUG", default=ENTRY_POINTS.isdisjoint(sys.modules))
INSECURE_KEY = "development-only-key-never-use-it-in-production"
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_KEY)
#: What Django's own check asks for, in characters.
SHORTEST_KEY = 50
if not DEBUG and (SECRET_KEY == INSECURE_KEY or len(SECRET_KEY) < SHORTEST_KEY):
    raise ImproperlyConfigured(
        f"Set SECRET_KEY to {SHORTEST_KEY} random characters or more: DEBUG is off. "
        'python -c "import secrets; print(secrets.token_urlsafe(50))" makes one.'
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# What is there to play with, and nobody guards: anybody may press its buttons. "status" shows on
# the home page where the services are, and not only how. Staff see that anyway.
PLAYGROUND = ("bots", "fake", "rehearsals", "status")
DEMO_PAGES = env.list("DEMO_PAGES", default=list(PLAYGROUND) if DEBUG else [])
if unknown := sorted(set(DEMO_PAGES) - set(PLAYGROUND)):
    raise ImproperlyConfigured(
        f"DEMO_PAGES names {', '.join(unknown)}; it knows {', '.join(PLAYGROUND)}."
    )

HTTPS = env.bool("HTTPS", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
# An hour, so that a mistake is over soon. Raise it when all is well.
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=3600) if HTTPS else 0
# Only behind a proxy that sets or removes this header on every request: anybody else may send it.
if env.bool("TRUST_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "jobs",
    "orders",
    "bots",
    "fake_services",
    "rehearsals",
]
if django.VERSION < (6,):
    INSTALLED_APPS += ["django_tasks"]  # the backport of what Django has from 6.0 on
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
            ],
        },
    },
]


def _database(variable: str, file_name: str) -> dict[str, object]:
    """Return the database named by a variable, set up to be shared by processes.

    If the variable is unset, that is SQLite in `.dev/`.
    """
    database: dict[str, object] = env.db_url(variable, default=f"sqlite:///{DEV_DIR / file_name}")
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
        database["CONN_HEALTH_CHECKS"] = True
    return database


DATABASES = {
    "default": _database("DATABASE_URL", "shop.sqlite3"),
    # The fake services stand for other companies: no transaction of the shop may cover their data.
    "fake_services": _database("FAKE_SERVICES_DATABASE_URL", "fake_services.sqlite3"),
}
# Neither database waits for the other in tests. Django would take the first for a dependency of the
# second.
DATABASES["fake_services"]["TEST"] = {"DEPENDENCIES": []}
DATABASE_ROUTERS = ["fake_services.router.FakeServicesRouter"]
SILENCED_SYSTEM_CHECKS = [
    # Comments on tables and columns are for PostgreSQL; SQLite has none.
    "fields.W163",
    "models.W046",
    # Sub-domains and the preload list of browsers concern more than this site: whoever owns the
    # domain decides.
    "security.W005",
    "security.W021",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns at every start while it is missing
STATICFILES_DIRS = [BASE_DIR / "static"]

# The services that the shop and the bots call, over HTTP. The default is the bundled fakes of this
# same project.
FAKE_SERVICES_URL = env.str("FAKE_SERVICES_URL", default="http://127.0.0.1:8000/fake")
PAYMENTS_API_URL = env.str("PAYMENTS_API_URL", default=f"{FAKE_SERVICES_URL}/payments")
EMAIL_API_URL = env.str("EMAIL_API_URL", default=f"{FAKE_SERVICES_URL}/email")
FULFILLMENT_API_URL = env.str("FULFILLMENT_API_URL", default=f"{FAKE_SERVICES_URL}/fulfillment")
ERROR_CATCHER_API_URL = env.str(
    "ERROR_CATCHER_API_URL", default=f"{FAKE_SERVICES_URL}/error-catcher"
)
SOCIAL_API_URL = env.str("SOCIAL_API_URL", default=f"{FAKE_SERVICES_URL}/social")
SERVICE_TIMEOUT_SECONDS = env.float("SERVICE_TIMEOUT_SECONDS", default=10.0)

if DEBUG and not env.str("JOBS_REDIS_URL", default=""):
    # Where `bin/dev` and `manage.py devredis` listen.
    port = env.str("REDIS_PORT", default="") or "6399"
    os.environ["JOBS_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
JOBS = {
    # Strict priority: everything in "high" before anything in "default". JOBS_REDIS_URL names the
    # Redis.
    "QUEUES": ["high", "default"],
    "ERROR_HANDLERS": ["orders.error_reporting.report_error"],
    "DEATH_HANDLERS": ["orders.error_reporting.report_death"],
}

# Functions that `@task` decorates run as jobs too: see docs/tasks.md.
TASKS = {"default": {"BACKEND": "jobs.contrib.django_tasks.JobsBackend"}}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"quiet": {"()": "config.quiet_log.QuietFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["quiet"]}},
    # Without handlers of their own: what Django gives them would write every line a second time.
    "loggers": {"django": {"handlers": []}, "django.server": {"handlers": [], "propagate": True}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
