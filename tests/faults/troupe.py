"""Supervisors that are killed and started again, by chance.

A worker process, a supervisor, or a supervisor with all its workers: always by SIGKILL. All of them
end with the drill.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Self

from benchmarks.chaos.processes import families, is_alive
from tests.faults.nursery import Nursery, Order
from tests.waiting import wait_until

WORKER, SUPERVISOR, TREE = "worker", "supervisor", "supervisor and workers"
#: What is killed, and how often of ten times.
_ODDS = [WORKER] * 6 + [SUPERVISOR] * 2 + [TREE] * 2


class Troupe:
    """Some supervisors, each in a place of its own.

    `order` says what the supervisor of a place runs; it is asked anew with each start.
    """

    def __init__(
        self,
        places: int,
        order: Callable[[int], Order],
        chance: random.Random,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._order, self._chance = order, chance
        self._nursery = Nursery(environment)
        self.kills: Counter[str] = Counter()
        #: When each process lost its life, or its supervisor, by the monotonic clock.
        self.struck: dict[int, float] = {}
        self.pids = [self._start(place) for place in range(places)]
        self._left_alone: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._nursery.close()

    def kill_one(self) -> None:
        """Kill a process by chance, and start another where a supervisor is gone."""
        place = self._chance.randrange(len(self.pids))
        what = self._chance.choice(_ODDS)
        pid = self.pids[place]
        workers = families().get(pid, [])
        if what == WORKER:
            for worker in self._chance.sample(workers, min(1, len(workers))):
                self._kill(worker)
                self.kills[what] += 1
            return
        self._kill(pid)
        self.struck |= dict.fromkeys(workers, time.monotonic())
        for worker in workers if what == TREE else ():
            self._kill(worker)
        self.kills[what] += 1
        # Workers without a supervisor see that, and end by themselves.
        self._left_alone += workers
        self.pids[place] = self._start(place)

    def replace(self, place: int, patience: float = 20.0) -> int:
        """Stop a supervisor in good order and start another there.

        Return its exit code.
        """
        code = self._stop(self.pids[place], patience)
        self.pids[place] = self._start(place)
        return code

    def stop(self, patience: float = 20.0) -> Sequence[int]:
        """Stop all in good order and return their exit codes."""
        wait_until(lambda: not any(map(is_alive, self._left_alone)), 30)
        return [self._stop(pid, patience) for pid in self.pids]

    def _stop(self, pid: int, patience: float) -> int:
        """Stop one supervisor, which has begun by now.

        Before that a signal ends it as it ends any process.
        """
        wait_until(lambda: families().get(pid) or not is_alive(pid), 30)
        return self._nursery.stop(pid, patience)

    def _start(self, place: int) -> int:
        return self._nursery.start(self._order(place))

    def _kill(self, pid: int) -> None:
        self.struck[pid] = time.monotonic()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def play(troupe: Troupe, is_on: Callable[[], bool], every: float, chance: random.Random) -> None:
    """Kill one process after the other while something goes on.

    `every` is how many seconds lie between two on average.
    """
    while is_on():
        until = time.monotonic() + every * chance.uniform(0.5, 1.5)
        while is_on() and time.monotonic() < until:
            time.sleep(0.02)
        if is_on():
            troupe.kill_one()
