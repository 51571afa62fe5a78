"""What the proofs look at: the numbers of the jobs, and the pages of the fake services.

Payments, fulfillment and the error catcher have no search, so their pages are read as a person would read them, row by
row. Made anew for each request: it asks each place once, and nothing that is away can break the page.
"""

import html
import re
from dataclasses import dataclass

import requests

from jobs import StoreUnavailable, inspect
from orders.services.http import ServiceClient

#: How long the page of a service may take.
TIMEOUT_SECONDS = 2.0
#: The numbers on top of the page, in the order in which a job may pass through them.
COUNTS = ("ready", "running", "retry", "dead")


@dataclass(frozen=True, slots=True)
class Tile:
    """One number on top of the page."""

    name: str
    number: int

    @property
    def text(self) -> str:
        """Return it as people write it."""
        return f"{self.number:,}"

    @property
    def is_alarming(self) -> bool:
        """Tell whether a person should look into it."""
        return self.number == 0 if self.name == "workers" else self.name == "dead" and self.number > 0


class Evidence:
    """Look at most once at everything that a proof needs."""

    def __init__(self) -> None:
        """Ask for the numbers of the jobs; keep why there are none."""
        self.stats: inspect.Stats | None = None
        self.problem = ""
        self._rows: dict[str, list[str] | None] = {}
        try:
            self.stats = inspect.stats()
        except StoreUnavailable as error:
            self.problem = str(error)

    @property
    def tiles(self) -> list[Tile]:
        """Return the numbers for the top of the page, none while Redis is away."""
        if self.stats is None:
            return []
        return [*(Tile(name, self.stats.total(name)) for name in COUNTS), Tile("workers", len(self.stats.workers))]

    def total(self, name: str) -> int | None:
        """Return one number over all queues, such as `dead`; None while Redis is away."""
        return self.stats.total(name) if self.stats else None

    def rows_of_order(self, client: ServiceClient, order_id: int) -> int | None:
        """Return how many records of a service name an order; None while it does not answer."""
        return self._count(client, rf'"order_id": {order_id}[,}}]')

    def rows_with(self, client: ServiceClient, *words: str) -> int | None:
        """Return how many records of a service contain all these words, in this order; None while it is away."""
        return self._count(client, ".*".join(re.escape(word) for word in words))

    def _count(self, client: ServiceClient, pattern: str) -> int | None:
        url = f"{client.url}/ui"
        if url not in self._rows:
            self._rows[url] = _read_rows(url)
        rows = self._rows[url]
        return None if rows is None else sum(bool(re.search(pattern, row, re.DOTALL)) for row in rows)


def _read_rows(url: str) -> list[str] | None:
    """Return the rows of the table on a page, without its markup being of interest."""
    try:
        answer = requests.get(url, headers={"Accept": "text/html"}, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        answer.raise_for_status()
    except requests.RequestException:
        return None
    return re.findall(r"<tr>.*?</tr>", html.unescape(answer.text), re.DOTALL)
