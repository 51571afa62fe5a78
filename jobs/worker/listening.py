"""Who listens to the events of a worker process, and where."""

from collections.abc import Iterator
from contextlib import contextmanager

from jobs.events.bus import be_ordinary, be_worker, courier
from jobs.log import lines
from jobs.worker.forks import leave_behind
from jobs.worker.recorder import Recorder

#: How long listeners of the project may take for the last events. Seconds.
FAREWELL = 0.2


@contextmanager
def listening(recorder: Recorder) -> Iterator[None]:
    """Let metrics, log and the project's listeners hear, until the block ends.

    Runs are measured at once. Lines are written when the main thread has time, and listeners of the
    project are called in a thread of their own.
    """
    leave_behind(be_ordinary)
    recorder.listen()
    lines.collect()
    be_worker()
    try:
        yield
    finally:
        courier.stop(FAREWELL)
        lines.stop_collecting()
        recorder.leave()
