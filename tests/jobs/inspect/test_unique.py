"""Who holds which unique key: explained, listed, and repaired."""

from datetime import timedelta

import pytest

from jobs import Job, Unique, inspect
from jobs.store.sight import Sight
from tests.jobs.unique_jobs import OTHER, PLACE, OtherJob, PlaceJob, dead_job


class HourlyJob(Job):
    unique = Unique(until=timedelta(hours=1))

    def perform(self) -> None:
        """Do nothing."""


def said(job_id, reader=None):
    return " ".join(inspect.explain(job_id, reader).sentences)


def key_of(store, row=1):
    [place] = inspect.unique_places().places
    return place.key


def test_holder_names_its_key(store):
    job = PlaceJob.enqueue(1)

    assert f"It is unique, and holds the key {key_of(store)}." in said(job.id)


def test_dead_job_names_who_has_its_place(store):
    first = dead_job(store)
    second = PlaceJob.enqueue(1)

    assert (
        f"It cannot be retried as long as job {second.id} holds its unique key {key_of(store)}."
        in said(first)
    )


def test_dead_job_whose_place_is_free_says_nothing_of_it(store):
    assert "unique" not in said(dead_job(store))


def test_key_is_hidden_from_who_may_not_see_arguments(store):
    job = PlaceJob.enqueue(1)
    reader = inspect.get_reader(sight=Sight(sees_arguments=False))

    assert f"holds the key {PLACE}:…." in said(job.id, reader)
    [place] = inspect.unique_places(reader=reader).places
    assert place.key == ""
    assert place.job.arguments_text == ""


def test_places_are_listed_with_their_jobs(store):
    first, second = PlaceJob.enqueue(1, "text", password="hunter2"), OtherJob.enqueue(2)

    found = inspect.unique_places()

    shown = [(p.job_class, p.holder, p.job.place, p.job.arguments_text) for p in found.places]
    assert shown == [
        (OTHER, second.id, "ready", "2"),
        (PLACE, first.id, "ready", '1, "text", {"password":"[redacted]"}'),
    ]
    assert (found.total, found.has_more) == (2, False)


def test_places_of_one_class_are_found(store):
    PlaceJob.enqueue(1), OtherJob.enqueue(2)

    assert [p.job_class for p in inspect.unique_places(PLACE).places] == [PLACE]
    assert inspect.unique_places("tests.jobs.*").places == ()
    assert inspect.unique_places(queue="high").places == ()


def test_window_whose_job_has_ended_is_listed(store):
    job = HourlyJob.enqueue()
    store.sets.move("default", "ready", "dead", [job.id])
    store.client.hset(store.keys("default").unique, f"{PLACE}:ff", "gone")
    store.client.zadd(store.keys("default").windows, {f"{PLACE}:ff": 2e12})

    [place] = inspect.unique_places().places

    assert place.job is None
    assert place.ends_at.year == 2033


def test_list_is_bounded(store):
    PlaceJob.enqueue_many([(n,) for n in range(250)])

    found = inspect.unique_places()

    assert (len(found.places), found.total, found.has_more) == (100, 250, True)


def test_queues_out_of_sight_are_left_out(store):
    PlaceJob.enqueue(1)
    reader = inspect.get_reader(sight=Sight(sees_queue=lambda queue: queue != "default"))

    assert inspect.unique_places(reader=reader).places == ()
    assert inspect.unique_places(reader=reader).total == 0


# The doctor


def test_what_is_well_is_not_called_broken(store, reader):
    PlaceJob.enqueue(1), HourlyJob.enqueue(), dead_job(store, 2)

    diagnosis = inspect.check_invariant(reader=reader)

    assert diagnosis.is_well


@pytest.mark.parametrize("repair", [False, True])
def test_key_that_points_nowhere_is_found_and_dropped(store, reader, repair):
    key = store.keys("default").unique
    store.client.hset(key, f"{PLACE}:ff", "gone")
    store.intake.announce_queues(["default"])

    diagnosis = inspect.check_invariant(repair=repair, reader=reader)

    found = diagnosis.mended if repair else diagnosis.problems
    reason = f"The unique key {PLACE}:ff is kept for job gone, which neither waits nor runs."
    assert [(problem.key, problem.reason) for problem in found] == [(key, reason)]
    assert diagnosis.is_well == repair
    assert store.client.exists(key) != repair


def test_job_without_its_key_gets_it_back(store, reader):
    job = PlaceJob.enqueue(1)
    store.client.delete(store.keys("default").unique)

    diagnosis = inspect.check_invariant(repair=True, reader=reader)

    assert [p.reason for p in diagnosis.mended] == [
        f"Job {job.id} is unique, and has not got its key."
    ]
    assert PlaceJob.enqueue(1).id == job.id


def test_two_jobs_of_one_key_are_left_to_a_person(store, reader):
    first = PlaceJob.enqueue(1)
    store.client.delete(store.keys("default").unique)
    second = PlaceJob.enqueue(1)

    diagnosis = inspect.check_invariant(repair=True, reader=reader)

    [problem] = diagnosis.problems
    assert f"Job {first.id} is unique, and job {second.id} has its key" in problem.reason
    assert problem.remedy == (f"If one is enough, run: python manage.py jobs delete {first.id}")


def test_unique_keys_of_another_type_stop_no_doctor(store, reader):
    PlaceJob.enqueue(1)
    key = store.keys("default").unique
    store.client.delete(key)
    store.client.set(key, "no hash")

    assert not inspect.check_invariant(reader=reader).is_well
    inspect.check_invariant(repair=True, reader=reader)

    assert inspect.check_invariant(repair=True, reader=reader).is_well
    assert len(inspect.unique_places().places) == 1
