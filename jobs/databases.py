"""The databases that a thread has opened.

To ask Django takes longer than to make or run a small job, and a thread may have opened none. So
each connection that is opened says so itself.
"""

import os
import threading
from collections.abc import Sequence

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class OfThread(threading.local):
    """What is known of this thread: whether it may have opened a database.

    None before anybody asked.
    """

    may_have_opened: bool | None = None


#: For those who look at each job. `opened()` asks Django where nothing is known yet.
here = OfThread()
#: The numbers of all threads that have opened one.
_threads: set[int] = set()
#: Where a connection keeps what of its driver was opened to the end.
_READY = "jobs_ready"


def opened() -> Sequence[BaseDatabaseWrapper]:
    """Return the connections of this thread, none where it has opened none.

    The first call asks Django, as a thread may have been given the connection of another: Django's
    live server does that.
    """
    if here.may_have_opened is False:
        return ()
    of_thread = connections.all(initialized_only=True)
    if here.may_have_opened is None:
        here.may_have_opened = any(c.connection is not None for c in of_thread)
    return of_thread


def has_opened(thread: int) -> bool:
    """Return whether the thread of this number has ever opened a database."""
    return thread in _threads


def half_opened() -> Sequence[BaseDatabaseWrapper]:
    """Return the connections of this thread that failed while they were opened.

    They have not said so, and their session may lack what makes it ready, such as a role.
    """
    opened = [c for c in connections.all(initialized_only=True) if c.connection is not None]
    return [c for c in opened if c.connection is not vars(c).get(_READY)]


def close_all() -> None:
    """Close all connections of this thread, and the pools of this process.

    Who forks must leave none to the child: both would read the answers of one server session.
    """
    for connection in connections.all(initialized_only=True):
        connection.close()
        # Where psycopg keeps a pool its connections are open after `close()`.
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()


def _note_opened(connection: BaseDatabaseWrapper, **_: object) -> None:
    here.may_have_opened = True
    vars(connection)[_READY] = connection.connection
    _threads.add(threading.get_ident())


connection_created.connect(_note_opened, dispatch_uid="jobs.databases")
os.register_at_fork(after_in_child=_threads.clear)
