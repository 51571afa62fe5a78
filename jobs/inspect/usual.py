"""What the runs of a job class usually take."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.inspect.class_sight import seen_classes
from jobs.inspect.metrics import WINDOWS, added_up
from jobs.store.metrics import TOTAL, MetricReader
from jobs.store.reader import Reader


@dataclass(frozen=True, slots=True)
class UsualTime:
    """What so many `runs` of a class took.

    Half of them did not exceed `p50` seconds, and 95 % of them not `p95`.
    """

    runs: int
    p50: float
    p95: float


def usual_times(names: Sequence[str], reader: Reader) -> dict[str, UsualTime]:
    """Return what the runs of these job classes usually take, by name.

    It is measured over the last day, and over all time where nothing ended in it. A class of which
    no run ever ended, or that the reader may not show, is left out. It costs up to four round
    trips, O(classes).
    """
    store = MetricReader(reader)
    keys = [f"job:{name}" for name in seen_classes(names, reader)]
    resolution, slots = WINDOWS["1d"].added
    found = store.read(keys, resolution, reader.now(), slots)
    rested = [key for key in keys if not any(found[key])]
    found |= store.read(rested, TOTAL, 0.0, 1)
    made = [added_up(key, found[key]) for key in keys]
    return {each.name: UsualTime(each.runs, each.p50, each.p95) for each in made if each.runs}
