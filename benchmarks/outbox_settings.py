"""Settings of the benchmark of the outbox: a database that is a server, mostly."""

from environ import Env

from benchmarks.settings import INSTALLED_APPS, JOBS, SECRET_KEY, USE_TZ

__all__ = ["DATABASES", "INSTALLED_APPS", "JOBS", "SECRET_KEY", "USE_TZ"]

DATABASES = {"default": Env().db_url("DATABASE_URL", default="sqlite://:memory:")}
