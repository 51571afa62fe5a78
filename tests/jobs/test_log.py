"""Log lines have stable names and fields, plain or as JSON.

No line harms a job.
"""

import io
import json
import logging
import re
import sys
import time

import pytest

from jobs import log
from jobs.ending import Ending
from jobs.events import JobEnded, JobStarted, emit
from jobs.payload import Payload
from tests.jobs.saying import say

PAYLOAD = Payload(0, "a", "shop.OrderJob", "high", failures=1)


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def handler(stream):
    """Return a handler of the library on a logger.

    After the test, the logger is as it was.
    """
    handler = log.BatchingHandler(stream)
    handlers, level, propagate = log.logger.handlers[:], log.logger.level, log.logger.propagate
    log.logger.handlers[:] = [handler]
    log.logger.setLevel(logging.INFO)
    log.logger.propagate = False
    yield handler
    log.logger.handlers[:] = handlers
    log.logger.setLevel(level)
    log.logger.propagate = propagate


def test_line_has_a_name_and_fields(caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        emit(JobEnded(PAYLOAD, Ending.DONE, 0.25))

    [record] = caplog.records
    line = "job.done class=shop.OrderJob id=a queue=high attempt=2 elapsed=0.2500"
    assert record.getMessage() == line
    assert record.fields == {
        "class": "shop.OrderJob", "id": "a", "queue": "high", "attempt": 2, "elapsed": "0.2500"
    }  # fmt: skip
    assert (record.name, record.levelno, record.event) == ("jobs", logging.INFO, "job.done")


def test_start_of_a_job_is_told_to_those_who_debug(caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        emit(JobStarted(PAYLOAD))
    assert caplog.records == []

    with caplog.at_level(logging.DEBUG, "jobs"):
        emit(JobStarted(PAYLOAD))
    assert caplog.messages == ["job.started class=shop.OrderJob id=a queue=high attempt=2"]


def test_percent_signs_in_fields_are_only_text(caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        say(logging.INFO, "job.done", {"error": "100 %s %d"})

    assert caplog.messages == ["job.done error=100 %s %d"]


def test_error_follows_the_line(caplog):
    with caplog.at_level(logging.ERROR, "jobs"):
        say(logging.ERROR, "handler.failed", {}, ValueError("no"))

    assert "ValueError: no" in caplog.text


def test_plain_line_has_time_level_and_process(stream, handler):
    handler.setFormatter(log.PlainFormatter())

    say(logging.INFO, "job.done", {"id": "a"})
    log.flush()

    assert stream.getvalue().endswith(" job.done id=a\n")
    date, clock, level, pid, *_ = stream.getvalue().split()
    assert (level, pid.startswith("pid=")) == ("INFO", True)
    assert re.fullmatch(r"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d,\d\d\d[+-]\d\d\d\d", f"{date} {clock}")


def test_json_line_has_the_fields_beside_the_event(stream, handler):
    handler.setFormatter(log.JsonFormatter())

    say(logging.WARNING, "job.retried", {"id": "a", "error": ValueError("no")}, ValueError("no"))
    log.flush()

    line = json.loads(stream.getvalue())
    assert (line["event"], line["id"], line["level"], line["logger"]) == (
        "job.retried",
        "a",
        "WARNING",
        "jobs",
    )
    assert line["error"] == "no"
    assert "ValueError: no" in line["traceback"]


@pytest.mark.parametrize(
    ("zone", "plain", "in_json"),
    [
        ("UTC0", "2026-11-24 19:24:25,123+0000", "2026-11-24T19:24:25.123+00:00"),
        ("EST5", "2026-11-24 14:24:25,123-0500", "2026-11-24T14:24:25.123-05:00"),
        ("IST-5:30", "2026-11-25 00:54:25,123+0530", "2026-11-25T00:54:25.123+05:30"),
    ],
)
def test_times_carry_their_zone(monkeypatch, zone, plain, in_json):
    facts = {"created": 1795548265.1234, "msecs": 123.4, "levelname": "INFO", "msg": "one"}
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        record = logging.makeLogRecord(facts)
        lines = [form().format(record) for form in (log.PlainFormatter, log.JsonFormatter)]
    finally:
        monkeypatch.undo()
        time.tzset()

    assert lines[0].startswith(f"{plain} INFO ")
    assert json.loads(lines[1])["time"] == in_json


def test_time_goes_on(stream):
    formatter = log.PlainFormatter()
    facts = [{"created": at, "msecs": 7.9} for at in (59.007, 59.007, 60.007)]
    lines = [formatter.format(logging.makeLogRecord(fact)) for fact in facts]

    assert lines[0] == lines[1]
    assert [line.split()[1][3:12] for line in lines[1:]] == ["00:59,007", "01:00,007"]


def test_line_of_somebody_else_is_json_too(stream, handler):
    handler.setFormatter(log.JsonFormatter())

    logging.getLogger("jobs.project").warning("hello %s", "world")
    log.flush()

    assert json.loads(stream.getvalue())["message"] == "hello world"


def test_rare_line_is_written_at_once(stream, handler):
    say(logging.INFO, "one", {})

    assert stream.getvalue() == "one\n"


def test_lines_that_come_thick_and_fast_are_written_together(stream, handler):
    handler._written_at = float("inf")  # as if something was written just now
    say(logging.INFO, "one", {})
    say(logging.INFO, "two", {})
    assert stream.getvalue() == ""

    log.flush()

    assert stream.getvalue() == "one\ntwo\n"


def test_warning_is_never_held_back(stream, handler):
    handler._written_at = float("inf")
    say(logging.INFO, "one", {})

    say(logging.WARNING, "two", {})

    assert stream.getvalue() == "one\ntwo\n"


def test_stream_that_cannot_be_written_fails_no_job(handler, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # where logging itself would complain
    handler.stream = open("/dev/null")  # noqa: SIM115, PTH123  # it is not open for writing

    say(logging.WARNING, "one", {})

    handler.stream.close()


def test_wrong_arguments_of_a_log_call_fail_no_job(handler, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)

    handler.handle(
        logging.LogRecord("jobs.project", logging.WARNING, __file__, 1, "%d", ("no number",), None)
    )


def test_filter_of_the_handler_counts(stream, handler):
    handler.addFilter(lambda record: "secret" not in record.getMessage())

    say(logging.WARNING, "secret", {})

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("form", "formatter"), [("plain", log.PlainFormatter), ("json", log.JsonFormatter)]
)
def test_lines_go_to_standard_error_in_the_form_that_was_asked_for(
    handler, form, formatter, capsys
):
    log.logger.setLevel(logging.NOTSET)

    log.log_to_stderr(form)
    say(logging.INFO, "job.done", {"id": "a"})
    log.flush()

    assert type(log.logger.handlers[0].formatter) is formatter
    assert "job.done" in capsys.readouterr().err
    assert log.logger.level == logging.INFO


def test_level_that_a_project_chose_is_kept(handler):
    log.logger.setLevel(logging.WARNING)

    log.log_to_stderr("plain")

    assert log.logger.level == logging.WARNING


class Shouting(logging.Handler):
    def emit(self, record):
        pass


@pytest.mark.parametrize("form", [log.PlainFormatter, log.JsonFormatter])
@pytest.mark.parametrize(
    "look",
    [
        lambda handler: None,
        lambda handler: handler.addFilter(lambda record: True),
        lambda handler: log.logger.addFilter(always),
        lambda handler: log.logger.handlers.append(Shouting()),
    ],
    ids=["nobody", "filter", "filter of the logger", "handler"],
)
def test_line_is_the_same_whether_somebody_looks_at_records_or_not(stream, handler, form, look):
    handler.setFormatter(form())
    look(handler)
    event = JobEnded(
        PAYLOAD, Ending.SNOOZED, 0.25, ValueError("no\nforged"), delay=1.0, at=1795548265.1239
    )
    log.lines.collect()
    try:
        emit(event)
        assert stream.getvalue() == ""
        log.flush()
    finally:
        log.lines.stop_collecting()
        log.logger.filters[:] = []

    written = stream.getvalue()
    record = logging.makeLogRecord({"created": event.at, "levelname": "INFO", "name": "jobs"})
    record.msg = (
        written
        if form is log.JsonFormatter
        else written.partition(f"pid={record.process} ")[2][:-1]
    )
    record.event, record.fields = event.name, event.fields()
    assert written == form().format(record) + "\n"
    assert "no\\nforged" in written or "no\\\\nforged" in written


def always(record):
    return True


def test_value_without_a_text_costs_its_line_alone(stream, handler, capsys):
    class Silent:
        def __str__(self):
            raise RuntimeError("no text")

    handler.setFormatter(log.PlainFormatter())
    log.lines.collect()
    try:
        say(logging.INFO, "first", {})
        say(logging.INFO, "second", {"value": Silent()})
        say(logging.INFO, "third", {})
        log.flush()
    finally:
        log.lines.stop_collecting()

    assert [line.split()[-1] for line in stream.getvalue().splitlines()] == ["first", "third"]
    assert "RuntimeError: no text" in capsys.readouterr().err
