"""Payloads: JSON whose first field the scripts can read.

Nothing unreadable gets past the decoder.
"""

import datetime

import orjson
import pytest

from jobs.errors import InvalidPayload
from jobs.parked import corrupt_payload
from jobs.payload import Payload, decode, decode_for

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
        errors=[{"class": "ValueError", "message": "no", "at": 1.0, "worker": "w"}],
        options={"dead": False},
        context={"language": "de"},
        result={"x": 1},
        started_at=3.25,
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
                ("started_at", {}),
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
    assert (
        again.extra["unreadable"].encode()[:5]
        == raw[:10_000].decode("utf-8", "backslashreplace").encode()[:5]
    )
    assert again.errors[0]["message"] == "not JSON"


def test_dates_in_a_result_become_text():
    raw = payload(result=datetime.date(2026, 1, 1)).encode()

    assert decode(raw).result == "2026-01-01"


# Ranges, depth, and whose it is


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", 101),
        ("priority", -(2**62)),
        ("enqueued_at", -1),
        ("enqueued_at", 1e300),
        ("run_after", -0.5),
        ("run_after", 10**18),
        ("started_at", 2**44 / 1000),
        ("finished_at", 2**44 / 1000),
        ("failures", -1),
        ("failures", 2**31),
        ("crashes", -5),
        ("interruptions", 2**63),
    ],
)
def test_number_that_cannot_be_is_refused_by_name(name, value):
    with pytest.raises(InvalidPayload, match=f"{name} is "):
        decode(orjson.dumps({**SIMPLE, name: value}))


@pytest.mark.parametrize("number", [b"1e999", b"NaN", b"-Infinity"])
def test_number_that_json_has_not_is_refused(number):
    raw = orjson.dumps({**SIMPLE, "run_after": 7}).replace(b":7", b":" + number)

    with pytest.raises(InvalidPayload, match="not JSON"):
        decode(raw)


@pytest.mark.parametrize("depth", [260, 990, 100_000])
def test_payload_that_is_too_deep_to_be_written_back_is_refused(depth):
    raw = orjson.dumps({**SIMPLE, "args": [0]}).replace(b"[0]", b"[" * depth + b"]" * depth)

    with pytest.raises(InvalidPayload, match=r"nested too deeply|depth limit"):
        decode(raw)


def test_payload_with_many_brackets_that_is_not_deep_is_read():
    lines = [[n] for n in range(1000)]

    assert decode(payload(args=[lines]).encode()).args == [lines]


@pytest.mark.parametrize(
    ("error", "readable"),
    [
        ({}, {"class": "", "message": "", "at": 0.0}),
        ({"class": "E", "message": "m", "at": 5}, {"class": "E", "message": "m", "at": 5}),
        ({"class": 7, "message": None, "at": "now"}, {"class": "7", "message": "None", "at": 0.0}),
        (
            {"class": ["E"], "message": {"a": 1}, "at": 1e300},
            {"class": "['E']", "message": "{'a': 1}", "at": 0.0},
        ),
        ({"message": "m", "at": True, "by": 1}, {"class": "", "message": "m", "at": 0.0, "by": 1}),
        ({"message": "m", "at": -1}, {"class": "", "message": "m", "at": 0.0}),
    ],
)
def test_odd_error_is_made_readable(error, readable):
    assert decode(orjson.dumps({**SIMPLE, "errors": [error]})).errors == [readable]


@pytest.mark.parametrize("value", [{"id": "b", "args": [1]}, {}, "ab", 7, None])
def test_field_called_extra_is_a_name_like_any_other(value):
    raw = orjson.dumps({**SIMPLE, "extra": value})

    decoded = decode(raw)

    assert (decoded.id, decoded.args, decoded.extra) == ("a", [], {"extra": value})
    assert orjson.loads(decoded.encode())["extra"] == value


def test_extra_never_stands_for_a_known_field():
    forged = payload(
        extra={"id": "b", "job_class": "evil.Job", "kwargs": {"a": 1}, "failures": 9, "shard": 7}
    )

    data = orjson.loads(forged.encode())

    assert (data["id"], data["job_class"], data["shard"]) == ("a", "shop.OrderJob", 7)
    assert not {"kwargs", "failures"} & set(data)


def test_payload_of_its_own_key_is_read():
    assert decode_for(orjson.dumps(SIMPLE), "a", "q") == decode(orjson.dumps(SIMPLE))


@pytest.mark.parametrize(
    ("job_id", "queue", "message"),
    [
        ("b", "q", "id is 'a', but it is kept for 'b'"),
        ("a", "other", "queue is 'q', but it is kept in 'other'"),
        ("b" * 1_000_000, "q", "is kept for 'bbb"),
    ],
    ids=["id", "queue", "long"],
)
def test_payload_of_another_key_is_refused(job_id, queue, message):
    with pytest.raises(InvalidPayload, match=message) as raised:
        decode_for(orjson.dumps(SIMPLE), job_id, queue)

    assert len(str(raised.value)) < 300


def test_number_of_more_than_64_bits_from_elsewhere_stays_as_it_is():
    raw = b'{"priority":0,"id":"a","job_class":"x","queue":"q","args":[1180591620717411303424]}'

    payload = decode(raw)

    assert payload.args == [2**70]
    assert decode(payload.changed(failures=1).encode()).args == [2**70]


def test_result_of_more_than_64_bits_from_elsewhere_stays_as_it_is():
    raw = b'{"priority":0,"id":"a","job_class":"x","queue":"q","result":1180591620717411303424}'

    assert decode(decode(raw).changed(failures=1).encode()).result == 2**70
