"""Tests of the jobs that run, as people see them."""

import pytest

from jobs import Job, inspect
from jobs.inspect.usual import UsualTime
from jobs.progress import Progress
from jobs.store.reader import Reader
from jobs.store.sight import Sight
from tests.jobs.inspect.at_work import measure, run
from tests.jobs.inspect.filling import WORKER
from tests.jobs.inspect.test_cost import Meter


class MineJob(Job):
    queue = "mine"

    def perform(self, word: str = "", **named: object) -> None:
        pass


def classes(found):
    return [job.job_class for job in found.jobs]


def test_nothing_runs_in_an_empty_redis(reader):
    assert inspect.at_work(reader=reader) == inspect.AtWork((), 0, 0)


def test_longest_comes_first_with_arguments_worker_and_progress(store, reader):
    short, long = run(
        store,
        ("tests.ShortJob", 2, "mine", {}),
        ("tests.AnyJob", 90, "other", {"args": [7], "kwargs": {"password": "hunter2"}}),
        host="web1",
    )
    note = Progress(3, 10, "half").encode()
    store.client.hset(store.keys("other").notes, long, note)

    found = inspect.at_work(reader=reader)

    assert [job.running.job_id for job in found.jobs] == [long, short]
    first = found.jobs[0]
    assert (first.running.queue, first.worker.host, first.worker.name) == ("other", "web1", WORKER)
    assert 89 < first.seconds < 100
    assert first.record.arguments_text == '7, {"password":"[redacted]"}'
    assert first.record.progress_text == "3 of 10: half"
    assert (found.found, found.total, found.unlisted) == (2, 2, 0)


def test_usual_time_is_that_of_the_last_day(store, reader):
    run(store, ("tests.AnyJob", 40, "mine", {}))
    measure(store, "tests.AnyJob", [100.0] * 50, ago=3 * 86_400)
    measure(store, "tests.AnyJob", [2.0] * 50)

    [job] = inspect.at_work(reader=reader).jobs

    assert job.usual.runs == 50
    assert job.usual.p95 <= 2.5
    assert job.is_overlong


def test_usual_time_is_of_all_time_where_nothing_ended_today(store, reader):
    run(store, ("tests.AnyJob", 40, "mine", {}))
    measure(store, "tests.AnyJob", [100.0] * 50, ago=3 * 86_400)

    [job] = inspect.at_work(reader=reader).jobs

    assert job.usual.runs == 50
    assert not job.is_overlong


def test_class_that_never_ended_has_no_usual_time(store, reader):
    run(store, ("tests.NewJob", 4_000, "mine", {}))

    [job] = inspect.at_work(reader=reader).jobs

    assert (job.usual, job.part_of_usual, job.is_overlong) == (None, 0.0, False)


@pytest.mark.parametrize(("seconds", "expected"), [(0.9, False), (1.0, True)])
def test_run_of_a_moment_is_never_called_overlong(seconds, expected):
    job = inspect.JobAtWork(None, None, seconds, UsualTime(50, 0.001, 0.001))

    assert job.part_of_usual > 100
    assert job.is_overlong == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("longest", ["tests.SlowJob", "tests.AnyJob", "tests.NewJob"]),
        ("unusual", ["tests.AnyJob", "tests.SlowJob", "tests.NewJob"]),
        ("class", ["tests.AnyJob", "tests.NewJob", "tests.SlowJob"]),
        ("queue", ["tests.SlowJob", "tests.NewJob", "tests.AnyJob"]),
        ("worker", ["tests.AnyJob", "tests.NewJob", "tests.SlowJob"]),
    ],
)
def test_each_order(store, reader, order, expected):
    run(
        store,
        ("tests.AnyJob", 50, "other", {}),
        ("tests.NewJob", 5, "mine", {}),
        worker="a:1",
        host="a",
    )
    run(store, ("tests.SlowJob", 100, "mine", {}), worker="b:1", host="b")
    measure(store, "tests.AnyJob", [1.0] * 50)
    measure(store, "tests.SlowJob", [100.0] * 50)

    assert classes(inspect.at_work(order=order, reader=reader)) == expected


@pytest.mark.parametrize(("page", "shown"), [(-1, [0, 1]), (2, [2, 3]), (3, [4]), (99, [4])])
def test_pages_follow_each_other(store, reader, page, shown):
    ids = run(store, *(("tests.AnyJob", 100 - n, "mine", {}) for n in range(5)))

    found = inspect.at_work(page=page, limit=2, reader=reader)

    assert [job.running.job_id for job in found.jobs] == [ids[n] for n in shown]
    assert (found.found, found.total, found.pages) == (5, 5, 3)


@pytest.mark.parametrize("words", ["anyjob", "OTHER", "web1", "any other", "{id}"])
def test_words_are_searched_in_class_queue_worker_host_and_id(store, reader, words):
    run(store, ("tests.SlowJob", 9, "mine", {}), worker="db1:1", host="db1")
    [job_id] = run(
        store,
        ("tests.AnyJob", 5, "other", {"args": ["needle"]}),
        worker="web1:1",
        host="web1",
    )

    found = inspect.at_work(words.format(id=job_id), reader=reader)

    assert (classes(found), found.found, found.total) == (["tests.AnyJob"], 1, 2)


def test_words_are_not_searched_in_arguments(store, reader):
    run(store, ("tests.AnyJob", 5, "mine", {"args": ["needle"]}))

    assert inspect.at_work("needle", reader=reader).found == 0


def test_job_that_has_ended_since_the_heartbeat_is_not_shown(store, reader):
    gone, left = run(store, ("tests.AnyJob", 9, "mine", {}), ("tests.AnyJob", 5, "mine", {}))
    store.client.hdel(store.keys("mine").running, gone)

    found = inspect.at_work(reader=reader)

    assert [job.running.job_id for job in found.jobs] == [left]


def test_payload_that_is_gone_broken_or_large_costs_its_arguments_only(store, reader):
    ids = run(store, *(("tests.AnyJob", 9 - n, "mine", {"args": ["x"]}) for n in range(4)))
    payloads = store.keys("mine").payloads
    store.client.hdel(payloads, ids[0])
    store.client.hset(payloads, ids[1], b"{broken")
    store.client.hset(payloads, ids[2], b"x" * 20_000)

    found = inspect.at_work(reader=reader)

    assert classes(found) == ["tests.AnyJob"] * 4
    assert [bool(job.record.fault) for job in found.jobs] == [True, True, True, False]
    assert found.jobs[3].record.arguments_text == '"x"'


def test_keys_of_another_type_cost_no_more_than_their_jobs(store, reader):
    run(store, ("tests.AnyJob", 9, "mine", {}), ("tests.AnyJob", 8, "other", {}))
    store.client.delete(store.keys("mine").running)
    store.client.set(store.keys("mine").running, "x")

    found = inspect.at_work(reader=reader)

    assert [job.running.queue for job in found.jobs] == ["other"]
    assert [problem.key for problem in reader.problems] == [store.keys("mine").running]


def test_only_queues_in_sight_are_told_of(store):
    run(
        store,
        ("tests.AnyJob", 9, "other", {}),
        (f"{__name__}.MineJob", 8, "mine", {}),
        busy=7,
    )
    measure(store, "tests.AnyJob", [1.0])
    measure(store, f"{__name__}.MineJob", [1.0])
    looking = Reader(store, Sight(lambda queue: queue == "mine"))

    found = inspect.at_work(reader=looking)

    assert classes(found) == [f"{__name__}.MineJob"]
    assert (found.found, found.total, found.unlisted) == (1, 1, 0)
    assert found.jobs[0].usual.runs == 1


def test_without_sight_of_arguments_a_job_shows_no_words(store):
    [job_id] = run(store, ("tests.AnyJob", 9, "mine", {"args": ["needle"]}))
    note = Progress(3, 10, "needle").encode()
    store.client.hset(store.keys("mine").notes, job_id, note)

    [job] = inspect.at_work(reader=Reader(store, Sight(sees_arguments=False))).jobs

    assert job.record.arguments_text == ""
    assert job.record.progress_text == "3 of 10"


def test_jobs_that_a_heartbeat_has_no_room_for_are_counted(store, reader):
    run(store, ("tests.AnyJob", 9, "mine", {}), busy=1_200)

    assert inspect.at_work(reader=reader).unlisted == 1_199


def test_number_of_commands_does_not_grow_with_the_running_jobs(store, reader, monkeypatch):
    meter = Meter(monkeypatch)
    costs = []
    for count in (30, 600):
        run(store, *(("tests.AnyJob", 9, "mine", {}) for _ in range(count)))
        costs.append(meter.of(lambda: inspect.at_work(limit=10, reader=reader)))

    assert costs[0] == costs[1]
