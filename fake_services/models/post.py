"""A post of the social service, with the author who wrote it.

The social endpoint stores them once per idempotency key and lists them; none is ever changed.
"""

from typing import ClassVar, Self

from django.db import models

from fake_services.body import Body
from fake_services.models.record import KeyedRecord


class Post(KeyedRecord):
    """Keep a post.

    Without an idempotency key the same words may stand there many times.
    """

    id_prefix: ClassVar = "po_"
    columns: ClassVar = ("Author", "Text", "Post Id", "Metadata")

    @classmethod
    def newest(cls, author: str | None) -> models.QuerySet[Self]:
        """Return the posts of exactly this author, or of everybody, newest first."""
        posts = cls.everything().order_by("-pk")
        return posts if author is None else posts.filter(request__author=author)

    def as_json(self) -> Body:
        """Return the request as it came, with the id of the post."""
        return {**self.request, "post_id": self.external_id}

    def cells(self) -> tuple[str, ...]:
        """Return the texts under `columns`."""
        return (self.text("author"), self.text("text"), self.external_id, self.text("metadata"))
