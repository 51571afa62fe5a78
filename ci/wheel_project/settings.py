"""The settings of a project that has nothing but the wheel."""

SECRET_KEY = "only for this check"  # noqa: S105
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "jobs", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "check.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
JOBS = {
    "QUEUES": ["default", "low"],
    "MIDDLEWARE": [
        "jobs.middleware.context.ContextMiddleware",
        "jobs.middleware.expiry.ExpiryMiddleware",
        "jobs.middleware.transient.TransientErrorsMiddleware",
        "jobs.middleware.database.DatabaseMiddleware",
        "shop.middleware.TenantMiddleware",
    ],
}
