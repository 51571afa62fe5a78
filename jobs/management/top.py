"""`manage.py jobs top`: queues, workers and what runs, in a terminal, live."""

import time
from collections.abc import Iterator

from django.core.management.base import OutputWrapper
from django.utils import timezone

from jobs import inspect
from jobs.errors import StoreUnavailable
from jobs.inspect.stats import COUNTS
from jobs.management.terminal import age, counted, latency, table, worker_row

#: Show another page of the terminal and hide the cursor; and back. Move to the top; clear to the end of line, of page.
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
HOME, END_OF_LINE, END_OF_PAGE = "\x1b[H", "\x1b[K", "\x1b[J"
#: Most running jobs that are listed.
MOST_RUNNING = 20


class Top:
    """Writes a picture of the state every few seconds; over the last one if this is a terminal."""

    def __init__(self, out: OutputWrapper, every: float) -> None:
        """Take where to write and the seconds between two pictures."""
        self._out = out
        self._every = every
        self._is_live = out.isatty()

    def run(self, times: int) -> None:
        """Write so many pictures, without end if 0, until Ctrl-C. Each costs what `inspect.stats` costs and a bit."""
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
        if self._is_live:
            self._write(HOME + "".join(f"{line}{END_OF_LINE}\n" for line in lines) + END_OF_PAGE)
        else:
            self._write("\n".join(lines) + "\n")

    def _write(self, text: str) -> None:
        self._out.write(text, ending="")
        self._out.flush()


def _picture() -> Iterator[str]:
    now = timezone.localtime().strftime("%H:%M:%S")
    try:
        stats = inspect.stats()
        rates = inspect.queue_rates([queue.name for queue in stats.queues])
    except StoreUnavailable as error:
        yield f"{now}  {error}"
        return
    busy, threads = sum(w.busy for w in stats.workers), sum(w.concurrency for w in stats.workers)
    at_work = f"{busy:,} of {counted(threads, 'thread')} busy"
    yield f"{now}  {stats.processed:,} processed, {stats.failed:,} failed, {at_work}"
    yield ""
    rows = [[q.name, *(getattr(q, name) for name in COUNTS), f"{rates[q.name]:,.1f}", latency(q)] for q in stats.queues]
    yield from table(("Queue", *COUNTS, "Per second", "Latency"), rows)
    yield ""
    if not stats.workers:
        yield "No worker is running. Start one with: python manage.py runjobs"
        return
    headers = ("Worker", "Host", "Pid", "Queues", "Busy", "Peak memory", "Up", "Last beat", "State")
    yield from table(headers, [worker_row(worker) for worker in stats.workers])
    running = [[r.job_id, r.queue, age(r.since), w.name] for w in stats.workers for r in w.running][:MOST_RUNNING]
    if running:
        yield ""
        yield from table(("Running at last beat", "Queue", "For", "Worker"), running)
