"""The places of unique jobs in a test, by the rules of the scripts.

A job that a sink keeps holds its place by being there. Here stand those that run, and windows.
"""

import time

from jobs.payload import Payload
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

    def begin(self, claim: Claim | None, payload: Payload) -> None:
        """Note that a job runs."""
        if claim is None or not claim.key or claim.until == "start":
            return
        if claim.until == "done":
            self._running[claim.key] = payload.id
        else:
            self._windows[claim.key] = (payload.id, window_end(claim, payload))

    def end(self, claim: Claim | None, payload: Payload, *, is_dead: bool) -> None:
        """Note that it has ended. A window ends with a death only."""
        if claim is None:
            return
        if self._running.get(claim.key) == payload.id:
            del self._running[claim.key]
        if is_dead and self._windows.get(claim.key, ("",))[0] == payload.id:
            del self._windows[claim.key]


def window_end(claim: Claim, payload: Payload) -> float:
    """Return when the window of a job ends, in epoch seconds.

    Without one it never does.
    """
    return float("inf") if isinstance(claim.until, str) else payload.enqueued_at + claim.until / 1e3


def has_expired(claim: Claim, payload: Payload) -> bool:
    """Tell whether it is too late for a job that waits."""
    if claim.expires_in is None:
        return False
    due = payload.enqueued_at if payload.run_after is None else payload.run_after
    return time.time() > due + claim.expires_in / 1e3
