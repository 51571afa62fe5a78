"""Absence of Redis inside a pipeline and inside a script.

It is told as StoreUnavailable, whatever stands before the reason.
"""

import pytest
import redis
from django.db import transaction

from jobs import Job, StoreUnavailable
from jobs.store import Store
from jobs.store.availability import is_unavailable
from tests.conftest import free_port
from tests.jobs.store.sample_queue import new_job
from tests.jobs.store.servers import running_server
from tests.waiting import wait_until

SHA = "0123456789abcdef0123456789abcdef01234567"
PLACE = f"script: {SHA}, on @user_script"
PIPELINE = "Command # 2 (EVAL -- Insert (the new jobs) of one queue) of pipeline caused error: "


class NoteJob(Job):
    def perform(self) -> None:
        """Do nothing."""


class OtherNoteJob(NoteJob):
    queue = "other"


@pytest.fixture
def port(tmp_path):
    """Return the port of a server that a test may spoil."""
    with running_server(tmp_path) as port:
        yield port


@pytest.fixture
def small_server(port):
    """Return a client of it."""
    with redis.Redis(port=port) as client:
        yield client


@pytest.fixture
def store_there(port):
    """Return a store on it that has pushed already."""
    store = Store(f"redis://127.0.0.1:{port}/0", timeout=2)
    store.intake.push_all({"a": [new_job("1")], "b": [new_job("2")]})
    yield store
    store.close()


def push_to_two_queues(store):
    store.intake.push_all({"a": [new_job("3")], "b": [new_job("4")]})


def want_replicas(server, folder):
    server.config_set("min-replicas-to-write", 1)


def be_full(server, folder):
    server.config_set("maxmemory", 1)


def be_a_replica(server, folder):
    server.replicaof("127.0.0.1", free_port())


def have_a_bad_disk(server, folder):
    server.config_set("save", "3600 1")
    (folder / "dump.rdb").mkdir()
    server.bgsave()
    wait_until(lambda: server.info("persistence")["rdb_last_bgsave_status"] == "err")


@pytest.mark.parametrize("spoil", [want_replicas, be_full, be_a_replica, have_a_bad_disk])
def test_pipeline_to_a_server_that_takes_nothing_now(small_server, store_there, tmp_path, spoil):
    spoil(small_server, tmp_path)

    with pytest.raises(StoreUnavailable):
        push_to_two_queues(store_there)


def test_full_server_is_called_full_and_nobody_is_asked_whether_it_runs(
    small_server, store_there, tmp_path
):
    be_full(small_server, tmp_path)

    with pytest.raises(StoreUnavailable, match="It is full: give it more memory") as raised:
        push_to_two_queues(store_there)

    assert "Is it running" not in str(raised.value)


def test_pipeline_to_a_server_that_is_busy_with_a_script(small_server, store_there):
    small_server.config_set("busy-reply-threshold", 10)
    other = small_server.connection_pool.get_connection()
    other.send_command("EVAL", "while true do end", 0)

    with pytest.raises(StoreUnavailable, match="BUSY"):
        push_to_two_queues(store_there)

    small_server.script_kill()
    other.disconnect()
    small_server.connection_pool.release(other)


@pytest.mark.django_db(transaction=True)
def test_transaction_with_jobs_for_two_queues_hears_of_the_absence(settings, small_server, port):
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "ENQUEUE_TIMEOUT": 0.2}
    want_replicas(small_server, None)

    def enqueue_two():
        with transaction.atomic():
            NoteJob.enqueue()
            OtherNoteJob.enqueue()

    with pytest.raises(StoreUnavailable, match="NOREPLICAS") as raised:
        enqueue_two()

    assert (raised.value.pushed, raised.value.jobs) == (0, 2)


def test_fault_of_our_own_in_a_pipeline_is_not_called_an_absence(store):
    store.client.set(store.keys("b").ready, "no sorted set")

    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        push_to_two_queues(store)


@pytest.mark.parametrize("before", ["", PIPELINE])
@pytest.mark.parametrize(
    "answer",
    [
        "NOREPLICAS Not enough good replicas to write.",
        "MISCONF Errors writing to the AOF file: No space left on device",
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "UNBLOCKED force unblock from blocking operation, instance state changed",
        f"OOM command not allowed when used memory > 'maxmemory'. {PLACE}:12.",
        f"READONLY You can't write against a read only replica. {PLACE}:7.",
        f"NOREPLICAS Not enough good replicas to write. {PLACE}:12.",
        f"ERR Error running script (call to f_{SHA}): @user_script:12: -OOM command not allowed",
        "@user_script:3: -LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "CLUSTERDOWN The cluster is down",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "Protocol error: unauthenticated multibulk length",
    ],
)
def test_absence_is_recognised_behind_what_stands_before_it(before, answer):
    assert is_unavailable(redis.ResponseError(before + answer))


@pytest.mark.parametrize(
    "answer",
    [
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "NOPERM User worker has no permissions to run the 'sadd' command",
        "ERR unknown command 'BUSY'",
        "ERR syntax error, near OOM ",
        f"ERR user_script:3: attempt to index a nil value. {PLACE}:3.",
        "Command # 1 (SET note OOM ) of pipeline caused error: WRONGTYPE Operation",
    ],
)
def test_fault_is_not_taken_for_an_absence_by_a_word_in_it(answer):
    assert not is_unavailable(redis.ResponseError(answer))
