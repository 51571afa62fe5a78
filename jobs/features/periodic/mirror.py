"""Mirrors the entries of the database into Redis, where supervisors read them.

It is done at the commit of a change, and by a chore of one worker at a time. Both do the same: see
the generation in Redis, read the table, and write what differs, if the generation is still the
same. So whoever read the table before another wrote is refused, and reads it again.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connections, router, transaction
from django.db.models.signals import post_delete, post_save

from jobs.client import get_client
from jobs.errors import InvalidJob, JobsError
from jobs.events import ScheduleMirrorFailed, emit
from jobs.features.periodic.kept import MOST_ENTRIES, kept_of, name_of, queue_of
from jobs.store import Store
from jobs.store.kept_schedules import KeptSchedules
from jobs.store.schedule_home import Home, is_kept
from jobs.text import shortened

if TYPE_CHECKING:
    from jobs.models import ScheduleEntry

#: The model of entries. It is named, since features are imported before there can be models.
MODEL = "jobs.ScheduleEntry"
#: How often the table is mirrored by some worker. Seconds.
MIRROR_EVERY = 10.0
#: How long a turn lasts. It must be over when the only worker comes again. Seconds.
TURN = 9.0
#: How often it is tried again at once, when others write at the same time.
MOST_TRIES = 10


class _Changes(threading.local):
    """How many changes this thread has made, and how many it has mirrored."""

    made = 0
    mirrored = 0
    failure = ""


@dataclass
class Switch:
    """Whether changes are mirrored at their commits.

    Tests turn it off, unless they use Redis.
    """

    is_on: bool = True


_changes = _Changes()
switch = Switch()


def listen() -> None:
    """Mirror each change of the table when it is committed.

    Called again, it changes nothing.
    """
    for signal in (post_save, post_delete):
        signal.connect(_plan, sender=MODEL, dispatch_uid="jobs.mirror")


def mirror_in_turn(store: Store) -> None:
    """Mirror the table if it is our turn: the chore of a worker."""
    if not KeptSchedules(store).take_turn(TURN):
        return
    try:
        mirror(store)
    finally:
        # The next turn may be another's, so the connection would only lie idle.
        connection = connections[alias()]
        if not connection.in_atomic_block:
            connection.close()


def mirror(store: Store) -> None:
    """Bring the mirror up to date.

    Two round trips where nothing has changed, one of them to the database. Raise StoreUnavailable,
    JobsError where others write all the time, and what the database says.
    """
    desk = KeptSchedules(store)
    for _ in range(MOST_TRIES):
        home = desk.home()
        documents = read_documents()
        changed = _changed(home, documents)
        gone = [name for name in home.kept if name not in documents]
        generation = home.generation
        if changed or gone:
            generation = desk.write(generation, changed, gone)
            if not generation:
                continue
        if _retire(desk, home, documents, generation):
            return
    raise JobsError("Others write schedules at the same time, again and again.")


def take_failure() -> str:
    """Return why the last change of this thread was not mirrored, and forget it."""
    failure, _changes.failure = _changes.failure, ""
    return failure


def read_documents() -> dict[str, str]:
    """Return the table as it is to be mirrored, by the names of entries.

    Supervisors read the mirror whole, within a bounded time. So what is too long is left out.
    """
    documents = {}
    for row in read_rows()[:MOST_ENTRIES]:
        with suppress(InvalidJob):  # the check of the database says so
            documents[name_of(row)] = kept_of(row).text
    return documents


def read_rows() -> "list[ScheduleEntry]":
    """Return the rows of the table, the oldest first.

    There are at most as many as there may be, and one more.
    """
    return list(_model().objects.using(alias()).order_by("pk")[: MOST_ENTRIES + 1])


def _changed(home: Home, documents: Mapping[str, str]) -> dict[str, str]:
    seen = {name: kept.text for name, kept in home.kept.items()}
    return {name: text for name, text in documents.items() if seen.get(name) != text}


def _retire(desk: KeptSchedules, home: Home, documents: Mapping[str, str], generation: int) -> bool:
    """Forget entries that are in the table no more.

    Return False where others write too.
    """
    left = [name for name in home.queues if is_kept(name) and name not in documents]
    gone = [name for name in home.kept if name not in documents]
    for name in {*left, *gone}:
        for queue in _queues_of(name, home):
            desk.retire(queue, name, generation)
    return not left or desk.drop_homes(generation, left) > 0


def _queues_of(name: str, home: Home) -> set[str]:
    """Return where an entry may be open: at home, or where it moves."""
    queues = {home.queues[name]} if name in home.queues else set()
    if name in home.kept:
        with suppress(JobsError):  # nobody has opened what nobody can read
            queues.add(queue_of(home.kept[name]))
    return queues


def alias() -> str:
    """Return the database that changes are written to.

    A copy of it may lag behind.
    """
    return router.db_for_write(_model())


def _model() -> "type[ScheduleEntry]":
    return apps.get_model(MODEL)


def _plan(using: str, **_: Any) -> None:
    _changes.made += 1
    transaction.on_commit(partial(_mirror_change, _changes.made), using=using)


def _mirror_change(number: int) -> None:
    """Mirror what was committed, once for all changes of a transaction.

    The change stands, whatever becomes of this. The chore of a worker repairs it.
    """
    if not switch.is_on or number <= _changes.mirrored:
        return
    _changes.mirrored = _changes.made
    _changes.failure = ""
    try:
        mirror(get_client().store)
    except Exception as error:  # noqa: BLE001  # the hooks of others come after this one
        _changes.failure = shortened(str(error), 500)
        emit(ScheduleMirrorFailed(error))
