"""Forked children do without what the parent's threads held.

They use neither connections nor locks that threads of the parent held at that moment.
"""

import multiprocessing
import os
import signal
import threading
import traceback
from contextlib import contextmanager

import pytest

import jobs
from jobs import Job
from jobs.client import get_client
from jobs.ids import new_job_id
from jobs.inspect.reader import get_reader
from jobs.store import NewJob
from tests.jobs.store.sample_queue import SampleQueue, raw_payload

#: Newer releases of Python warn of what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


class NoteJob(Job):
    def perform(self) -> None:
        """Do nothing."""


def take_a_lock():
    with jobs.lock("report"):
        pass


def look():
    get_reader().store.running.is_busy("default")


def fork(work):
    """Do some work in a child, whose time is limited.

    Returns its process id.
    """
    child = os.fork()
    if child:
        return child
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(4)
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001  # the parent hears of it by the code
        traceback.print_exc()
    finally:
        os._exit(code)


def ended_well(child):
    return os.waitpid(child, 0)[1] == 0


@contextmanager
def held_by_another_thread(*locks):
    """Let another thread hold locks.

    A thread that is in the middle of something does that.
    """
    are_held, is_over = threading.Event(), threading.Event()

    def hold():
        for lock in locks:
            lock.acquire()
        are_held.set()
        is_over.wait()
        for lock in locks:
            lock.release()

    thread = threading.Thread(target=hold)
    thread.start()
    are_held.wait()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize(
    ("work", "store_of"),
    [
        (NoteJob.enqueue, lambda: get_client().store),
        (take_a_lock, lambda: get_client().store),
        (look, lambda: get_reader().store),
    ],
)
def test_child_does_not_wait_for_a_thread_that_it_has_not(work, store_of):
    work()
    pool = store_of().client.connection_pool

    with held_by_another_thread(pool._lock, pool._fork_lock, new_job_id._lock):
        child = fork(work)

        assert ended_well(child)
    work()


def test_many_forks_in_the_middle_of_pushes(store):
    def go_on_pushing(name):
        while not is_over.is_set():
            job_id = f"{name}-{len(pushed):06}"
            get_client().push([("default", NewJob(job_id, raw_payload(job_id), 0))])
            pushed.append(job_id)

    def enqueue_three():
        for _ in range(3):
            NoteJob.enqueue()

    pushed: list[str] = []
    is_over = threading.Event()
    threads = [threading.Thread(target=go_on_pushing, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()

    results = [ended_well(fork(enqueue_three)) for _ in range(40)]

    is_over.set()
    for thread in threads:
        thread.join()
    assert results == [True] * 40
    assert len(SampleQueue(store, "default").ids("ready")) == len(set(pushed)) + 120


def test_multiprocessing_from_within_a_thread(store):
    def start_processes():
        context = multiprocessing.get_context("fork")
        processes = [context.Process(target=NoteJob.enqueue) for _ in range(3)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(15)
            codes.append(process.exitcode)
            process.kill()

    codes: list[int | None] = []
    NoteJob.enqueue()
    pool = get_client().store.client.connection_pool
    with held_by_another_thread(pool._lock, new_job_id._lock):
        thread = threading.Thread(target=start_processes)
        thread.start()
        thread.join()

    assert codes == [0, 0, 0]
    assert len(SampleQueue(store, "default").ids("ready")) == 4
