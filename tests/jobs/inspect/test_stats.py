"""Tests of the state of everything in one value."""

import pytest

from jobs import Job, inspect
from tests.jobs.inspect.filling import beat, fill, push, put


class TidyJob(Job):
    queue = "tidy"

    def perform(self) -> None:
        """Do nothing."""


def test_totals_cover_all_queues(store, reader):
    fill(store, "default")
    fill(store, "other")
    push(store, "other", count=2)

    stats = inspect.stats(reader)

    assert (stats.processed, stats.failed) == (8, 4)
    assert (stats.total("ready"), stats.total("running"), stats.total("dead")) == (4, 2, 2)


def test_json_has_totals_queues_by_name_and_workers(store, reader, settings):
    settings.JOBS = {"QUEUES": ["default"]}
    fill(store, "default")
    push(store, "default", ago=60)
    beat(store, "one")

    shape = inspect.stats(reader).as_json(())

    counts = {
        "ready": 2,
        "running": 1,
        "scheduled": 1,
        "retry": 1,
        "dead": 1,
        "done": 1,
        "processed": 4,
        "failed": 2,
    }
    assert {name: shape[name] for name in counts} == counts
    assert set(shape) == {*counts, "queues", "workers", "problems"}
    assert list(shape["queues"]) == ["default"]
    queue = dict(shape["queues"]["default"])
    assert queue.pop("latency") == pytest.approx(60, abs=5)
    assert queue == {
        **counts,
        "paused": False,
        "most_running": None,
        "size": 5,
        "size_limit": None,
    }
    [worker] = shape["workers"]
    assert (worker["name"], worker["queues"], worker["busy"]) == ("one", ("high", "default"), 0)


def test_project_settings_are_used_without_a_reader(store, settings):
    push(store, "default", count=3)
    assert inspect.stats().total("ready") == 3

    settings.JOBS = {"NAMESPACE": "elsewhere"}

    assert inspect.stats().total("ready") == 0


@pytest.mark.parametrize("needed_by", ["nothing", "settings", "worker", "pause", "job", "class"])
def test_a_queue_that_nothing_needs_is_left(store, reader, settings, needed_by):
    settings.JOBS = {"QUEUES": ["default", "old"] if needed_by == "settings" else ["default"]}
    store.intake.announce_queues(["old", "kept"])
    put(store, "dead", "kept")
    if needed_by == "worker":
        beat(store, "one", queues="old")
    elif needed_by == "pause":
        store.sets.pause("old")
    elif needed_by == "job":
        put(store, "done", "old")
    elif needed_by == "class":
        store.intake.announce_queues([TidyJob.options.queue])

    left = inspect.stats(reader).left_queues

    assert left == ({"old"} if needed_by in {"nothing", "class"} else set())
    assert "old" in [queue.name for queue in inspect.queues(reader)]
