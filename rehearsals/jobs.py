"""The jobs of the rehearsals: each goes wrong in one way.

Each writes into the diary what it did. The drills enqueue them. They wait two seconds between
attempts, so that one sees a whole life of a job within seconds. A job that leaves `retry_in` alone
waits 15 seconds and more.
"""

import os
import signal
import time

from django.conf import settings

from jobs import Discard, Retry
from orders.services.email import EmailClient
from orders.shop_job import ShopJob
from rehearsals.models import DiaryEntry, Event

#: Between two attempts of these jobs.
WAIT_SECONDS = 2.0
#: How often `TransientFailureJob` fails before it heals.
FAILURES_BEFORE_HEALING = 3
#: How often a job that never heals is tried again.
RETRIES = 2
#: How long `LongJob` waits for somebody to kill its process.
PATIENCE_SECONDS = 60.0


class NoRetryWillMendIt(Exception):
    """What a permanent failure raises.

    Think of a bug, or of a row that is not there.
    """


class RehearsalJob(ShopJob):
    """A job that keeps a diary and does not let people wait."""

    def note(self, run: str, event: Event) -> None:
        """Write a line that stays, whatever happens to the process afterwards."""
        DiaryEntry.objects.create(
            run=run, job=type(self).__name__, attempt=self.attempt, pid=os.getpid(), event=event
        )

    def retry_in(self, attempt: int, error: BaseException) -> float | Retry | None:
        """Be back soon."""
        return WAIT_SECONDS


class PermanentFailureJob(RehearsalJob):
    """Fail each time with an error that nobody takes for a passing one."""

    max_retries = RETRIES

    def perform(self, run: str) -> None:
        """Fail."""
        self.note(run, Event.STARTED)
        raise NoRetryWillMendIt(f"Rehearsal {run}: no retry will mend this.")


class TransientFailureJob(RehearsalJob):
    """Fail a few times as if a network were down, then go well."""

    def perform(self, run: str) -> None:
        """Fail, unless it has failed often enough."""
        self.note(run, Event.STARTED)
        if self.attempt <= FAILURES_BEFORE_HEALING:
            raise ConnectionError(f"Rehearsal {run}: the line is dead.")
        self.note(run, Event.FINISHED)


class DeadLineJob(RehearsalJob):
    """Fail each time with an error that might have passed, but does not."""

    max_retries = RETRIES

    def perform(self, run: str) -> None:
        """Fail."""
        self.note(run, Event.STARTED)
        raise ConnectionError(f"Rehearsal {run}: the line is dead and stays dead.")


class SlowServiceJob(RehearsalJob):
    """Ask a service that takes its time."""

    def perform(self, run: str) -> None:
        """Search for an e-mail that was never sent."""
        self.note(run, Event.STARTED)
        EmailClient().search("nobody@example.com", "rehearsal")
        self.note(run, Event.FINISHED)


class UrgentJob(RehearsalJob):
    """Do something small that should not stand in line."""

    queue = "high"

    def perform(self, run: str) -> None:
        """Say that it was there."""
        self.note(run, Event.STARTED)
        self.note(run, Event.FINISHED)


class LongJob(RehearsalJob):
    """Run until somebody kills the process.

    Run again after that, it comes to an end at once.
    """

    def perform(self, run: str) -> None:
        """Meet the end of the process, unless that has happened before."""
        has_been_here = DiaryEntry.objects.started(run).exists()
        self.note(run, Event.STARTED)
        if not has_been_here:
            self.meet_the_end()
        self.note(run, Event.FINISHED)

    def meet_the_end(self) -> None:
        """Wait for a kill that comes from outside."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.1)


class SelfKillingJob(LongJob):
    """Kill the process that runs it.

    A bug in a C library or the lack of memory would do the same.
    """

    def meet_the_end(self) -> None:
        """Kill this process at once.

        Only in development, where nobody's work is at stake.
        """
        if not settings.DEBUG:
            raise Discard("A worker is killed for a rehearsal in development only: DEBUG is off.")
        os.kill(os.getpid(), signal.SIGKILL)
