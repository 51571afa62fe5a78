"""What the runs of a job class usually take."""

from collections.abc import Sequence

from jobs.inspect.class_sight import seen_classes
from jobs.inspect.metrics import WINDOWS, ClassMetrics, added_up
from jobs.store.metrics import TOTAL, MetricReader
from jobs.store.reader import Reader


def usual_times(names: Sequence[str], reader: Reader) -> dict[str, ClassMetrics]:
    """Return what was measured of these job classes, by name.

    It is of the last day, and of all time where nothing ended in it. A class of which no run ever
    ended, or that the reader may not show, is left out. It costs up to four round trips,
    O(classes).
    """
    store = MetricReader(reader)
    keys = [f"job:{name}" for name in seen_classes(names, reader)]
    resolution, slots = WINDOWS["1d"].added
    found = store.read(keys, resolution, reader.now(), slots)
    rested = [key for key in keys if not any(found[key])]
    found |= store.read(rested, TOTAL, 0.0, 1)
    made = [added_up(key, found[key]) for key in keys]
    return {each.name: each for each in made if each.runs}
