"""One fake service: its names, its records, its usual misbehavior, its endpoints.

Each module in `services/` makes one of these. URLs, pages, gate and reset know services only
through it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import URLPattern

from fake_services.models import Behavior, Record
from fake_services.models.behavior import What, When


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Describe one fake service."""

    #: In URLs, and the key of its `Behavior`.
    slug: str
    #: On the page that switches its behavior.
    title: str
    #: On top of its own page.
    heading: str
    #: Who pretends to run it.
    company: str
    record: type[Record]
    endpoints: tuple[URLPattern, ...]
    #: What the shop calls it, in the shop's URLs; empty when the shop does not use it.
    shop_name: str = ""
    #: Whether its requests have an `author`, so that its misbehavior can be kept to one of them.
    has_authors: bool = False
    default_when: When = When.BEFORE
    default_what: What = What.EVERYTHING

    @property
    def records_title(self) -> str:
        """Return what its records are called."""
        return str(self.record._meta.verbose_name_plural).title()

    def default_behavior(self) -> Behavior:
        """Return how it behaves unless told otherwise: well."""
        return Behavior(service=self.slug, when=self.default_when, what=self.default_what)

    def behavior(self) -> Behavior:
        """Return the behavior in force.

        That is the default once the N requests of the stored one are spent.
        """
        stored = Behavior.objects.filter(pk=self.slug).first()
        return self.default_behavior() if stored is None or stored.is_spent else stored

    def behave(self, switches: Mapping[str, object]) -> Behavior:
        """Store checked switches, and return the behavior in force."""
        Behavior.objects.update_or_create(service=self.slug, defaults=switches)
        return self.behavior()
