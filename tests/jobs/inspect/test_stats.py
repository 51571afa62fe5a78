"""Tests of the state of everything in one value."""

import pytest

from jobs import inspect
from tests.jobs.inspect.filling import beat, fill, push


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

    shape = inspect.stats(reader).as_json()

    counts = {"ready": 2, "running": 1, "scheduled": 1, "retry": 1, "dead": 1, "done": 1, "processed": 4, "failed": 2}
    assert {name: shape[name] for name in counts} == counts
    assert set(shape) == {*counts, "queues", "workers"}
    assert list(shape["queues"]) == ["default"]
    queue = dict(shape["queues"]["default"])
    assert queue.pop("latency") == pytest.approx(60, abs=5)
    assert queue == {**counts, "paused": False}
    [worker] = shape["workers"]
    assert (worker["name"], worker["queues"], worker["busy"]) == ("one", ("high", "default"), 0)


def test_project_settings_are_used_without_a_reader(store, settings):
    push(store, "default", count=3)
    assert inspect.stats().total("ready") == 3

    settings.JOBS = {"NAMESPACE": "elsewhere"}

    assert inspect.stats().total("ready") == 0
