"""One fake service: its names, what it remembers, how it misbehaves by default, and its endpoints.

Each module in `services/` makes one of these; URLs, pages, gate and reset know services only through it.
"""

from dataclasses import dataclass

from django.urls import URLPattern

from fake_services.models import Behavior, Record
from fake_services.models.behavior import What, When


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Describe one fake service."""

    #: In URLs, and the key of its `Behavior`.
    slug: str
    #: What the shop calls it, in the shop's URLs.
    shop_name: str
    #: On the page that switches its behavior.
    title: str
    #: On top of its own page.
    heading: str
    #: Who pretends to run it.
    company: str
    record: type[Record]
    endpoints: tuple[URLPattern, ...]
    default_when: When = When.BEFORE
    default_what: What = What.EVERYTHING

    @property
    def records_title(self) -> str:
        """Return what its records are called."""
        return str(self.record._meta.verbose_name_plural).title()

    def behavior(self) -> Behavior:
        """Return the behavior in force: the default once the N requests of the stored one are spent."""
        stored = Behavior.objects.filter(pk=self.slug).first()
        if stored is None or stored.is_spent:
            return Behavior(service=self.slug, when=self.default_when, what=self.default_what)
        return stored
