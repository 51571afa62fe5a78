"""Hostile log lines: values that forge lines, and filters, handlers and formatters that raise."""

import io
import json
import logging
import sys

import pytest

from jobs import log
from tests.jobs.saying import say


def fail(*args):
    raise RuntimeError("a fault of the project")


class Refusing:
    """A value that has no text."""

    __str__ = __repr__ = fail


@pytest.fixture
def stream():
    """Return a stream that refuses what UTF-8 cannot say, as a file does."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict", newline="\n")


@pytest.fixture
def handler(stream, monkeypatch):
    """Give the library's logger one handler of its own."""
    handler = log.BatchingHandler(stream)
    handler.setFormatter(log.PlainFormatter())
    monkeypatch.setattr(log.logger, "handlers", [handler])
    monkeypatch.setattr(log.logger, "filters", [])
    monkeypatch.setattr(log.logger, "propagate", False)
    level = log.logger.level
    log.logger.setLevel(logging.INFO)
    yield handler
    log.logger.setLevel(level)


def lines_of(stream):
    """Return what was written, without times."""
    log.flush()
    text = stream.buffer.getvalue().decode()
    return [line.partition(" pid=")[2].partition(" ")[2] or line for line in text.splitlines()]


def test_value_cannot_forge_a_line_or_talk_to_the_terminal(stream, handler):
    text = "a\n2026-11-24 19:24:25,123+0000 INFO pid=1 job.done\r\x1b[2J\x9b1m\x7f\u2028"
    say(logging.INFO, "one", {"error": text})

    text = r"a\n2026-11-24 19:24:25,123+0000 INFO pid=1 job.done\r\x1b[2J\x9b1m\x7f\u2028"
    assert lines_of(stream) == [f"one error={text}"]


def test_letters_of_all_languages_stay_as_they_are(stream, handler):
    say(logging.INFO, "one", {"error": "größer\xa0als 日本 🎉"})

    assert lines_of(stream) == ["one error=größer\xa0als 日本 🎉"]


def test_traceback_cannot_forge_a_line_either(stream, handler):
    say(logging.ERROR, "one", {}, ValueError("a\n2026-11-24 job.done\x1b[2J"))

    assert lines_of(stream) == ["one", "  ValueError: a", "  2026-11-24 job.done\\x1b[2J"]


def test_half_a_character_costs_no_line(stream, handler):
    handler._written_at = float("inf")  # so that all are written together
    say(logging.INFO, "one", {})
    say(logging.INFO, "two", {"id": "a\udc80"})
    # Not through the logger: what reports on tests between processes cannot carry it.
    handler.handle(
        logging.makeLogRecord({"msg": "three \udc80", "levelno": logging.INFO, "levelname": "INFO"})
    )
    say(logging.INFO, "four", {})

    assert lines_of(stream) == ["one", r"two id=a\udc80", r"three \udc80", "four"]


def test_stream_of_a_poor_encoding_costs_no_line(handler):
    handler.stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")

    say(logging.WARNING, "one", {"error": "größer"})

    assert lines_of(handler.stream) == [r"one error=gr\xf6\xdfer"]


def test_json_keeps_what_the_value_was(stream, handler):
    handler.setFormatter(log.JsonFormatter())

    say(logging.WARNING, "one", {"error": "a\n\x1b\udc80ö"})

    assert json.loads(lines_of(stream)[0])["error"] == "a\n\x1b\udc80ö"


def test_filter_of_the_logger_that_raises_is_told_on_standard_error(handler, monkeypatch, capsys):
    log.logger.filters.append(fail)

    say(logging.INFO, "one", {})

    assert "a fault of the project" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["filter", "handle", "format"])
def test_handler_that_raises_harms_nobody(handler, monkeypatch, place):
    monkeypatch.setattr(handler, place, fail)
    monkeypatch.setattr(sys, "stderr", None)  # where it would be told

    say(logging.ERROR, "one", {}, ValueError("no"))


def test_handler_that_cannot_be_flushed_harms_nobody(handler, monkeypatch):
    monkeypatch.setattr(handler, "flush", fail)

    log.flush()


def test_stream_that_is_no_stream_harms_nobody(handler, monkeypatch):
    monkeypatch.setattr(handler, "stream", None)

    say(logging.INFO, "one", {})
    log.flush()


def test_value_without_text_costs_one_line(stream, handler, capsys):
    say(logging.INFO, "one", {"error": Refusing()})
    say(logging.INFO, "two", {})

    assert lines_of(stream) == ["two"]
    assert "Message: 'one'" in capsys.readouterr().err


def test_stop_is_let_through(handler):
    def stop(record):
        raise KeyboardInterrupt

    log.logger.filters.append(stop)

    with pytest.raises(KeyboardInterrupt):
        say(logging.INFO, "one", {})
