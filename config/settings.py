"""Settings of the example project, read from the environment (see `.env.example`).

Every value has a default that works in development; `DEBUG=false` demands a real secret key.
"""

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DEV_DIR = BASE_DIR / ".dev"
DEV_DIR.mkdir(exist_ok=True)

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=True)
INSECURE_KEY = "development-only-key-never-use-it-in-production"
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE_KEY)
if not DEBUG and SECRET_KEY == INSECURE_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY: the development key must not be used when DEBUG is off.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

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
    """Return the database named by a variable, SQLite in `.dev/` if unset, set up to be shared by processes."""
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
# Neither database waits for the other in tests; Django would take the first for a dependency of the second.
DATABASES["fake_services"]["TEST"] = {"DEPENDENCIES": []}
DATABASE_ROUTERS = ["fake_services.router.FakeServicesRouter"]
# Comments on tables and columns are for PostgreSQL; SQLite has none.
SILENCED_SYSTEM_CHECKS = ["fields.W163", "models.W046"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns at every start while it is missing
STATICFILES_DIRS = [BASE_DIR / "static"]

# The services that the shop and the bots call, over HTTP. The default is the bundled fakes of this same project.
FAKE_SERVICES_URL = env.str("FAKE_SERVICES_URL", default="http://127.0.0.1:8000/fake")
PAYMENTS_API_URL = env.str("PAYMENTS_API_URL", default=f"{FAKE_SERVICES_URL}/payments")
EMAIL_API_URL = env.str("EMAIL_API_URL", default=f"{FAKE_SERVICES_URL}/email")
FULFILLMENT_API_URL = env.str("FULFILLMENT_API_URL", default=f"{FAKE_SERVICES_URL}/fulfillment")
ERROR_CATCHER_API_URL = env.str("ERROR_CATCHER_API_URL", default=f"{FAKE_SERVICES_URL}/error-catcher")
SOCIAL_API_URL = env.str("SOCIAL_API_URL", default=f"{FAKE_SERVICES_URL}/social")
SERVICE_TIMEOUT_SECONDS = env.float("SERVICE_TIMEOUT_SECONDS", default=10.0)

if DEBUG:
    os.environ.setdefault("JOBS_REDIS_URL", "redis://127.0.0.1:6399/0")  # where `manage.py devredis` listens
JOBS = {
    # Strict priority: everything in "high" before anything in "default". The Redis is named by JOBS_REDIS_URL.
    "QUEUES": ["high", "default"],
    "ERROR_HANDLERS": ["orders.error_reporting.report_error"],
    "DEATH_HANDLERS": ["orders.error_reporting.report_death"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
