"""Log lines that cannot be written, and processes that are forked while lines are."""

import logging
import os
import threading

import pytest

from jobs import log
from jobs.ending import Ending
from jobs.events import JobEnded, emit
from jobs.payload import Payload
from jobs.text import MOST_ERROR_CHARACTERS, shown_error
from tests.jobs.saying import say
from tests.jobs.worker.forking import exit_code, forked

PAYLOAD = Payload(0, "a", "shop.OrderJob", "high")


class Nameless(Exception):
    def __repr__(self):
        raise SystemExit

    __str__ = __repr__


class Falsy(Exception):
    def __bool__(self):
        return False


class BlockingStream:
    """A stream whose reader is slow.

    A write takes until the test lets it go.
    """

    def __init__(self) -> None:
        self.is_written = threading.Event()
        self.may_end = threading.Event()
        self.text = ""

    def write(self, text):
        self.is_written.set()
        self.may_end.wait(10)
        self.text += text

    def flush(self):
        pass


@pytest.fixture
def handler():
    """Return a handler of the library on a logger.

    After the test, the logger is as it was.
    """
    handler = log.BatchingHandler(BlockingStream())
    handlers, level, propagate = log.logger.handlers[:], log.logger.level, log.logger.propagate
    log.logger.handlers[:] = [handler]
    log.logger.setLevel(logging.INFO)
    log.logger.propagate = False
    yield handler
    log.logger.handlers[:] = handlers
    log.logger.setLevel(level)
    log.logger.propagate = propagate


def test_filter_that_raises_costs_its_line_and_is_named(handler, capsys):
    def fail(record):
        raise RuntimeError("no filter")

    log.logger.addFilter(fail)
    try:
        emit(JobEnded(PAYLOAD, Ending.DONE, 0.1))
    finally:
        log.logger.removeFilter(fail)

    assert capsys.readouterr().err.count("RuntimeError: no filter") == 1


def test_value_without_a_text_costs_its_line(handler, capsys):
    class Silent:
        def __str__(self):
            raise RuntimeError("no text")

    say(logging.INFO, "job.done", {"value": Silent()})

    assert "RuntimeError: no text" in capsys.readouterr().err


def test_value_that_asks_for_an_exit_costs_its_line_where_no_record_is_made(
    handler, capsys, monkeypatch
):
    class Leaving:
        def __str__(self):
            raise SystemExit

    def work():
        log.lines.collect()
        say(logging.INFO, "job.done", {"value": Leaving()})
        say(logging.INFO, "job.next", {})
        log.lines.stop_collecting()
        handler.flush()

    monkeypatch.setattr(log.logger, "handlers", [handler])  # without those of pytest
    handler.setFormatter(log.PlainFormatter())
    handler.stream.may_end.set()
    thread = threading.Thread(target=work)  # in the main thread of a test it might be a signal
    thread.start()
    thread.join()

    assert "SystemExit" in capsys.readouterr().err
    assert "job.next" in handler.stream.text


def test_handler_that_asks_for_an_exit_when_it_is_flushed_ends_nothing(handler, monkeypatch):
    class Leaving(logging.NullHandler):
        def flush(self):
            raise SystemExit

    def work():
        log.lines.collect()
        say(logging.INFO, "job.next", {})
        log.flush()
        log.lines.stop_collecting()

    monkeypatch.setattr(log.logger, "handlers", [Leaving(), handler])
    handler.stream.may_end.set()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert "job.next" in handler.stream.text
    assert not log.lines._is_collecting


def test_error_that_counts_as_false_is_logged(handler):
    handler.stream.may_end.set()

    say(logging.ERROR, "job.dead", {}, Falsy("no"))

    assert "Falsy: no" in handler.stream.text


def test_error_is_shown_whatever_its_class_does():
    assert shown_error(ValueError("no")) == "ValueError('no')"
    assert shown_error(Nameless()) == "<Nameless, whose __repr__ raised SystemExit>"
    assert len(shown_error(ValueError("x" * 5_000_000))) == MOST_ERROR_CHARACTERS + 1


def test_lines_that_were_kept_are_written_by_the_parent_alone(handler):
    handler.stream.may_end.set()
    handler._written_at = float("inf")  # as if something was written just now
    say(logging.INFO, "kept", {})

    child = forked(lambda: os._exit(len(handler._lines)))

    assert exit_code(child) == 0
    assert len(handler._lines) == 1


def test_fork_waits_for_a_line_so_that_the_child_can_write(handler):
    stream = handler.stream
    writer = threading.Thread(target=say, args=(logging.WARNING, "slow", {}))
    writer.start()
    stream.is_written.wait(10)
    threading.Timer(0.05, stream.may_end.set).start()

    child = forked(lambda: say(logging.WARNING, "from the child", {}))
    has_been_written = "slow" in stream.text

    assert exit_code(child) == 0
    writer.join()
    assert has_been_written
