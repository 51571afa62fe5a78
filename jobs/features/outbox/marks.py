"""Forgets the marks of pushes that nobody needs any more.

A mark ends some time after its row was deleted. One of a sweeper that died between the two has no
end: it is compared with the table.
"""

from jobs.outbox import aliases, model
from jobs.store import Store
from jobs.store.marks import Marks

#: How often. Seconds.
TIDY_EVERY = 60.0
#: After so long a mark without an end is compared with the table. Milliseconds.
OLD = 3_600_000


def tidy(store: Store) -> None:
    """Forget marks that have ended, and end those that have lost their rows.

    Raise StoreUnavailable, and what the database says.
    """
    marks = Marks(store)
    now = round(store.now() * 1000)
    queues = marks.queues()
    marks.forget_ended(queues, now)
    for queue in queues:
        if old := marks.old(queue, now - OLD):
            kept = _kept(old)
            marks.end({queue: [name for name in old if name not in kept]}, now)


def _kept(names: list[str]) -> set[str]:
    """Return those of these pushes that have rows."""
    return {
        name
        for alias in aliases()
        for name in model()
        .objects.using(alias)
        .filter(push__in=names)
        .values_list("push", flat=True)
    }
