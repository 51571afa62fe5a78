"""The database router that gives the fake services a database of their own.

They stand for other companies, so no transaction of the shop may cover a row of theirs.
Named in `DATABASE_ROUTERS`; everything here that opens a transaction names `ALIAS`.
"""

from django.db.models import Model

APP_LABEL = "fake_services"
#: The key in `DATABASES`.
ALIAS = "fake_services"


class FakeServicesRouter:
    """Send the models of this app, and no others, to the database `fake_services`."""

    def db_for_read(self, model: type[Model], **hints: object) -> str | None:
        """Return our database for our models."""
        return ALIAS if model._meta.app_label == APP_LABEL else None

    def db_for_write(self, model: type[Model], **hints: object) -> str | None:
        """Return our database for our models."""
        return self.db_for_read(model)

    def allow_relation(self, one: Model, other: Model, **hints: object) -> bool | None:
        """Refuse a relation that crosses the border."""
        ours = [model._meta.app_label == APP_LABEL for model in (one, other)]
        return all(ours) if any(ours) else None

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool | None:
        """Allow our tables in our database only, and no other app's tables in it."""
        if app_label == APP_LABEL or db == ALIAS:
            return app_label == APP_LABEL and db == ALIAS
        return None
