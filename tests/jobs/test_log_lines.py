"""Lines that wait until the main thread of a worker writes them.

It does so soon, in order, and never for long.
"""

import logging
import threading

from jobs import events
from jobs.events import WorkerQuiet
from jobs.log import lines
from tests.jobs.saying import say
from tests.waiting import wait_until


def test_lines_wait_until_they_are_written_but_warnings_never_do(caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        lines.collect()
        try:
            say(logging.INFO, "one", {})
            assert caplog.messages == []
            say(logging.WARNING, "two", {})
            assert caplog.messages == ["one", "two"]
            say(logging.INFO, "three", {})
        finally:
            lines.stop_collecting()
    assert caplog.messages == ["one", "two", "three"]


def test_line_that_waited_has_the_time_and_the_thread_of_its_event(caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        lines.collect()
        ended = threading.Event()

        def work():
            events.emit(WorkerQuiet("w", at=1_000.25))
            ended.wait(10)

        worker = threading.Thread(target=work, name="a-worker")
        worker.start()
        wait_until(lambda: lines._waiting)
        lines.stop_collecting()
        ended.set()
        worker.join()

    [record] = caplog.records
    assert (record.created, record.threadName, record.thread) == (
        1_000.25,
        "a-worker",
        worker.ident,
    )


def test_slow_handler_keeps_nobody_for_long(monkeypatch):
    class Slow(logging.Handler):
        def emit(self, record):
            pause.wait(0.02)

    pause = threading.Event()
    logger = logging.getLogger("jobs")
    monkeypatch.setattr(logger, "handlers", [Slow()])
    lines.collect()
    try:
        for number in range(100):
            say(logging.INFO, str(number), {})
        lines.write_all()
        left = len(lines._waiting)
    finally:
        lines.stop_collecting()

    assert left > 50
    assert not lines._waiting
