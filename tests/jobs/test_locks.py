"""Locks and limits in Redis: who holds them, for how long, who finds out.

What holds in the memory of a test too is in `features/test_limit_desks`. See also test_lock_ends.
"""

import os
import subprocess
import sys
import threading

import pytest
import redis

import jobs
from jobs import StoreUnavailable
from jobs.store import Slots
from tests.waiting import wait_until


def in_thread(function):
    """Return what a function returned in another thread."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function()))
    thread.start()
    thread.join()
    return answers[0]


def is_free(name="report"):
    """Tell whether somebody else could have the lock."""
    try:
        with jobs.lock(name):
            return True
    except jobs.LockNotAcquired:
        return False


def deadline_of_report(store):
    """Return when the lease of the only holder ends.

    In ms of Redis' clock. 0 when nobody holds it.
    """
    holders = store.client.zrange("{jobs:limit:report}:holders", 0, -1, withscores=True)
    return holders[0][1] if holders else 0


def test_killed_process_leaves_the_lock_for_its_lease_only(redis_url):
    script = "with jobs.lock('report', lease=2.5): os.kill(os.getpid(), signal.SIGKILL)"
    run_script(redis_url, script)

    with pytest.raises(jobs.LockNotAcquired), jobs.lock("report"):
        pass
    with jobs.lock("report", wait=15) as held:
        assert held.fence == 2


def run_script(redis_url, script):
    """Run Python code in a process of its own, and return what it printed."""
    settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "BENCHMARK_NAMESPACE": "jobs"}
    start = "import django; django.setup(); import jobs, os, signal, sys\n"
    return subprocess.run(
        [sys.executable, "-c", start + script],
        env={**os.environ, "JOBS_REDIS_URL": redis_url, **settings},
        capture_output=True,
        text=True,
        check=False,
    ).stdout


FORK_INSIDE = """
with jobs.lock("report", lease=30) as held:
    child = os.fork()
    if child == 0:
        try:
            held.check()
        except jobs.LockLost as error:
            print(error, flush=True)
    else:
        os.waitpid(child, 0)
        with jobs.lock("report"):
            print("the child gave it back")
if child == 0:
    os._exit(0)
"""


def test_child_that_was_forked_while_a_lock_is_held_neither_has_it_nor_gives_it_back(redis_url):
    output = run_script(redis_url, FORK_INSIDE)

    assert output == "'report' is held by the process that forked this one; ask it there.\n"


FORK_AFTER = """
lock = jobs.lock("report")
with lock as held:
    print(held.fence, flush=True)
if os.fork():
    os.wait()
with lock as held:
    held.check()
    print(held.fence, flush=True)
"""


def test_child_that_was_forked_may_use_the_same_object(redis_url):
    output = run_script(redis_url, FORK_AFTER)

    assert output == "1\n2\n3\n"


def test_holder_whose_lease_ran_out_finds_out(monkeypatch):
    monkeypatch.setattr(Slots, "extend", _away)  # as when the process was paused

    with jobs.lock("report", lease=0.1) as first, jobs.lock("report", wait=5) as second:
        assert second.fence > first.fence
        with pytest.raises(jobs.LockLost, match="somebody else"):
            first.check()


def _away(*args):
    raise StoreUnavailable("redis://away", "away")


def test_renewal_that_comes_too_late_takes_nothing_back(store, caplog):
    with jobs.lock("report", lease=0.3) as held:
        store.client.delete("{jobs:limit:report}:holders")
        wait_until(lambda: caplog.messages)

        with pytest.raises(jobs.LockLost):
            held.check()

    assert caplog.messages == ["lock.lost name=report"]


def test_renewal_outlives_an_error_that_nobody_expected(store, monkeypatch):
    extend, failed = Slots.extend, list[bool]()

    def fail_once(*args):
        if not failed:
            failed.append(True)
            raise redis.ResponseError("NOPERM for a moment")
        return extend(*args)

    monkeypatch.setattr(Slots, "extend", fail_once)

    with jobs.lock("report", lease=2):
        before = deadline_of_report(store)
        wait_until(lambda: deadline_of_report(store) > before)

    assert failed


def test_lock_that_is_given_back_during_its_renewal_was_not_lost(monkeypatch, caplog):
    extend, answers = Slots.extend, list[bool]()
    is_asked, is_given_back = threading.Event(), threading.Event()

    def extend_late(*args):
        is_asked.set()
        is_given_back.wait(15)
        answers.append(extend(*args))
        return answers[-1]

    monkeypatch.setattr(Slots, "extend", extend_late)
    with jobs.lock("report", lease=0.3):
        is_asked.wait(15)
    is_given_back.set()
    wait_until(lambda: answers)
    with jobs.lock("other", lease=2):
        wait_until(lambda: len(answers) > 1)  # the thread is done with the first

    assert answers == [False, True]
    assert caplog.messages == []


def test_object_that_is_used_again_is_renewed_again(store):
    lock = jobs.lock("report", lease=2)
    with lock:
        pass

    with lock as held:
        before = deadline_of_report(store)
        wait_until(lambda: deadline_of_report(store) > before)
        held.check()


def test_threads_that_share_an_object_are_different_holders():
    lock = jobs.lock("report")

    def enter():
        with pytest.raises(jobs.LockNotAcquired), lock:
            pass
        return True

    with lock:
        assert in_thread(enter)


def test_each_thread_gives_back_its_own_slot():
    limit = jobs.limit("gateway", 2)
    fences = []

    def leave():
        with limit as held:
            fences.append(held.fence)
        return True

    with limit as mine:
        in_thread(leave)
        in_thread(leave)
        mine.check()
        with pytest.raises(jobs.LimitExceeded), limit, limit:
            pass

    assert (mine.fence, fences) == (1, [2, 3])


def test_object_inside_of_itself_is_another_holder():
    lock, limit = jobs.lock("report"), jobs.limit("gateway", 2)

    with lock, pytest.raises(jobs.LockNotAcquired), lock:
        pass
    with limit as outer, limit as inner, pytest.raises(jobs.LimitExceeded), limit:
        pass

    assert inner.fence == outer.fence + 1
    assert is_free()


def test_object_that_is_not_held_cannot_be_left():
    with pytest.raises(RuntimeError, match="'report' is not held by this thread or task"):
        jobs.lock("report").__exit__(None, None, None)


def test_slot_of_another_thread_is_not_taken_for_ones_own():
    limit = jobs.limit("gateway", 2)
    in_thread(limit.__enter__)
    in_thread(limit.__enter__)

    with pytest.raises(RuntimeError, match="not held by this thread"):
        limit.__exit__(None, None, None)


@pytest.mark.parametrize("slots", [0, -1, 0.5, 2.5, float("nan"), True])
def test_limit_without_slots_is_refused(slots):
    with pytest.raises(ValueError, match="at least one slot"):
        jobs.limit("gateway", slots)


@pytest.mark.parametrize("lease", [0, -1, 0.001, float("nan"), float("inf"), 1e300])
def test_lease_that_nobody_could_keep_is_refused(lease):
    with pytest.raises(ValueError, match=r"0\.05 to 31,536,000 seconds"):
        jobs.lock("report", lease=lease)
