"""What waits in a process whose GIL is held goes back.

That is so for what an armed fetch took there, too.
"""

from types import SimpleNamespace

import pytest

from jobs.worker.link import Link
from jobs.worker.recall import Recall
from jobs.worker.unit import Unit
from tests.jobs.worker.hands import Hands
from tests.jobs.worker.made_jobs import client_of, place_of, push

LONG = 20.0


@pytest.fixture
def link(worker_settings):
    link = Link(worker_settings, 5.0)
    yield link
    link.close()


@pytest.fixture
def worker(store, worker_settings):
    """Return a worker that Redis knows in its queues."""
    worker = Hands(store, worker_settings, "high", "low")
    worker.fetch(1)
    return worker


@pytest.fixture
def board(worker):
    return worker.fetcher._membership._board


@pytest.fixture
def recall(link, worker, board):
    """Return a function that does what a supervisor does when the process is silent."""
    name = worker.fetcher.name
    child = SimpleNamespace(name=name, names=[name], board=board)
    return lambda: Recall(link, ["high", "low"]).recall(child)


def taken(store, worker, queue="high") -> Unit:
    """Push a job and let the worker take it."""
    push(store, queue)
    [unit] = worker.fetch(1).units
    return unit


def taken_behind_the_bell(store, worker, queue="high") -> str:
    """Let Redis execute a fetch whose answer nobody reads.

    Return the id of the job that it took.
    """
    (command,) = worker.fetcher.arming.arm([queue], 1, LONG).values()
    (job_id,) = push(store, queue)
    client_of(store).execute_command(*command)
    assert place_of(store, job_id, queue) == "running"
    return job_id


def test_what_was_not_begun_goes_back_and_what_was_begun_stays(store, worker, board, recall):
    begun = taken(store, worker)
    assert board.start(0, begun.number)
    waiting = taken(store, worker)

    recall()

    assert place_of(store, begun.id, "high") == "running"
    assert place_of(store, waiting.id, "high") == "ready"
    assert not board.start(1, waiting.number)


def test_job_that_an_armed_fetch_took_meanwhile_goes_back(store, worker, board, recall):
    begun = taken(store, worker)
    assert board.start(0, begun.number)
    job_id = taken_behind_the_bell(store, worker)

    recall()

    assert place_of(store, job_id, "high") == "ready"
    assert place_of(store, begun.id, "high") == "running"


def test_job_of_an_armed_fetch_waits_where_a_later_number_was_begun(store, worker, board, recall):
    """It may have been begun as well.

    So the mistake is on the side of waiting.
    """
    (command,) = worker.fetcher.arming.arm(["high"], 1, LONG).values()
    begun = worker.fetcher.arming.numbers()
    push(store, "low")
    number = worker.custody.reserve(1)
    store.running.fetch("low", worker.fetcher.name, 1, terms=worker.fetcher._terms, first=number)
    assert board.start(0, number)
    assert number > max(begun)
    (job_id,) = push(store, "high")
    client_of(store).execute_command(*command)

    recall()

    assert place_of(store, job_id, "high") == "running"


def test_job_that_an_armed_fetch_takes_after_a_recall_goes_with_the_next(
    store, worker, board, recall
):
    assert board.start(0, taken(store, worker).number)
    waiting = taken(store, worker)
    recall()
    assert place_of(store, waiting.id, "high") == "ready"
    store.sets.move("high", "ready", "delete", [waiting.id])
    job_id = taken_behind_the_bell(store, worker)

    recall()

    assert place_of(store, job_id, "high") == "ready"
