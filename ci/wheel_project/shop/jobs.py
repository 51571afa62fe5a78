"""The jobs of the shop, a listener, and a chore."""

import time
from pathlib import Path

from jobs import Job
from jobs.chore import FeatureChore, Place, bring
from jobs.events import JobEnded, subscribe
from jobs.store import Store


class InvoiceJob(Job):
    """Fails for every fifth order."""

    needs_tenant = True
    max_retries = 0

    def perform(self, order_id: int) -> None:
        """Write the invoice of an order."""
        if order_id % 5 == 0:
            raise ValueError(f"order {order_id} has no address")


@subscribe(JobEnded)
def note_end(event: JobEnded) -> None:
    """Write down how a job ended."""
    note("ended.txt", f"{event.name} {event.payload.job_class} {event.payload.id}")


def tick(store: Store) -> None:
    """Write a line."""
    note("ticks.txt", f"{time.time():.1f}")


bring(FeatureChore(Place.WORKER, "shop.tick", every=1.0, do=tick))


def note(name: str, line: str) -> None:
    """Add a line to a file."""
    with Path(name).open("a") as file:
        file.write(f"{line}\n")
