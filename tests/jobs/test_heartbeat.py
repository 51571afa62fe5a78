"""The heartbeat: both directions fit.

Nothing that stands in a hash makes reading it fail.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.heartbeat import MOST_RUNNING, Heartbeat, JobInHand

FULL = Heartbeat(
    host="web1",
    pid=42,
    queues=("high", "default"),
    concurrency=5,
    busy=2,
    running=(
        JobInHand("0190aa", "high", 1_700_000_000.25, "shop.ReportJob"),
        JobInHand("0190bb", "default", 1_700_000_001.0),
    ),
    is_quiet=True,
    is_stopping=True,
    started_at=1_699_999_999.5,
    beat_at=1_700_000_002.0,
    peak_memory_bytes=1024,
    leaves_for="memory",
)


def as_redis_has_it(facts):
    return {
        name.encode(): value.encode("utf-8", "surrogateescape") for name, value in facts.items()
    }


def read(**changes):
    """Return what is read of a heartbeat with some fields changed.

    A field that is None is left out. All others are there.
    """
    facts = FULL.to_hash() | changes
    return Heartbeat.from_hash(as_redis_has_it({k: v for k, v in facts.items() if v is not None}))


def test_what_was_written_is_read():
    assert read() == FULL
    assert read().faults == ()


def test_ids_and_queues_of_any_bytes_survive():
    odd = Heartbeat(
        running=(JobInHand("a b\n50%\udcff", "q\tq", 1.0, "a\nb c"), JobInHand("", "", 2.0))
    )

    assert Heartbeat.from_hash(as_redis_has_it(odd.to_hash())) == odd


@pytest.mark.parametrize("name", sorted(FULL.to_hash()))
def test_field_that_an_older_version_does_not_write_costs_nothing_else(name):
    beat = read(**{name: None})

    assert beat.faults == ()
    assert {k: v for k, v in beat.to_hash().items() if k != name} == {
        k: v for k, v in FULL.to_hash().items() if k != name
    }


def test_fields_of_a_newer_version_are_passed_over():
    running = "0190aa high 1700000000.250 seq=7 app.Job"

    beat = read(running=running, mood="good", cpu_percent="12")

    assert beat.running == (JobInHand("0190aa", "high", 1_700_000_000.25),)
    assert (beat.pid, beat.faults) == (42, ())


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"pid": "x"}, "pid is 'x'"),
        ({"concurrency": "-5"}, "concurrency is '-5'"),
        ({"busy": "9" * 5000}, f"busy is '{'9' * 39}…'"),
        ({"quiet": "yes"}, "quiet is 'yes'"),
        ({"started_at": "inf"}, "started_at is 'inf'"),
        ({"beat_at": "soon"}, "beat_at is 'soon'"),
        ({"running": "0190aa high"}, "running is '0190aa high'"),
        ({"running": "0190aa high nan"}, "running is '0190aa high nan'"),
        ({"peak_memory_bytes": "\udcff"}, r"peak_memory_bytes is '\\xff'"),
    ],
)
def test_field_of_the_wrong_form_is_named_and_the_rest_is_read(changes, fault):
    beat = read(**changes)

    assert beat.faults == (fault,)
    assert (beat.host, beat.queues) == ("web1", ("high", "default"))


def test_one_bad_line_costs_no_other_running_job():
    beat = read(running="0190aa high 1.0\nnonsense\n0190bb default 2.0")

    assert [job.job_id for job in beat.running] == ["0190aa", "0190bb"]


def test_list_of_running_jobs_without_end_is_cut():
    assert (
        len(read(running="\n".join(["0190aa high 1.0"] * 5 * MOST_RUNNING)).running) == MOST_RUNNING
    )


@given(
    st.dictionaries(
        st.one_of(st.sampled_from([k.encode() for k in FULL.to_hash()]), st.binary()), st.binary()
    )
)
def test_no_hash_makes_reading_fail(facts):
    beat = Heartbeat.from_hash(facts)

    assert all(isinstance(fault, str) for fault in beat.faults)
    beat.to_hash()
