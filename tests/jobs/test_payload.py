"""Payloads: JSON whose first field the scripts can read, and nothing unreadable gets past the decoder."""

import datetime

import orjson
import pytest

from jobs.errors import InvalidPayload
from jobs.payload import Payload, corrupt_payload, decode

SIMPLE = {"priority": 0, "id": "a", "job_class": "shop.OrderJob", "queue": "q"}


def payload(**changes):
    return Payload(5, "a", "shop.OrderJob", "q", **changes)


def test_payload_comes_back_as_it_was():
    full = payload(
        args=[1],
        kwargs={"a": None},
        enqueued_at=1.5,
        run_after=2.5,
        failures=1,
        crashes=2,
        interruptions=3,
        errors=[{"class": "ValueError"}],
        options={"dead": False},
        context={"language": "de"},
        result={"x": 1},
        finished_at=3.5,
    )

    assert decode(full.encode()) == full


@pytest.mark.parametrize("priority", [-100, 0, 100])
def test_priority_stands_at_the_very_start(priority):
    raw = Payload(priority, "a", "shop.OrderJob", "q").encode()

    assert raw.startswith(b'{"priority":%d,' % priority)


def test_fields_that_hold_their_defaults_take_no_room():
    assert set(orjson.loads(payload().encode())) == {*SIMPLE, "args", "enqueued_at"}


@pytest.mark.parametrize("result", [0, 0.0, False, "", [], {}])
def test_result_that_is_empty_is_kept(result):
    kept = decode(payload(result=result, finished_at=1.0).encode()).result

    assert kept == result
    assert type(kept) is type(result)


def test_fields_of_a_newer_version_are_kept():
    raw = orjson.dumps({**SIMPLE, "shard": 7})

    decoded = decode(raw)

    assert decoded.extra == {"shard": 7}
    assert orjson.loads(decoded.changed(failures=1).encode())["shard"] == 7


def test_change_makes_a_copy():
    first = payload()

    second = first.changed(failures=2)

    assert (first.failures, second.failures) == (0, 2)


def test_attempt_counts_failures_only():
    assert payload(failures=2, crashes=5, interruptions=5).attempt == 3


def test_what_is_not_json_is_refused_with_the_job():
    with pytest.raises(InvalidPayload, match=r"Job a \(shop.OrderJob\) is not JSON"):
        payload(result=object()).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\x00",
        b"{",
        b"null",
        b"[]",
        b"[1, 2]",
        b'"text"',
        b"7",
        b"{}",
        orjson.dumps({"priority": 0, "id": "a"}),
        *(
            orjson.dumps({**SIMPLE, name: wrong})
            for name, wrong in [
                ("priority", "high"),
                ("priority", True),
                ("id", 1),
                ("job_class", None),
                ("queue", ["q"]),
                ("args", {}),
                ("args", "abc"),
                ("kwargs", []),
                ("enqueued_at", "now"),
                ("run_after", "now"),
                ("failures", "1"),
                ("failures", None),
                ("crashes", 1.5),
                ("interruptions", []),
                ("errors", {}),
                ("errors", ["text"]),
                ("options", []),
                ("context", None),
                ("finished_at", {}),
            ]
        ),
        orjson.dumps({**SIMPLE, "failures": "1", "unknown": 1}),
    ],
)
def test_unreadable_bytes_are_refused(raw):
    with pytest.raises(InvalidPayload):
        decode(raw)


def test_missing_fields_are_told():
    with pytest.raises(InvalidPayload, match="queue"):
        decode(orjson.dumps({"priority": 0, "id": "a", "job_class": "x"}))


def test_wrong_type_is_told():
    with pytest.raises(InvalidPayload, match="failures is of type str"):
        decode(orjson.dumps({**SIMPLE, "failures": "x"}))


@pytest.mark.parametrize("raw", [b"\xff\x00", b'{"half', "é".encode() * 20_000])
def test_corrupt_bytes_are_kept_for_people(raw):
    parked = corrupt_payload("a", "q", raw, {"class": "InvalidPayload", "message": "not JSON"})

    again = decode(parked.encode())

    assert (again.id, again.queue, again.job_class) == ("a", "q", "")
    assert again.extra["unreadable_bytes"] == len(raw)
    assert again.extra["unreadable"].encode()[:5] == raw[:10_000].decode("utf-8", "backslashreplace").encode()[:5]
    assert again.errors[0]["message"] == "not JSON"


def test_dates_in_a_result_become_text():
    raw = payload(result=datetime.date(2026, 1, 1)).encode()

    assert decode(raw).result == "2026-01-01"
