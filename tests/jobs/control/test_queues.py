"""Queues are paused, resumed and cleared."""

import pytest

from jobs import control, inspect
from jobs.errors import InvalidJob
from tests.jobs.inspect.filling import fetch, fill, push


def test_a_paused_queue_gives_no_work_until_it_is_resumed(store):
    push(store)

    control.pause("default")
    assert fetch(store) == []
    assert [queue.name for queue in inspect.queues() if queue.is_paused] == ["default"]
    control.resume("default")

    assert len(fetch(store)) == 1


def test_resuming_rings_the_bell_once(store):
    control.pause("default")
    control.resume("default")
    control.resume("default")

    assert store.client.llen(store.keys("default").bell) == 1


def test_clearing_deletes_ready_jobs_and_nothing_else(store):
    jobs = fill(store)
    push(store, count=5)

    sweep = control.clear("default")

    assert sweep.changed == 6
    queue = next(queue for queue in inspect.queues() if queue.name == "default")
    assert (queue.ready, queue.scheduled, queue.retry, queue.dead, queue.running) == (0, 1, 1, 1, 1)
    assert inspect.find(jobs["ready"]) is None


@pytest.mark.parametrize("change", [control.pause, control.resume, control.clear])
def test_what_is_no_queue_name_is_refused(change):
    with pytest.raises(InvalidJob):
        change("no such queue!")


def test_limited_queue_lets_so_many_run_until_the_limit_is_taken_away(store):
    push(store, count=3)

    control.limit("default", 1)
    assert len(fetch(store, count=3)) == 1
    [queue] = inspect.queues(names=["default"])
    assert (queue.most_running, queue.runs_all_it_may) == (1, True)
    control.limit("default", None)

    assert len(fetch(store, count=3)) == 2
    [queue] = inspect.queues(names=["default"])
    assert (queue.most_running, queue.runs_all_it_may) == (None, False)


def test_empty_queue_with_a_limit_is_still_shown():
    control.limit("imports", 2)

    [queue] = [queue for queue in inspect.queues() if queue.name == "imports"]
    assert not queue.is_idle


@pytest.mark.parametrize("most", [0, -1, 10**9, "1", 1.5, True])
def test_limit_that_is_none_is_refused_with_what_to_do(most):
    with pytest.raises(ValueError, match=r"whole number from 1 to .*pause the queue"):
        control.limit("default", most)


def test_limit_of_what_is_no_queue_is_refused():
    with pytest.raises(InvalidJob):
        control.limit("no queue", 1)
