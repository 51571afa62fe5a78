"""Chores that enqueue.

A push has a limit of its own, whatever the chore took before.
"""

import time
from urllib.parse import urlsplit

import pytest

from jobs import Job
from jobs.chore import Chore
from jobs.client import get_client
from jobs.store import Store
from jobs.store.bounded import time_limit
from jobs.worker.chores import do_within
from jobs.worker.guard import Guard
from tests.jobs.delaying_proxy import delaying_proxy
from tests.jobs.store.servers import silent_server
from tests.jobs.worker.forking import exit_code, forked

#: How long an answer is kept back, in seconds.
LAG = 0.05
#: How long a push may take where nothing else bounds it, in seconds.
PATIENCE = 10.0


class ReportJob(Job):
    def perform(self) -> None:
        """Do nothing."""


@pytest.fixture
def far_store(settings, redis_url):
    """Let pushes go to a Redis whose answers take their time.

    Return a store there.
    """
    parts = urlsplit(redis_url)
    with delaying_proxy(parts.port, LAG) as port:
        url = f"redis://127.0.0.1:{port}{parts.path}"
        settings.JOBS = {"REDIS_URL": url, "ENQUEUE_TIMEOUT": PATIENCE}
        far = Store(url, timeout=PATIENCE)
        yield far
        far.close()
        get_client().store.close()


def let_time_pass(seconds: float) -> None:
    """Do what a slow query does."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        time.sleep(0.001)


def verdict_of(chore: Chore, until: float | None = None) -> str:
    """Do a chore and return what came of it."""
    verdicts: list[str] = []
    guard = Guard()
    do_within(lambda name, do: verdicts.append(guard(name, do)), chore, until)
    return verdicts[0]


def test_chore_that_was_slow_before_it_enqueues_still_enqueues(store, far_store):
    def report() -> None:
        let_time_pass(0.05)
        ReportJob.enqueue()
        ReportJob.enqueue_many([()] * 3)

    assert verdict_of(Chore("report", 60.0, report, longest=0.02)) == "done"
    assert store.client.zcard(store.keys("default").ready) == 4


def test_limit_of_a_chore_holds_again_after_its_push(far_store):
    pushed: list[bool] = []

    def report() -> None:
        ReportJob.enqueue()
        ReportJob.enqueue_many([()] * 3)
        pushed.append(True)
        far_store.now()

    assert verdict_of(Chore("report", 60.0, report, longest=0.02)) == "away"
    assert pushed
    assert time_limit.deadline is None


def test_push_of_a_chore_ends_with_the_round_of_its_supervisor(settings):
    with silent_server() as port:
        settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{port}", "ENQUEUE_TIMEOUT": PATIENCE}
        began_at = time.monotonic()
        verdict = verdict_of(Chore("report", 60.0, ReportJob.enqueue), began_at + 0.1)

    assert time.monotonic() - began_at < PATIENCE / 2
    assert verdict == "away"
    assert (time_limit.deadline, time_limit.round_ends_at) == (None, None)


def test_child_that_a_chore_forks_has_no_part_in_its_limit(far_store):
    codes: list[int] = []

    def fork() -> None:
        let_time_pass(0.05)
        codes.append(exit_code(forked(far_store.now)))

    verdict_of(Chore("fork", 60.0, fork, longest=0.02))

    assert codes == [0]
