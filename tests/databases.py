"""The addresses of the test databases, for processes that know nothing of tests."""

from urllib.parse import quote

from django.db import connections

VARIABLES = {"default": "DATABASE_URL", "fake_services": "FAKE_SERVICES_DATABASE_URL"}


def database_environment() -> dict[str, str]:
    """Return the environment variables for the test databases.

    They lead a process of the project there.
    """
    return {variable: _url(alias) for alias, variable in VARIABLES.items()}


def _url(alias: str) -> str:
    place = connections[alias].settings_dict
    if connections[alias].vendor == "sqlite":
        assert not connections[alias].is_in_memory_db(), (
            "A database in memory cannot be shared with a worker."
        )
        return f"sqlite:///{place['NAME']}"
    user, password = quote(place["USER"], safe=""), quote(place["PASSWORD"], safe="")
    return f"postgres://{user}:{password}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
