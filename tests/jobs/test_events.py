"""Log lines: stable names and fields, plain or JSON, and no line that harms a job."""

import io
import json
import logging
import sys

import pytest

from jobs import events
from jobs.payload import Payload

PAYLOAD = Payload(0, "a", "shop.OrderJob", "high", failures=1)


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def handler(stream):
    """Return a handler of the library on a logger that is as it was after the test."""
    handler = events.BatchingHandler(stream)
    handlers, level, propagate = events.logger.handlers[:], events.logger.level, events.logger.propagate
    events.logger.handlers[:] = [handler]
    events.logger.setLevel(logging.INFO)
    events.logger.propagate = False
    yield handler
    events.logger.handlers[:] = handlers
    events.logger.setLevel(level)
    events.logger.propagate = propagate


def test_line_has_a_name_and_fields(caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        events.job_ended("job.done", PAYLOAD, 0.25, worker="w")

    [record] = caplog.records
    line = "job.done class=shop.OrderJob id=a queue=high attempt=2 elapsed=0.2500 worker=w"
    assert record.getMessage() == line
    assert record.fields == {
        "class": "shop.OrderJob", "id": "a", "queue": "high", "attempt": 2, "elapsed": "0.2500", "worker": "w"
    }  # fmt: skip
    assert (record.name, record.levelno, record.event) == ("jobs", logging.INFO, "job.done")


def test_start_of_a_job_is_told_to_those_who_debug(caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        events.job_started(PAYLOAD)
    assert caplog.records == []

    with caplog.at_level(logging.DEBUG, "jobs"):
        events.job_started(PAYLOAD)
    assert caplog.messages == ["job.started class=shop.OrderJob id=a queue=high attempt=2"]


def test_percent_signs_in_fields_are_only_text(caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        events.emit(logging.INFO, "job.done", {"error": "100 %s %d"})

    assert caplog.messages == ["job.done error=100 %s %d"]


def test_error_follows_the_line(caplog):
    with caplog.at_level(logging.ERROR, "jobs"):
        events.emit(logging.ERROR, "handler.failed", {}, ValueError("no"))

    assert "ValueError: no" in caplog.text


def test_plain_line_has_time_level_and_process(stream, handler):
    handler.setFormatter(events.PlainFormatter())

    events.emit(logging.INFO, "job.done", {"id": "a"})
    events.flush()

    assert stream.getvalue().endswith(" job.done id=a\n")
    date, time, level, pid, *_ = stream.getvalue().split()
    assert (len(date), len(time), level, pid.startswith("pid=")) == (10, 12, "INFO", True)


def test_json_line_has_the_fields_beside_the_event(stream, handler):
    handler.setFormatter(events.JsonFormatter())

    events.emit(logging.WARNING, "job.retried", {"id": "a", "error": ValueError("no")}, ValueError("no"))
    events.flush()

    line = json.loads(stream.getvalue())
    assert (line["event"], line["id"], line["level"], line["logger"]) == ("job.retried", "a", "WARNING", "jobs")
    assert line["error"] == "no"
    assert "ValueError: no" in line["traceback"]


def test_line_of_somebody_else_is_json_too(stream, handler):
    handler.setFormatter(events.JsonFormatter())

    logging.getLogger("jobs.project").warning("hello %s", "world")
    events.flush()

    assert json.loads(stream.getvalue())["message"] == "hello world"


def test_rare_line_is_written_at_once(stream, handler):
    events.emit(logging.INFO, "one", {})

    assert stream.getvalue() == "one\n"


def test_lines_that_come_thick_and_fast_are_written_together(stream, handler):
    handler._written_at = float("inf")  # as if something was written just now
    events.emit(logging.INFO, "one", {})
    events.emit(logging.INFO, "two", {})
    assert stream.getvalue() == ""

    events.flush()

    assert stream.getvalue() == "one\ntwo\n"


def test_warning_is_never_held_back(stream, handler):
    handler._written_at = float("inf")
    events.emit(logging.INFO, "one", {})

    events.emit(logging.WARNING, "two", {})

    assert stream.getvalue() == "one\ntwo\n"


def test_stream_that_cannot_be_written_fails_no_job(handler, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # where logging itself would complain
    handler.stream = open("/dev/null")  # noqa: SIM115, PTH123  # it is not open for writing

    events.emit(logging.WARNING, "one", {})

    handler.stream.close()


def test_wrong_arguments_of_a_log_call_fail_no_job(handler, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)

    handler.handle(logging.LogRecord("jobs.project", logging.WARNING, __file__, 1, "%d", ("no number",), None))


def test_filter_of_the_handler_counts(stream, handler):
    handler.addFilter(lambda record: "secret" not in record.getMessage())

    events.emit(logging.WARNING, "secret", {})

    assert stream.getvalue() == ""


@pytest.mark.parametrize(("form", "formatter"), [("plain", events.PlainFormatter), ("json", events.JsonFormatter)])
def test_lines_go_to_standard_error_in_the_form_that_was_asked_for(handler, form, formatter, capsys):
    events.logger.setLevel(logging.NOTSET)

    events.log_to_stderr(form)
    events.emit(logging.INFO, "job.done", {"id": "a"})
    events.flush()

    assert type(events.logger.handlers[0].formatter) is formatter
    assert "job.done" in capsys.readouterr().err
    assert events.logger.level == logging.INFO


def test_level_that_a_project_chose_is_kept(handler):
    events.logger.setLevel(logging.WARNING)

    events.log_to_stderr("plain")

    assert events.logger.level == logging.WARNING
