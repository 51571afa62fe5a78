"""The supervisor: keeps worker processes running, and looks after what they have in Redis.

It runs no job, starts no thread and holds no connection when it forks. Because it, and not the
worker, renews the leases, a job may hold the GIL for hours. Because the operating system tells it
of a death, the jobs of a killed worker are back in their queue at once. Nothing that Redis answers
ends it, and no call to Redis keeps it for long.
"""

import os
import select
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

from jobs.chore import Chore, Place, brought_to
from jobs.conf import JobsSettings
from jobs.errors import StoreUnavailable
from jobs.events import SupervisorStopping, emit
from jobs.events.bus import be_supervisor
from jobs.log import flush
from jobs.worker.child import Child
from jobs.worker.children import Children
from jobs.worker.deadlines import SupervisorDeadlines
from jobs.worker.keeper import Keeper
from jobs.worker.plan import Plan, queues_of
from jobs.worker.rounds import LONGEST_ROUND, Rounds
from jobs.worker.signals import SignalPipe
from jobs.worker.squad import Squad
from jobs.worker.starter import Starter

#: Longest wait for Redis in one call, since a signal must not wait longer. Seconds.
REDIS_TIMEOUT = 0.5
#: And while a stop is on. Seconds.
REDIS_TIMEOUT_STOPPING = 0.2
#: How often it looks for children to kill, or whose jobs are not all taken back. Seconds.
LOOK_AGAIN = 0.1
#: How often it looks which children are to be replaced. Seconds.
LOOK_FOR_WORN = 0.5

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
RESTART_SIGNALS = (signal.SIGHUP, signal.SIGUSR2)
CAUGHT = (*STOP_SIGNALS, *RESTART_SIGNALS, signal.SIGTSTP, signal.SIGTTIN, signal.SIGCHLD)


class Supervisor:
    """Keeps the workers of each plan running."""

    def __init__(
        self,
        settings: JobsSettings,
        plans: Sequence[Plan],
        *,
        burst: bool = False,
        stop_at_eof: int | None = None,
    ) -> None:
        """Take what to run: one plan, or one for each capsule.

        `stop_at_eof`: a descriptor whose end of file means stop, as TERM does.
        """
        self._timeout = settings.timeout
        self._burst = burst
        self._stop_at_eof = stop_at_eof
        self._keeper = Keeper(settings, queues_of(plans), REDIS_TIMEOUT)
        self._starter = Starter(burst=burst)
        self._children = Children()
        self._squads = [Squad(plan, burst=burst) for plan in plans]
        #: In a burst: jobs may come to a squad that has ended, or is just being replaced.
        self._looks_for_more = burst and (len(plans) > 1 or plans[0].is_serial)
        self._rounds = Rounds(self._renew, settings.heartbeat, self._list_chores(settings))
        #: Since when it forks nobody, by the monotonic clock. None: it does.
        self._quiet_since: float | None = None
        self._deadlines: SupervisorDeadlines | None = None

    def _list_chores(self, settings: JobsSettings) -> list[Chore]:
        """Return what a round does after the renewal, in this order."""
        return [
            Chore("recover", 0.0, self._keeper.recover_the_dead),
            Chore("retire", LOOK_FOR_WORN, self._look_for_worn),
            Chore("recall", settings.heartbeat / 2, self._recall),
            *brought_to(Place.SUPERVISOR, lambda: self._keeper.store),
        ]

    def run(self) -> int:
        """Run until a signal stops it, or the work of a burst is done.

        Return the exit code.
        """
        be_supervisor()
        with SignalPipe(*CAUGHT) as signals:
            while not self._is_over():
                self._keep_up_strength()
                flush()  # before the sleep: a line may have been kept
                self._sleep(signals)
                for number in signals.read():
                    self._obey(number, signals.first_came(number))
                self._look_for_unquiet()  # before it may be reaped
                for child, death in self._children.reap():
                    self._keeper.add_death(death)
                    self._squad_of(child).note_death(child, death)
                self._go_round(signals)
                self._call_up_again()
        return 0

    # Redis

    def _go_round(self, signals: SignalPipe) -> None:
        """Look after the leases, and do what else is due.

        It ends soon, whatever hangs.
        """
        now = time.monotonic()
        stop = self._deadlines
        until = now + LONGEST_ROUND if stop is None else stop.round_ends_at(now)
        self._rounds.go(until, lambda: signals.is_waiting, is_stopping=stop is not None)

    def _renew(self) -> bool:
        return self._keeper.renew(self._children)

    def _recall(self) -> None:
        self._keeper.recall_from_silent(self._children)

    def _look_for_worn(self) -> None:
        for squad in self._squads:
            squad.look_for_worn()

    def _look_for_unquiet(self) -> None:
        """Fork again what is missing once a person lets a quiet worker take jobs."""
        since = self._quiet_since
        if since is not None and any(child.board.unquiet_at > since for child in self._children):
            self._quiet_since = None

    # Children

    def _keep_up_strength(self) -> None:
        """Fork what is missing, unless a stop is on or children die too quickly."""
        if self._deadlines is not None or self._quiet_since is not None:
            return
        for squad in self._squads:
            squad.keep_up_strength(self._fork)

    def _fork(self, plan: Plan) -> Child:
        self._keeper.close()
        child = self._starter.start(plan)
        self._children.add(child)
        return child

    def _squad_of(self, child: Child) -> Squad:
        return next(squad for squad in self._squads if child in squad)

    def _call_up_again(self) -> None:
        """In a burst, go on where jobs came after the workers had ended.

        Jobs of another capsule may have enqueued them.
        """
        is_over = self._deadlines is not None or self._quiet_since is not None
        if is_over or not self._looks_for_more:
            return
        for squad in self._squads:
            if squad.has_ended and squad.is_wanted and self._keeper.has_work(squad.plan.queues):
                squad.call_up_again()

    # Signals

    def _obey(self, number: int, came_at: float) -> None:
        if number in STOP_SIGNALS:
            if number == signal.SIGINT and self._deadlines is not None:  # for the second time
                self._children.tell_all(signal.SIGKILL)
            self._stop(came_at)
        elif number == signal.SIGTSTP:
            self._quiet_since = time.monotonic()
            self._children.tell_all(signal.SIGTSTP)
        elif number == signal.SIGTTIN:
            self._children.tell_all(signal.SIGTTIN)
        elif number in RESTART_SIGNALS:
            for squad in self._squads:
                squad.begin_restart()

    def _stop(self, told_at: float) -> None:
        if self._deadlines is not None:
            return
        emit(SupervisorStopping(self._timeout))
        self._deadlines = SupervisorDeadlines.after(self._timeout, told_at)
        self._children.tell_all(signal.SIGTERM)
        self._keeper.close()
        with suppress(StoreUnavailable):  # to know a cluster, one of its nodes must answer
            self._keeper.limit_waiting(REDIS_TIMEOUT_STOPPING)

    # Time

    def _is_over(self) -> bool:
        if self._deadlines is not None:
            return self._is_stop_over(self._deadlines)
        are_at_strength = all(squad.is_at_strength for squad in self._squads)
        if not are_at_strength or self._children or self._keeper.has_deaths:
            return False
        return self._burst or not any(squad.is_wanted for squad in self._squads)

    def _is_stop_over(self, deadlines: SupervisorDeadlines) -> bool:
        now = time.monotonic()
        if not self._children:
            return not self._keeper.has_deaths or now >= deadlines.ends_at
        if now >= deadlines.kills_at:
            self._children.tell_all(signal.SIGKILL)
        return False

    def _sleep(self, signals: SignalPipe) -> None:
        sources = [signals.fileno()]
        if self._stop_at_eof is not None and self._deadlines is None:
            sources.append(self._stop_at_eof)
        ready = select.select(sources, [], [], self._patience())[0]
        if self._stop_at_eof in ready and not os.read(self._stop_at_eof or 0, 1024):
            self._stop(time.monotonic())

    def _patience(self) -> float:
        """Return for how many seconds to sleep if no signal comes."""
        now = time.monotonic()
        moments = [self._rounds.next_at]
        is_hurried = self._keeper.has_deaths or self._looks_for_more
        coming = [squad.starts_at for squad in self._squads]
        if self._deadlines is not None:
            coming.append(self._deadlines.kills_at)
            is_hurried = is_hurried or now >= self._deadlines.kills_at
        if is_hurried:
            coming.append(now + LOOK_AGAIN)
        moments += [moment for moment in coming if moment > now]
        return max(0.0, min(moments) - now)
