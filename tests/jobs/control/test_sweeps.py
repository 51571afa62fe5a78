"""Sweeps act on all jobs that match, and on nothing else.

They pass over none while others work on the same set.
"""

from datetime import UTC, datetime

import pytest

from jobs import control, inspect
from jobs.control import sweeps
from jobs.inspect.filter import Filter
from tests.jobs.inspect.filling import failure, put

NOW = 1_764_000_000.0


@pytest.fixture(autouse=True)
def small_portions(monkeypatch):
    monkeypatch.setattr(sweeps, "PORTION", 3)


def fill(store, name="dead", count=20, queue="default"):
    """Put jobs of two classes by turns."""
    return [
        put(
            store,
            name,
            queue,
            at=NOW + n,
            job_class=("tests.Even", "tests.Odd")[n % 2],
            id=f"{queue}{n:03}",
        )
        for n in range(count)
    ]


def ids(name, **wanted):
    return [job.id for job in inspect.job_set(name, Filter(**wanted), limit=100).jobs]


def at(seconds):
    return datetime.fromtimestamp(NOW + seconds, UTC)


@pytest.mark.parametrize("jobs", [Filter(), Filter(queue="default"), Filter(job_class="tests.Odd")])
def test_all_that_match_are_retried_and_no_other(store, jobs):
    fill(store), fill(store, queue="high")
    matching = {job.id for job in inspect.job_set("dead", jobs, limit=100).jobs}

    sweep = control.retry_all("dead", jobs)

    assert (sweep.changed, sweep.is_finished) == (len(matching), True)
    assert set(ids("ready")) == matching
    assert len(ids("dead")) == 40 - len(matching)


def test_a_time_window_bounds_a_sweep(store):
    fill(store)

    sweep = control.delete_all("dead", Filter(since=at(4), until=at(7)))

    assert (sweep.changed, sweep.searched) == (4, 4)
    assert ids("dead") == [f"default{n:03}" for n in (*range(19, 7, -1), *range(3, -1, -1))]


@pytest.mark.parametrize("seconds", [-50, 4, 10.5, 500])
@pytest.mark.parametrize("jobs", [Filter(), Filter(job_class="tests.Odd")], ids=["all", "odd"])
def test_each_job_is_rescheduled_once_whatever_the_new_time(store, seconds, jobs):
    fill(store, "scheduled")
    matching = len(inspect.job_set("scheduled", jobs, limit=100).jobs)
    stays = seconds == 4 and jobs.is_empty

    sweep = control.reschedule_all("scheduled", jobs, at(seconds))

    assert sweep.changed == matching - stays
    assert len(
        inspect.job_set("scheduled", Filter(since=at(seconds), until=at(seconds)), limit=100).jobs
    ) in {
        matching,
        matching + (seconds == 4 and not jobs.is_empty),
    }


def test_what_workers_take_meanwhile_makes_a_sweep_pass_over_nothing(store, monkeypatch):
    fill(store, "retry")
    move = store.sets.move

    def busy(queue, source, destination, job_ids, at, barred):
        keys = store.keys(queue)
        store.client.zpopmin(keys.retry, 2)
        put(store, "retry", at=NOW + 1000)
        return move(queue, source, destination, job_ids, at.timestamp() if at else 0)

    monkeypatch.setattr(sweeps, "move_ids", busy)
    control.kill_all("retry", Filter())

    assert [job_id for job_id in ids("retry") if job_id.startswith("default")] == []


def test_a_sweep_whose_time_is_up_says_so_and_the_next_goes_on(store):
    fill(store)

    first = control.retry_all("dead", Filter(job_class="tests.Odd"), seconds=0)
    second = control.retry_all("dead", Filter(job_class="tests.Odd"))

    assert not first.is_finished
    assert 0 < first.changed < 10
    assert (first.changed + second.changed, second.is_finished) == (10, True)


def test_a_group_of_failures_is_swept_as_it_is_shown(store):
    for n in range(7):
        put(store, "dead", errors=[failure("E", f"Order {n} is gone")])
    other = put(store, "dead", errors=[failure("E", "Order is gone")])
    group = next(g for g in inspect.failure_groups().groups if g.count == 7)

    assert control.delete_all("dead", group.filter).changed == 7
    assert ids("dead") == [other]


@pytest.mark.parametrize(
    ("sweep", "name"),
    [
        (control.retry_all, "ready"),
        (control.retry_all, "done"),
        (control.kill_all, "dead"),
        (lambda name, jobs: control.reschedule_all(name, jobs, at(0)), "ready"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(sweep, name):
    with pytest.raises(ValueError, match="cannot be done"):
        sweep(name, Filter())


def test_an_empty_set_is_swept_at_once():
    assert control.kill_all("ready", Filter()) == sweeps.Sweep(0, 0, is_finished=True)


def test_a_sweep_says_which_jobs_it_moved_and_how_they_were(store):
    low = put(store, "dead", "low", at=1_764_000_000)
    high = put(store, "dead", "high", at=1_764_000_001)
    put(store, "dead", "low", job_class="tests.Other")

    touched = control.retry_all("dead", Filter(job_class="tests.AnyJob")).touched

    assert touched.by_queue == {"low": 1, "high": 1}
    assert {(job.id, job.queue, job.at.timestamp()) for job in touched.first} == {
        (low, "low", 1_764_000_000),
        (high, "high", 1_764_000_001),
    }
