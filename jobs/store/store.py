"""The store: a session with the desks that most callers need.

The other desks are made where they are needed.
"""

from jobs.store.intake import Intake
from jobs.store.running import Running
from jobs.store.session import Session
from jobs.store.sets import Sets


class Store(Session):
    """One Redis and one namespace.

    Threads may share it, and so may forked children: each opens connections of its own.
    """

    def __init__(self, url: str, namespace: str = "jobs", timeout: float = 1.0) -> None:
        """Take the URL, and the seconds to wait for a connection or an answer.

        It connects when it is first used.
        """
        super().__init__(url, namespace, timeout)
        #: For new jobs.
        self.intake = Intake(self)
        #: For what runs.
        self.running = Running(self)
        #: For what waits.
        self.sets = Sets(self)
