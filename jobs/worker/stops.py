"""What running jobs see as `self.stopping` and `self.cancelled`."""


class Stops:
    """Who is to end: the whole worker, or single jobs that a person cancelled."""

    def __init__(self) -> None:
        """Start with nobody."""
        self.is_worker_stopping = False
        #: Jobs that were cancelled and have not ended yet, with the number of that taking.
        self.cancelled: dict[str, int] = {}

    def meets(self, job_id: str, number: int) -> bool:
        """Whether this taking of a job was cancelled before it began.

        A cancellation of an earlier one, which came when that had just ended, is forgotten.
        """
        if self.cancelled.get(job_id) == number:
            return True
        self.cancelled.pop(job_id, None)
        return False

    def is_stopping(self, job_id: str) -> bool:
        """Whether a job had better end."""
        return self.is_worker_stopping or job_id in self.cancelled

    def is_cancelled(self, job_id: str) -> bool:
        """Whether a person cancelled this very job."""
        return job_id in self.cancelled
