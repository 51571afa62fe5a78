"""`jobs.embed()`: a worker in threads of this process."""

import os
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import BaseCommand, call_command
from django.test import override_settings

import jobs
from jobs import Every, Job, control, testing
from jobs.errors import ConfigurationError
from jobs.inspect import workers
from jobs.registry import registry
from jobs.worker import embed as embedding
from tests.jobs.worker import gate
from tests.jobs.worker.made_jobs import client_of, place_of, push, score_of
from tests.waiting import wait_until

QUICK_ONES = {"HEARTBEAT": 0.3, "LEASE": 0.9}


@pytest.fixture
def embed(redis_url) -> Iterator[Callable[..., embedding.Embedded]]:
    """Return `jobs.embed`, whose worker ends with the test."""
    made = []

    def embed(*args, **options):
        made.append(jobs.embed(*args, **options))
        return made[-1]

    with override_settings(JOBS={"REDIS_URL": redis_url, **QUICK_ONES}):
        yield embed
        gate.gate.set()
        for worker in filter(None, made):
            assert worker.stop(15)
    embedding._process.worker = None


def is_shown() -> bool:
    return any(worker.pid == os.getpid() for worker in workers())


def test_jobs_run_in_this_process_until_it_is_stopped(embed, store):
    worker = embed()
    ids = push(store, count=20, job_class=gate.QUICK)

    wait_until(lambda: len(gate.begun) == 20)
    wait_until(is_shown)
    assert worker.is_running
    assert worker.stop(15)

    assert gate.begun == ids
    assert not worker.is_running
    assert not is_shown()
    assert client_of(store).zcard(store.keys("default").leases) == 0
    push(store, job_class=gate.QUICK)
    assert client_of(store).zcard(store.keys("default").ready) == 1


def test_limits_of_a_worker_process_are_not_those_of_its_host(embed, store, settings):
    settings.JOBS = {**settings.JOBS, "MAX_JOBS_PER_PROCESS": 1, "MAX_MEMORY_MB": 1}
    worker = embed()

    ids = push(store, count=5, job_class=gate.QUICK)
    wait_until(lambda: gate.begun == ids)

    worker._worker._wear.look()
    assert worker._worker._board.wished == 0
    assert worker.is_running


class TickingJob(Job):
    """Is due each second."""

    schedule = Every(timedelta(seconds=1))

    def perform(self) -> None:
        ticked.append(self.scheduled_at)


ticked: list[object] = []


def test_schedules_tick_where_there_is_no_supervisor(embed):
    ticked.clear()
    embed()

    wait_until(lambda: len(ticked) >= 2, timeout=20)


class EndlessJob(Job):
    """Sleeps until its time is over."""

    time_limit = timedelta(seconds=0.2)
    max_retries = 0

    def perform(self) -> None:
        while True:
            time.sleep(0.01)


def test_job_ends_at_its_time_limit(embed, store):
    embed()
    (job_id,) = push(store, job_class=registry.name_of(EndlessJob))

    wait_until(lambda: place_of(store, job_id) == "dead")


def test_one_that_was_stopped_can_be_followed_by_another(embed, store):
    first = embed()
    assert first.stop(15)
    second = embed(threads=1)

    push(store, job_class=gate.QUICK)

    wait_until(lambda: len(gate.begun) == 1)
    assert second is not first


def test_person_can_stop_it_and_the_process_goes_on(embed):
    worker = embed()
    wait_until(is_shown)

    [shown] = workers()
    control.stop(shown.name)

    wait_until(lambda: not worker.is_running)
    assert not is_shown()


def test_it_renews_its_own_leases_for_longer_than_one(embed, store):
    embed(threads=1)
    (job_id,) = push(store, job_class=gate.GATED)
    wait_until(lambda: gate.begun == ["gated"])
    (name,) = client_of(store).zrange(store.keys("default").leases, 0, -1)
    score = score_of(store, "leases", name)

    wait_until(lambda: score_of(store, "leases", name) > score + 2_000)

    assert place_of(store, job_id) == "running"
    assert gate.begun == ["gated"]
    gate.gate.set()
    wait_until(lambda: place_of(store, job_id) is None)


def test_job_that_heeds_no_stop_keeps_its_lease_while_the_process_lives(embed, store, untraced):
    worker = embed(threads=1, timeout=0.3)
    (job_id,) = push(store, job_class=gate.GATED)
    wait_until(lambda: gate.begun == ["gated"])

    assert not worker.stop(2.0)

    assert worker.is_running
    assert place_of(store, job_id) == "running"
    gate.gate.set()
    assert worker.stop(15)
    assert place_of(store, job_id) == "ready"  # it was interrupted at last, which costs no retry


def test_end_of_the_process_gives_back_what_heeds_no_stop(embed, store, untraced):
    worker = embed(threads=1, timeout=0.3)
    (job_id,) = push(store, job_class=gate.GATED)
    wait_until(lambda: gate.begun == ["gated"])

    worker._end_with_process()

    assert not worker.is_running
    assert place_of(store, job_id) == "ready"


def test_second_call_returns_the_same_worker_and_no_other(embed):
    worker = embed(["default"], threads=1)

    assert embed(["default"], threads=1) is worker
    with pytest.raises(ConfigurationError, match="called before in this process"):
        embed(["default"], threads=2)


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_forked_process_has_no_part_in_it(embed, store):
    worker = embed()
    push(store, job_class=gate.QUICK)
    wait_until(lambda: len(gate.begun) == 1)

    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        worker._end_with_process()  # as the hooks of its end do
        os._exit(int(worker.is_running or embedding._process.worker is not None))

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    push(store, job_class=gate.QUICK)
    wait_until(lambda: len(gate.begun) == 2)


def test_redis_that_is_away_keeps_nobody_waiting(embed, redis_url):
    with override_settings(JOBS={"REDIS_URL": "redis://127.0.0.1:1/0"}):
        worker = embed(timeout=0.5)
        assert worker.is_running
        assert worker.stop(15)


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        ((), {"threads": 0}, "threads must be a whole number of at least 1, not 0"),
        ((), {"threads": 10**9}, "threads must be a whole number of at most 9,999, not 10"),
        ((), {"threads": 1.5}, "threads must be a whole number"),
        ((), {"threads": True}, "threads must be a whole number"),
        ((), {"timeout": -1}, "timeout must be a number of seconds of at least 0, not -1"),
        ((), {"timeout": float("nan")}, "timeout must be a number of seconds"),
        ((), {"timeout": "3"}, "timeout must be a number of seconds"),
        (("default",), {}, r"takes a list of queues: jobs.embed\(\['default'\]\)"),
        ((["no name"],), {}, "'no name' is no queue"),
        ((["a", "a"],), {}, "named twice"),
    ],
)
def test_wrong_arguments_are_refused_at_once(embed, args, options, message):
    with pytest.raises(ConfigurationError, match=message):
        jobs.embed(*args, **options)


def test_capsules_of_the_settings_are_not_served_unasked(embed, redis_url):
    capsules = {"REDIS_URL": redis_url, "CAPSULES": ["payments:1"], **QUICK_ONES}
    with override_settings(JOBS=capsules):
        with pytest.raises(ConfigurationError, match="Name its queues"):
            jobs.embed()
        assert embed(["default"]).is_running


def test_call_before_django_is_ready_is_refused(embed, monkeypatch):
    monkeypatch.setattr(apps, "ready", False)

    with pytest.raises(ConfigurationError, match="before Django was ready"):
        jobs.embed()


@pytest.mark.parametrize(
    ("module", "function"),
    [("gevent.monkey", "is_module_patched"), ("eventlet.patcher", "is_monkey_patched")],
)
def test_green_threads_are_refused(embed, monkeypatch, module, function):
    green = types.ModuleType(module)
    setattr(green, function, lambda name: True)
    monkeypatch.setitem(sys.modules, module, green)

    with pytest.raises(ConfigurationError, match="needs real threads"):
        jobs.embed()


class EmbeddingCommand(BaseCommand):
    """Calls `embed` as a module does that a command imports."""

    def handle(self, *args, **options):
        self.worker = jobs.embed()
        self.asked = jobs.embed(in_commands=True)


@pytest.mark.parametrize("mode", ["fake", "inline"])
def test_test_without_redis_runs_no_worker(embed, mode):
    with testing.mode(mode):
        assert jobs.embed() is None

    assert embed().is_running


def test_management_command_runs_no_jobs_unless_asked(embed):
    command = EmbeddingCommand()
    call_command(command)

    assert command.worker is None
    assert command.asked.is_running
    assert embed() is command.asked
