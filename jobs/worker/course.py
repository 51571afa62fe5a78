"""The course of a worker process: working, quiet, stopping.

Only from quiet it goes back.
"""

from jobs.worker.deadlines import WorkerDeadlines


class Course:
    """How far a worker process is on its way to its end."""

    def __init__(self, timeout: float) -> None:
        """Start as one that works.

        A stop may take `timeout` seconds.
        """
        self._timeout = timeout
        self.is_quiet = False
        #: None while it does not stop.
        self.deadlines: WorkerDeadlines | None = None
        self.exit_code = 0
        #: Why it has a successor, empty if it has none.
        self.leaves_for = ""

    @property
    def is_stopping(self) -> bool:
        """Whether the process is about to end."""
        return self.deadlines is not None

    def become_quiet(self) -> bool:
        """Take no more work from now on.

        Return whether that is news.
        """
        was_quiet, self.is_quiet = self.is_quiet, True
        return not was_quiet

    def unquiet(self) -> bool:
        """Take work again.

        Return whether that is news. Who stops or has a successor stays quiet.
        """
        if not self.is_quiet or self.is_stopping or self.leaves_for:
            return False
        self.is_quiet = False
        return True

    def begin_stop(self) -> None:
        """Let the deadlines of the stop count from now on."""
        self.deadlines = WorkerDeadlines.after(self._timeout)
