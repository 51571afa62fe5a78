"""What running jobs see as `self.stopping` and `self.cancelled`."""


class Stops:
    """Who is to end: the whole worker, or single jobs that a person cancelled."""

    def __init__(self) -> None:
        """Start with nobody."""
        self.is_worker_stopping = False
        #: Ids of jobs that were cancelled and have not ended yet.
        self.cancelled: set[str] = set()

    def is_stopping(self, job_id: str) -> bool:
        """Whether a job had better end."""
        return self.is_worker_stopping or job_id in self.cancelled

    def is_cancelled(self, job_id: str) -> bool:
        """Whether a person cancelled this very job."""
        return job_id in self.cancelled
