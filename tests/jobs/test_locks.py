"""Locks and limits: who holds them, for how long, and who finds out."""

import asyncio
import os
import subprocess
import sys
import threading
import time

import pytest

import jobs
from jobs.locks import Limit
from tests.waiting import wait_until


def test_lock_is_held_by_one_at_a_time():
    with jobs.lock("report"), pytest.raises(jobs.LockNotAcquired, match="'report' is held"), jobs.lock("report"):
        pass


def test_lock_is_free_again_after_use_also_after_an_error():
    with pytest.raises(ZeroDivisionError), jobs.lock("report"):
        raise ZeroDivisionError

    with jobs.lock("report") as held:
        assert held.fence == 2


def test_limit_admits_as_many_as_it_has_slots():
    with jobs.limit("gateway", 2), jobs.limit("gateway", 2), pytest.raises(jobs.LimitExceeded):
        jobs.limit("gateway", 2).__enter__()

    with jobs.limit("gateway", 2):
        pass


def test_waiting_for_a_lock_gets_it_when_it_comes_free():
    held = jobs.lock("report")
    held.__enter__()
    threading.Timer(0.1, held.__exit__, (None, None, None)).start()

    with jobs.lock("report", wait=5) as second:
        assert second.fence == 2


def test_lease_is_renewed_while_the_lock_is_held():
    with jobs.lock("report", lease=0.3) as held:
        deadline = time.monotonic() + 0.9
        wait_until(lambda: time.monotonic() > deadline)
        held.check()

        with pytest.raises(jobs.LockNotAcquired), jobs.lock("report"):
            pass


def test_killed_process_leaves_the_lock_for_its_lease_only(redis_url):
    script = (
        "import django; django.setup(); import jobs, os, signal\n"
        "with jobs.lock('report', lease=0.5): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script], env=_environment(redis_url), check=False)

    with pytest.raises(jobs.LockNotAcquired), jobs.lock("report"):
        pass
    with jobs.lock("report", wait=5) as held:
        assert held.fence == 2


def _environment(redis_url: str) -> dict[str, str]:
    settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "BENCHMARK_NAMESPACE": "jobs"}
    return {**os.environ, "JOBS_REDIS_URL": redis_url, **settings}


def test_holder_whose_lease_ran_out_finds_out(store, monkeypatch):
    monkeypatch.setattr(Limit, "_renew", lambda self: None)  # as when the process was paused

    with jobs.lock("report", lease=0.1) as first, jobs.lock("report", wait=5) as second:
        assert second.fence > first.fence
        with pytest.raises(jobs.LockLost, match="somebody else"):
            first.check()


def test_renewal_that_comes_too_late_takes_nothing_back(store):
    with jobs.lock("report", lease=0.5) as held:
        store.client.delete(held._slots._keys.holders)

        wait_until(lambda: held._is_lost)

        with pytest.raises(jobs.LockLost):
            held.check()


def test_lock_in_a_coroutine():
    async def use() -> int:
        async with jobs.lock("report") as held:
            return held.fence

    assert asyncio.run(use()) == 1


def test_limit_without_slots_is_refused():
    with pytest.raises(ValueError, match="at least one slot"):
        jobs.limit("gateway", 0)
