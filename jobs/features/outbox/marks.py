"""Forgets the marks of pushes that nobody needs any more.

A mark ends some time after its row was deleted. One of a sweeper that died between the two has no
end: it is compared with the table.
"""

from jobs.errors import StoreUnavailable
from jobs.outbox import aliases, model
from jobs.store import Store
from jobs.store.marks import Marks

#: How often. Seconds.
TIDY_EVERY = 60.0
#: After so long a mark without an end is compared with the table. Milliseconds.
OLD = 3_600_000


def tidy(store: Store) -> None:
    """Forget marks that have ended, and end those that have lost their rows.

    Raise StoreUnavailable, which ends the round, and what else went wrong, after the other queues.
    """
    marks = Marks(store)
    now = round(store.now() * 1000)
    failure: Exception | None = None
    for queue in marks.queues():
        try:
            _tidy(marks, queue, now)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # the marks of a queue may be no marks
            failure = error
    if failure is not None:
        raise failure


def _tidy(marks: Marks, queue: str, now: int) -> None:
    while marks.forget_ended(queue, now):
        pass
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
