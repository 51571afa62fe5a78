"""Many jobs at once go in portions, bounded by number and bytes.

When one fails, the truth is told about those that are in.
"""

import pytest
from django.db import transaction

from jobs import InvalidArguments, Job, StoreUnavailable
from jobs.bounds import NO_BOUNDS
from jobs.client import Client
from jobs.store import NewJob, Store
from jobs.store.intake import Intake
from tests.jobs.enqueued import arguments, pushes
from tests.jobs.store.sample_queue import SampleQueue, new_job
from tests.jobs.worker.lossy_proxy import LossyProxy

LARGE = "x" * 300_000


class NoteJob(Job):
    def perform(self, text: str = "") -> None:
        """Do nothing."""


class FailingIntake(Intake):
    """Goes away after the first portion."""

    portions = 0

    def push_all(self, jobs_by_queue, duplicates=None, bounds=NO_BOUNDS):
        self.portions += 1
        if self.portions > 1:
            raise StoreUnavailable("redis://away", "gone")
        return super().push_all(jobs_by_queue, duplicates, bounds)


class FailingStore(Store):
    def __init__(self, url, portions=0):
        super().__init__(url)
        self.intake = FailingIntake(self)
        self.intake.portions = portions


@pytest.fixture
def warm(store):
    """Let Redis know the script, so that only pushes are counted afterwards."""
    NoteJob.using(commit="immediate").enqueue()
    store.client.config_resetstat()
    return store


def large_job(job_id):
    return NewJob(job_id, b'{"priority":0,' + b"x" * 300_000, 0)


# Portions


def test_large_jobs_go_in_portions_of_one_megabyte(warm):
    NoteJob.enqueue_many([[LARGE]] * 10)

    assert pushes(warm.client) == 4
    assert len(arguments(warm)) == 11


def test_items_are_read_as_they_are_pushed(warm):
    def items():
        for number in range(12):
            waiting.append(number + 2 - len(arguments(warm)))
            yield [LARGE]

    waiting: list[int] = []
    NoteJob.enqueue_many(items())

    assert max(waiting) <= 5


def test_job_that_is_larger_than_a_portion_goes_alone(warm, settings):
    settings.JOBS = {"MAX_PAYLOAD_BYTES": 5_000_000}

    NoteJob.enqueue_many([["a"], ["x" * 2_000_000], ["b"]])

    assert pushes(warm.client) == 3
    assert [len(args[0]) for args in arguments(warm) if args] == [1, 2_000_000, 1]


def test_portion_holds_jobs_of_several_queues(store):
    store.client.config_resetstat()

    Client(lambda: store, timeout=5.0).push([("ab"[n % 2], large_job(f"{n:02}")) for n in range(6)])

    assert pushes(store.client) >= 4
    assert SampleQueue(store, "a").ids("ready") == ["00", "02", "04"]


@pytest.mark.django_db(transaction=True)
def test_large_jobs_of_a_transaction_go_in_portions(warm):
    with transaction.atomic():
        for _ in range(10):
            NoteJob.enqueue(LARGE)

    assert pushes(warm.client) == 4
    assert len(arguments(warm)) == 11


# When one fails


def test_failed_push_tells_how_many_are_in(redis_url, store):
    failing = FailingStore(redis_url)

    with pytest.raises(StoreUnavailable) as raised:
        Client(lambda: failing, 1.0).push([("q", new_job(f"{n:05}")) for n in range(2500)])

    assert (raised.value.pushed, raised.value.jobs) == (1000, 2500)
    assert (
        "Of 2,500 jobs the first 1,000 are enqueued; whether the next ones are is not known"
        in str(raised.value)
    )
    assert len(SampleQueue(store).ids("ready")) == 1000
    failing.close()


def test_jobs_that_are_in_are_the_first_though_one_queue_has_a_limit(redis_url, settings, store):
    settings.JOBS = {"REDIS_URL": redis_url, "QUEUE_LIMITS": {"b": 5}}
    failing = FailingStore(redis_url)

    with pytest.raises(StoreUnavailable) as raised:
        Client(lambda: failing, 0.1).push([(queue, new_job(f"{queue}1")) for queue in "abc"])

    assert raised.value.pushed == 1
    assert [SampleQueue(store, queue).ids("ready") for queue in "abc"] == [["a1"], [], []]
    failing.close()


def test_failed_push_of_one_job_speaks_of_no_others(redis_url):
    failing = FailingStore(redis_url, portions=1)

    with pytest.raises(StoreUnavailable) as raised:
        Client(lambda: failing, 0.1).push([("q", new_job("a"))])

    assert (raised.value.pushed, raised.value.jobs) == (0, 1)
    assert "enqueued" not in str(raised.value)
    failing.close()


def test_enqueue_many_counts_the_jobs_of_earlier_batches(redis_url, settings, store):
    proxy = LossyProxy(redis_url)
    settings.JOBS = {"REDIS_URL": proxy.url, "ENQUEUE_TIMEOUT": 0.5}

    def items():
        yield from ([str(n)] for n in range(20))
        proxy.go_down()
        yield from ([str(n)] for n in range(20, 30))

    with pytest.raises(StoreUnavailable) as raised:
        NoteJob.enqueue_many(items(), batch_size=10)

    assert raised.value.jobs == 30
    assert raised.value.pushed in {10, 20}  # the answer to the second batch may be lost
    assert arguments(store)[: raised.value.pushed] == [[str(n)] for n in range(raised.value.pushed)]
    proxy.close()


@pytest.mark.parametrize("bad", [ZeroDivisionError("no more"), None])
def test_error_in_the_middle_tells_that_earlier_batches_stay(store, bad):
    def items():
        yield from ([str(n)] for n in range(5))
        if bad:
            raise bad
        yield [object()]

    with pytest.raises((ZeroDivisionError, InvalidArguments)) as raised:
        NoteJob.enqueue_many(items(), batch_size=2)

    assert arguments(store) == [["0"], ["1"], ["2"], ["3"]]
    assert any("4 jobs of this call stay" in note for note in raised.value.__notes__)


def test_error_in_the_first_batch_says_nothing_of_others(store):
    with pytest.raises(InvalidArguments) as raised:
        NoteJob.enqueue_many([["a"], [object()]])

    assert not hasattr(raised.value, "__notes__")
    assert arguments(store) == []
