"""Lines that wait until the main thread of a worker writes them.

It does so soon, in order, and never for long.
"""

import io
import logging
import sys
import threading

import pytest

from jobs import events, log
from jobs.ending import Ending
from jobs.events import JobEnded, WorkerQuiet
from jobs.log import lines
from jobs.payload import Payload
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


class Keeping(logging.Handler):
    """A handler of the project that keeps records."""

    def __init__(self):
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def handler(monkeypatch):
    """Return the handler of a worker on the logger, alone there."""
    handler = log.BatchingHandler(io.StringIO())
    handler.setFormatter(log.PlainFormatter())
    monkeypatch.setattr(log.logger, "handlers", [handler])
    monkeypatch.setattr(log.logger, "propagate", False)
    level = log.logger.level
    log.logger.setLevel(logging.INFO)
    lines.collect()
    yield handler
    lines.stop_collecting()
    log.logger.setLevel(level)


def test_line_that_waits_keeps_nothing_of_its_job(handler):
    payload = Payload(0, "a", "shop.OrderJob", "high")
    before = sys.getrefcount(payload)
    lines.hear(JobEnded(payload, Ending.DONE, 0.5))
    after = sys.getrefcount(payload)
    assert after == before
    assert handler.stream.getvalue() == ""

    log.flush()
    assert "job.done class=shop.OrderJob id=a" in handler.stream.getvalue()


def test_lines_stay_in_order_where_some_need_a_record(handler):
    say(logging.INFO, "first", {})
    lines.hear(WorkerQuiet("second", raised=ValueError("why")))
    say(logging.INFO, "third", {})
    log.flush()

    text = handler.stream.getvalue()
    assert text.index("first") < text.index("second") < text.index("why") < text.index("third")


def test_other_level_or_handler_holds_after_the_next_round(handler):
    say(logging.DEBUG, "unwanted", {})
    log.logger.setLevel(logging.DEBUG)
    log.flush()
    say(logging.DEBUG, "wanted", {})
    log.flush()
    assert "unwanted" not in handler.stream.getvalue()
    assert " DEBUG " in handler.stream.getvalue()

    other = Keeping()
    log.logger.handlers.append(other)
    log.flush()
    say(logging.INFO, "for both", {})
    log.flush()
    assert [record.getMessage() for record in other.records] == ["for both"]
    assert "for both" in handler.stream.getvalue()
