"""What breaks, and when.

It is made up front from a seed, which says it all.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

#: Who has the fault when it is the server.
REDIS = -1
#: How long a supervisor that starts, or a server that is back, is left alone. Seconds.
RESPITE = 2.5
#: Shortest and longest time between two faults, in seconds.
GAP = (0.2, 1.4)


class What(Enum):
    """The faults, with how often each comes in a hundred."""

    KILL_WORKER = "SIGKILL a worker process", 18
    KILL_SUPERVISOR = "SIGKILL a supervisor", 8
    KILL_TREE = "SIGKILL a supervisor and its workers", 8
    STOP = "SIGTERM a supervisor, start another", 10
    FREEZE_WORKER = "freeze a worker for less than its lease", 12
    FREEZE_WORKER_LONG = "freeze a worker for longer than its lease", 8
    FREEZE_SUPERVISOR = "freeze a supervisor for less than the lease", 6
    FREEZE_SUPERVISOR_LONG = "freeze a supervisor for longer than the lease", 4
    FREEZE_REDIS = "freeze Redis for less than the lease", 8
    FREEZE_REDIS_LONG = "freeze Redis for longer than the lease", 3
    STOP_REDIS = "SIGTERM Redis, start it again", 8
    KILL_REDIS = "SIGKILL Redis, start it again", 7

    def __init__(self, text: str, weight: int) -> None:
        """Keep what people read, and the weight."""
        self.text = text
        self.weight = weight

    @property
    def strikes_redis(self) -> bool:
        """Whether the server has the fault."""
        return self.name.removesuffix("_LONG").endswith("_REDIS")

    @property
    def is_freeze(self) -> bool:
        """Whether something is stopped and goes on."""
        return self.name.startswith("FREEZE")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    `target`: which supervisor, or REDIS. `worker`: which of its workers. Times are seconds.
    `seconds`: how long the freeze lasts, or how long it takes until what died is started again.
    """

    at: float
    what: What
    target: int
    worker: int
    seconds: float

    def __str__(self) -> str:
        """Return a line of the plan."""
        who = "" if self.target == REDIS else f" (supervisor {self.target}, worker {self.worker})"
        duration = f", {self.seconds:.2f} s" if self.seconds else ""
        return f"{self.at:7.2f} s  {self.what.text}{who}{duration}"


def make_plan(seed: int, seconds: float, supervisors: int, lease: float) -> list[Fault]:
    """Return the faults of so many seconds, in their order.

    A target has one fault at a time.
    """
    chance = random.Random(seed)
    return list(_faults(chance, seconds, supervisors, lease))


def _faults(
    chance: random.Random,
    seconds: float,
    supervisors: int,
    lease: float,
) -> Iterator[Fault]:
    free_at = dict.fromkeys([REDIS, *range(supervisors)], RESPITE)
    at = RESPITE
    while (at := at + chance.uniform(*GAP)) < seconds:
        free = [target for target, moment in free_at.items() if moment <= at]
        kinds = {target == REDIS for target in free}
        possible = [what for what in What if what.strikes_redis in kinds]
        if possible:
            (what,) = chance.choices(possible, [what.weight for what in possible])
            target = chance.choice([t for t in free if (t == REDIS) == what.strikes_redis])
            fault = Fault(at, what, target, chance.randrange(1000), _duration(chance, what, lease))
            free_at[target] = at + fault.seconds + RESPITE
            yield fault


def _duration(chance: random.Random, what: What, lease: float) -> float:
    if what.name.endswith("_LONG"):
        return lease * chance.uniform(1.4, 2.0)
    if what.is_freeze:
        return lease * chance.uniform(0.1, 0.6)
    if what is What.KILL_WORKER:
        return 0.0  # its supervisor starts another
    return chance.uniform(0.0, 1.5)
