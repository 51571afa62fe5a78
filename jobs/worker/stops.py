"""What running jobs see as `self.stopping` and `self.cancelled`: their worker stops, or a person wants them to."""


class Stops:
    """The wishes of one worker process that its jobs may look at."""

    def __init__(self) -> None:
        """Start with no wish."""
        self.is_worker_stopping = False
        #: Ids of jobs that were cancelled and have not ended yet.
        self.cancelled: set[str] = set()

    def is_stopping(self, job_id: str) -> bool:
        """Whether a job had better end."""
        return self.is_worker_stopping or job_id in self.cancelled

    def is_cancelled(self, job_id: str) -> bool:
        """Whether a person cancelled this very job."""
        return job_id in self.cancelled
