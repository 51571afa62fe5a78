"""`manage.py jobs top`: shows queues, workers and what runs, live in a terminal."""

import time
from collections.abc import Iterator, Mapping

from django.core.management.base import OutputWrapper
from django.utils import timezone

from jobs import inspect
from jobs.errors import StoreUnavailable
from jobs.inspect.stats import COUNTS, Stats
from jobs.management.terminal import (
    NO_WORKER,
    RUNNING_HEADERS,
    WORKER_HEADERS,
    counted,
    latency,
    problem_line,
    queue_numbers,
    running_rows,
    table,
    worker_row,
)

#: Shows another page of the terminal and hides the cursor.
ENTER = "\x1b[?1049h\x1b[?25l"
#: Shows the cursor and the page from before.
LEAVE = "\x1b[?25h\x1b[?1049l"
#: Moves to the top left corner.
HOME = "\x1b[H"
#: Clear the rest of the line, and of the page.
END_OF_LINE, END_OF_PAGE = "\x1b[K", "\x1b[J"
#: Most running jobs that are listed.
MOST_RUNNING = 20


class Top:
    """Writes a picture of the state every few seconds.

    In a terminal each is written over the last one.
    """

    def __init__(self, out: OutputWrapper, every: float) -> None:
        """Take where to write and the seconds between two pictures."""
        self._out = out
        self._every = every
        self._is_live = out.isatty()

    def run(self, times: int) -> None:
        """Write so many pictures, or pictures without end if `times` is 0.

        Ctrl-C ends it. A picture costs a little more than `inspect.stats`.
        """
        self._write(ENTER if self._is_live else "")
        try:
            while True:
                self._show(_picture())
                times -= 1
                if times == 0:
                    return
                time.sleep(self._every)
        except KeyboardInterrupt:
            return
        finally:
            self._write(LEAVE if self._is_live else "")

    def _show(self, lines: Iterator[str]) -> None:
        line_end, start, end = "\n", "", ""
        if self._is_live:
            line_end, start, end = f"{END_OF_LINE}\n", HOME, END_OF_PAGE
        text = "".join(f"{line}{line_end}" for line in lines)
        self._write(f"{start}{text}{end}")

    def _write(self, text: str) -> None:
        self._out.write(text, ending="")
        self._out.flush()


def _picture() -> Iterator[str]:
    now = timezone.localtime().strftime("%H:%M:%S")
    try:
        reader = inspect.get_reader()
        stats = inspect.stats(reader)
        rates = inspect.queue_rates([queue.name for queue in stats.queues], reader)
    except StoreUnavailable as error:
        yield f"{now}  {error}"
        return
    at_work = f"{stats.busy:,} of {counted(stats.threads, 'thread')} busy"
    yield f"{now}  {stats.processed:,} processed, {stats.failed:,} failed, {at_work}"
    yield from map(problem_line, reader.problems)
    yield ""
    yield from _queues(stats, rates)
    yield ""
    yield from _workers(stats)


def _queues(stats: Stats, rates: Mapping[str, float]) -> list[str]:
    left = stats.left_queues
    rows = [
        [*queue_numbers(queue, COUNTS), f"{rates[queue.name]:,.1f}", latency(queue)]
        for queue in stats.queues
        if queue.name not in left
    ]
    return table(("Queue", *COUNTS, "Per second", "Latency"), rows)


def _workers(stats: Stats) -> Iterator[str]:
    if not stats.workers:
        yield NO_WORKER
        return
    yield from table(WORKER_HEADERS, list(map(worker_row, stats.workers)))
    running = running_rows(stats.workers)[:MOST_RUNNING]
    if running:
        yield ""
        yield from table(RUNNING_HEADERS, running)
