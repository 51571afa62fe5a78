"""The health of a worker process: what has died or stands still.

Such a process does not live on in silence: it says so, ends in good order, and is replaced.
"""

from jobs.worker.chores import ChoresThread
from jobs.worker.crew import Crew

#: How many looks the fetching loop and the chores may stand still: a minute, at 50 looks a second.
MOST_LOOKS = 3_000
#: At least this many looks for each second of a heartbeat: for twelve heartbeats. An idle thread
#: sleeps for a heartbeat, and each call to Redis may hang for one.
LOOKS_PER_HEARTBEAT_SECOND = 600


class Pulse:
    """Looks at a counter now and then.

    Time is counted in looks: a process that was frozen as a whole has missed none.
    """

    def __init__(self, most: int) -> None:
        """Take how many looks in a row may find the counter unchanged."""
        self._most = most
        self._looks = 0
        self._counter = -1

    def is_still(self, counter: int, *, is_due: bool = True) -> bool:
        """Look, and return whether it has stood still for too long.

        Looks at which no turn `is_due` do not count, and begin the count again.
        """
        has_turned = counter != self._counter
        self._counter = counter
        self._looks += 1
        if has_turned or not is_due:
            self._looks = 0
        return self._looks > self._most


class Health:
    """Looks at the parts of one process.

    Its main thread asks at each turn.
    """

    def __init__(self, crew: Crew, chores: ChoresThread, heartbeat: float, *, burst: bool) -> None:
        """Take the parts.

        In a burst the threads may end by themselves.
        """
        self._crew = crew
        self._chores = chores
        self._burst = burst
        most = max(MOST_LOOKS, round(heartbeat * LOOKS_PER_HEARTBEAT_SECOND))
        self._chores_pulse = Pulse(most)
        self._fetch_pulse = Pulse(most)

    def what_is_broken(self) -> str | None:
        """Return in words what has died or stands still, None when all is well.

        For a process that does not stop.
        """
        buffer = self._crew.buffer
        if self._has_lost_thread():
            return "a thread that runs jobs has died"
        if self._crew.loop.has_died:
            return "the event loop has died"
        if not self._chores.is_alive():
            return "the thread of the chores has died"
        if self._chores_pulse.is_still(self._chores.turns):
            return "the thread of the chores does not go on"
        if self._fetch_pulse.is_still(buffer.turns, is_due=buffer.is_waiting):
            return "the loop that fetches jobs does not turn"
        return None

    def _has_lost_thread(self) -> bool:
        if self._burst or self._crew.buffer.gate.is_closed:
            return False
        return not all(thread.is_alive() for thread in self._crew.threads)
