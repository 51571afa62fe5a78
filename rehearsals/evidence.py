"""What the proofs look at: numbers of jobs, and pages of the fake services.

Payments, fulfillment and the error catcher have no search, so their pages are read as a person
would read them, row by row. Made anew for each request: it asks each place once, and nothing that
is away can break the page or hold it up twice.
"""

import html
import re
import time
from dataclasses import dataclass

import requests

from jobs import StoreUnavailable, inspect
from orders.services.http import ServiceClient

#: How long the pages of the services may take, all of them together.
TIMEOUT_SECONDS = 2.0
#: How many records of a service are looked at, the newest; its page shows no more.
MOST_ROWS = 200
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
        return (
            self.number == 0 if self.name == "workers" else self.name == "dead" and self.number > 0
        )


class Evidence:
    """Look at most once at everything that a proof needs."""

    def __init__(self, *, asks: bool = True) -> None:
        """Ask for the numbers of the jobs, or note why there are none.

        Without `asks` nobody is asked: for a page that has just waited in vain.
        """
        self.stats: inspect.Stats | None = None
        self.problem = ""
        self._patience_seconds = TIMEOUT_SECONDS if asks else 0.0
        self._rows: dict[str, list[str] | None] = {}
        if asks:
            self._ask_redis()

    def _ask_redis(self) -> None:
        try:
            self.stats = inspect.stats()
        except StoreUnavailable as error:
            self.problem = str(error)

    @property
    def tiles(self) -> list[Tile]:
        """Return the numbers for the top of the page, none while Redis is away."""
        if self.stats is None:
            return []
        return [
            *(Tile(name, self.stats.total(name)) for name in COUNTS),
            Tile("workers", len(self.stats.workers)),
        ]

    def total(self, name: str) -> int | None:
        """Return one number over all queues, such as `dead`.

        None while Redis is away.
        """
        return self.stats.total(name) if self.stats else None

    def rows_of_order(self, client: ServiceClient, order_id: int) -> int | None:
        """Return how many records of a service name an order.

        None while it does not answer.
        """
        return self._count(client, rf'"order_id": {order_id}[,}}]')

    def rows_with(self, client: ServiceClient, *words: str) -> int | None:
        """Return how many records of a service contain all these words, in this order.

        None while it is away.
        """
        return self._count(client, ".*".join(re.escape(word) for word in words))

    def _count(self, client: ServiceClient, pattern: str) -> int | None:
        url = f"{client.url}/ui?rows={MOST_ROWS}"
        if url not in self._rows:
            self._rows[url] = self._ask(url)
        rows = self._rows[url]
        return (
            None if rows is None else sum(bool(re.search(pattern, row, re.DOTALL)) for row in rows)
        )

    def _ask(self, url: str) -> list[str] | None:
        if self._patience_seconds <= 0:
            return None
        began = time.monotonic()
        rows = _read_rows(url, self._patience_seconds)
        self._patience_seconds -= time.monotonic() - began
        return rows


def _read_rows(url: str, timeout_seconds: float) -> list[str] | None:
    """Return the rows of the table on a page. Its markup is left out."""
    try:
        answer = requests.get(
            url, headers={"Accept": "text/html"}, timeout=timeout_seconds, allow_redirects=False
        )
        answer.raise_for_status()
    except requests.RequestException:
        return None
    return re.findall(r"<tr>.*?</tr>", html.unescape(answer.text), re.DOTALL)
