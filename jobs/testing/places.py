"""The places of unique jobs in a test, by the rules of the scripts.

A job that a sink keeps holds its place by being there. Here stand those that run, and windows.
"""

import math
import time

from jobs.store import Claim


class Places:
    """Which keys are held by jobs that run, or by a window."""

    def __init__(self) -> None:
        """Start with none."""
        self._running: dict[str, str] = {}
        self._windows: dict[str, tuple[str, float]] = {}

    def holder(self, key: str) -> str | None:
        """Return the id of the job that holds a key here."""
        job_id, ends = self._windows.get(key, ("", 0.0))
        if ends > time.time():
            return job_id
        return self._running.get(key)

    def begin(self, claim: Claim | None, job_id: str, window_end: float) -> None:
        """Note that a job runs.

        Its window, if it has one, ends at these epoch seconds.
        """
        if claim is None or not claim.key or claim.until == "start":
            return
        if claim.until == "done":
            self._running[claim.key] = job_id
        else:
            self._windows[claim.key] = (job_id, window_end)

    def end(self, claim: Claim | None, job_id: str, *, is_dead: bool) -> None:
        """Note that it has ended. A window ends with a death only."""
        if claim is None:
            return
        if self._running.get(claim.key) == job_id:
            del self._running[claim.key]
        if is_dead and self._windows.get(claim.key, ("",))[0] == job_id:
            del self._windows[claim.key]

    def pass_time(self, seconds: float) -> None:
        """Let windows end so much sooner."""
        self._windows = {key: (job, end - seconds) for key, (job, end) in self._windows.items()}


def window_of(claim: Claim | None) -> float:
    """Return how long the window of a claim is, in seconds.

    Without one it never ends.
    """
    if claim is None or isinstance(claim.until, str):
        return math.inf
    return claim.until / 1e3
