"""The log beside what a project does to the logging module.

And beside a reader of it that hangs.
"""

import importlib
import io
import logging
import threading

import pytest

from jobs import log
from jobs.log import lines
from tests.jobs.saying import say
from tests.waiting import wait_until

MODULE = importlib.import_module("jobs.log.lines")  # the package has an object of this name


class Hanging(io.StringIO):
    """A stream whose reader takes nothing until the test lets it."""

    def __init__(self):
        super().__init__()
        self.is_written, self.may_end = threading.Event(), threading.Event()

    def write(self, text):
        self.is_written.set()
        self.may_end.wait(30)
        return super().write(text)


@pytest.fixture
def collecting(monkeypatch):
    """Return a function that puts a handler alone on the logger.

    From then on lines are collected, as in a worker.
    """
    level = log.logger.level
    monkeypatch.setattr(log.logger, "propagate", False)
    log.logger.setLevel(logging.INFO)

    def collect(handler):
        monkeypatch.setattr(log.logger, "handlers", [handler])
        lines.collect()
        return handler

    yield collect
    lines.stop_collecting()
    log.logger.setLevel(level)


def batching(stream):
    handler = log.BatchingHandler(stream)
    handler.setFormatter(log.PlainFormatter())
    return handler


def say_all(names):
    for name in names:
        say(logging.INFO, name, {})


def is_written():
    log.flush()
    return not lines._waiting


def test_reader_that_hangs_fills_no_memory_and_costs_no_line(collecting, monkeypatch):
    monkeypatch.setattr(MODULE, "MOST_KEPT", 100)
    monkeypatch.setattr(MODULE, "MOST_WAITING", 50)
    handler = collecting(batching(Hanging()))
    numbers = [f"n{number:04}" for number in range(1_000)]
    say(logging.INFO, numbers[0], {})
    main = threading.Thread(target=log.flush)
    main.start()
    assert handler.stream.is_written.wait(30)
    handler._written_at = 0.0  # as if that was long ago
    job = threading.Thread(target=say_all, args=(numbers[1:],))
    job.start()

    wait_until(lambda: len(lines._waiting) >= 49)
    assert len(handler._lines) <= 102
    assert job.is_alive()

    handler.stream.may_end.set()
    for thread in (main, job):
        thread.join(30)
    wait_until(is_written)
    log.flush()
    assert [line.split()[-1] for line in handler.stream.getvalue().splitlines()] == numbers


def test_slow_handler_gets_all_lines_in_order(collecting, monkeypatch):
    monkeypatch.setattr(MODULE, "MOST_WAITING", 20)
    heard, pause = [], threading.Event()

    class Slow(logging.Handler):
        def emit(self, record):
            pause.wait(0.01)
            heard.append(record.getMessage())

    collecting(Slow())
    numbers = [f"n{number:03}" for number in range(60)]
    say_all(numbers)
    wait_until(is_written)

    assert heard == numbers


@pytest.mark.parametrize("is_collecting", [True, False])
def test_record_has_what_the_project_gives_to_every_record(collecting, is_collecting):
    """OpenTelemetry sets such a factory, and a format that counts on it."""
    factory = logging.getLogRecordFactory()

    def with_trace(*args, **kwargs):
        record = factory(*args, **kwargs)
        record.trace = "0af7"
        return record

    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logging.Formatter("%(trace)s %(levelname)s %(event)s %(message)s"))
    collecting(handler)
    logging.setLogRecordFactory(with_trace)
    try:
        if not is_collecting:
            lines.stop_collecting()
        say(logging.INFO, "job.done", {"id": "a"}, ValueError("why"))
        log.flush()
    finally:
        logging.setLogRecordFactory(factory)

    first, *traceback = handler.stream.getvalue().splitlines()
    assert first == "0af7 INFO job.done job.done id=a"
    assert traceback[-1] == "ValueError: why"


def test_factory_of_the_project_that_fails_costs_its_line(collecting, capsys):
    factory = logging.getLogRecordFactory()

    def fail(*args, **kwargs):
        raise RuntimeError("no record")

    handler = collecting(logging.StreamHandler(io.StringIO()))
    logging.setLogRecordFactory(fail)
    try:
        say(logging.INFO, "job.done", {})
        log.flush()
    finally:
        logging.setLogRecordFactory(factory)
    say(logging.INFO, "job.next", {})
    log.flush()

    assert handler.stream.getvalue() == "job.next\n"
    assert "RuntimeError: no record" in capsys.readouterr().err


def test_handlers_may_be_taken_away_while_the_log_looks_at_them(collecting, monkeypatch):
    """The main thread of a worker looks: an error would end it."""

    class Vanishing(list):
        def __len__(self):
            return 1

    collecting(batching(io.StringIO()))
    monkeypatch.setattr(log.logger, "handlers", Vanishing())

    log.flush()
