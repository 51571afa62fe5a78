"""What every record has in common: the request as it came, and its id.

The services' endpoints store records; the pages list them.
"""

import json
import secrets
from typing import Any, ClassVar, Self

from django.db import IntegrityError, models, transaction

from fake_services.body import Body, JsonValue, digest
from fake_services.router import ALIAS


def new_id(prefix: str) -> str:
    """Return the prefix and 8 random hex digits."""
    return prefix + secrets.token_hex(4)


def as_text(value: JsonValue) -> str:
    """Return a JSON value as a person reads it in a table.

    A text stands there bare, null as nothing, and everything else as JSON.
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class Record(models.Model):
    """Keep one request that a service took on."""

    #: Before the 8 hex digits of an id.
    id_prefix: ClassVar[str]
    #: The titles of the columns on the service's page.
    columns: ClassVar[tuple[str, ...]]

    external_id = models.CharField(max_length=12, unique=True)
    request = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.external_id)

    def cells(self) -> tuple[str, ...]:
        """Return the texts under `columns`."""
        raise NotImplementedError

    def text(self, key: str) -> str:
        """Return one value of the request, for a cell."""
        return as_text(self.request.get(key))

    @classmethod
    def everything(cls) -> "models.QuerySet[Self]":
        """Return all records of this kind."""
        return cls._default_manager.all()

    @classmethod
    def store(
        cls, request: Body, **columns: Any
    ) -> Self:  # Any: whatever columns the subclass adds
        """Store a request under a new id.

        An id that is taken is replaced by another.
        """
        while True:
            external_id = new_id(cls.id_prefix)
            try:
                with transaction.atomic(using=ALIAS):
                    return cls._default_manager.create(
                        external_id=external_id, request=request, **columns
                    )
            except IntegrityError:
                if not cls._default_manager.filter(external_id=external_id).exists():
                    raise


class KeyedRecord(Record):
    """Keep one request per idempotency key (`metadata.idempotency_key`).

    Requests without a key are all kept.
    """

    #: A digest, since a key is any JSON value of any length. Null does not take part in the unique
    #: constraint.
    key_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def with_key_of(cls, request: Body) -> Self | None:
        """Return the record made earlier with this request's key, if it has a key."""
        key = _key_digest(request)
        return cls._default_manager.filter(key_digest=key).first() if key else None

    @classmethod
    def store_once(cls, request: Body) -> Self:
        """Store a request, unless one with its key is there.

        Of several with one key, the first to commit is returned to all.
        """
        key = _key_digest(request)
        try:
            return cls.store(request, key_digest=key)
        except IntegrityError:
            return cls._default_manager.get(key_digest=key)


def _key_digest(request: Body) -> str | None:
    metadata = request.get("metadata")
    key = metadata.get("idempotency_key") if isinstance(metadata, dict) else None
    return None if key is None else digest(key)
