"""A worker process without the process.

Its threads run in the test, and one more thread tends them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from jobs.conf import JobsSettings
from jobs.worker.board import Board
from jobs.worker.names import new_base_name
from jobs.worker.process import TICK, WorkerProcess
from jobs.worker.queue_order import QueueOrder
from tests.waiting import wait_until


def make_worker(settings: JobsSettings, *queues: str) -> WorkerProcess:
    """Return a worker that has not begun yet."""
    board = Board(settings.concurrency + settings.async_concurrency)
    return WorkerProcess(
        new_base_name(), QueueOrder.parse(queues or ("default",)), settings, board, burst=False
    )


@contextmanager
def running(worker: WorkerProcess) -> Iterator[WorkerProcess]:
    """Let a worker work until the block ends.

    Its jobs must be able to end by then.
    """
    ended = threading.Event()
    tender = threading.Thread(target=_tend, args=(worker, ended), daemon=True)
    worker.recorder.listen()
    for thread in (*worker.crew.threads, tender):
        thread.start()
    try:
        yield worker
    finally:
        worker.buffer.gate.close()
        wait_until(lambda: _have_ended(worker), timeout=10)
        ended.set()
        tender.join()
        worker.recorder.leave()
        worker._store.close()


def _have_ended(worker: WorkerProcess) -> bool:
    worker.buffer.wake()
    return not any(thread.is_alive() for thread in worker.crew.threads)


def _tend(worker: WorkerProcess, ended: threading.Event) -> None:
    while not ended.wait(TICK):
        worker.buffer.tend()
        worker.crew.limits.strike()
    worker.buffer.tend()  # what came while it turned quiet goes back
