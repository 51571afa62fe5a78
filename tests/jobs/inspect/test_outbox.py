"""What people are told of the outbox: `explain`, the problem, the doctor."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from jobs import inspect
from jobs.features.outbox.sweeping import sweep
from jobs.models import OutboxEntry
from jobs.store.reader import Reader
from jobs.store.sight import Sight
from tests.jobs.features.outbox.stage import (
    KeptJob,
    OtherJob,
    end_jobs,
    enqueue,
    fail_to_push,
)
from tests.jobs.inspect.filling import beat
from tests.jobs.worker.made_jobs import client_of


@pytest.fixture(autouse=True)
def kept(settings, transactional_db) -> None:
    settings.JOBS = {**settings.JOBS, "OUTBOX": True}


def let_pass(seconds: float) -> None:
    gone = timedelta(seconds=seconds)
    OutboxEntry.objects.update(created_at=F("created_at") - gone, next_at=F("next_at") - gone)


def waiting(job_class: type[KeptJob] | type[OtherJob] = KeptJob) -> str:
    fail_to_push(1, job_class=job_class)
    return OutboxEntry.objects.get().job_id


def refused(store) -> str:
    """Let Redis refuse a job, and return its id."""
    client_of(store).set(store.keys("other").ready, "broken")
    job_id = waiting(OtherJob)
    let_pass(10)
    sweep(store)
    return job_id


def said(job_id: str, reader: Reader | None = None) -> str:
    return " ".join(inspect.explain(job_id, reader).sentences)


def late() -> list[str]:
    return [each.reason for each in inspect.problems() if each.kind == "outbox_late"]


def test_job_that_is_not_in_redis_yet_is_explained():
    text = said(waiting())

    assert text.startswith("It has been in the outbox of the database since ")
    assert "failed" not in text


def test_job_that_redis_refuses_is_explained(store):
    text = said(refused(store))

    assert "1 push of it failed." in text
    assert "WRONGTYPE" in text


def test_error_is_hidden_from_who_may_not_see_arguments(store):
    text = said(refused(store), Reader(store, Sight(sees_arguments=False)))

    assert "1 push of it failed." in text
    assert "WRONGTYPE" not in text


def test_job_of_a_queue_that_somebody_may_not_see_is_not_there(store):
    hidden = Reader(store, Sight(lambda queue: queue != "kept"))

    assert "no such job" in said(waiting(), hidden)


def test_job_that_has_run_and_gone_is_not_in_the_outbox(store):
    [job_id] = enqueue(1)
    end_jobs(store)

    assert "no such job" in said(job_id)


def test_job_that_waits_too_long_is_a_problem(store):
    beat(store)
    waiting()
    let_pass(30)
    assert late() == []

    let_pass(60)
    [reason] = late()
    assert reason.startswith("A job has waited in the outbox of the database default since ")


def test_problem_says_when_it_began_and_where_to_look(store):
    waiting()
    let_pass(100)

    [problem] = [each for each in inspect.problems() if each.kind == "outbox_late"]

    assert problem.where == "outbox/"
    assert problem.since is not None
    age = store.now() - problem.since.timestamp()
    assert age == pytest.approx(100, abs=5)


def test_doctor_names_what_redis_refuses(store):
    job_id = refused(store)

    found = [each for each in inspect.check_invariant().problems if each.key == "outbox:default"]

    assert [each.reason.partition(":")[0] for each in found] == [f"Job {job_id} of queue other"]
    assert "WRONGTYPE" in found[0].reason


def test_doctor_is_content_with_rows_that_wait(store):
    waiting()

    assert inspect.check_invariant().is_well


def test_doctor_knows_the_key_of_marks(store):
    client_of(store).set(store.keys("kept").marks, "broken")
    store.intake.announce_queues(["kept"])

    assert [each.key for each in inspect.check_invariant().problems] == [store.keys("kept").marks]


def test_project_without_an_outbox_asks_no_database(settings, store):
    settings.JOBS = {**settings.JOBS, "OUTBOX": False}

    with CaptureQueriesContext(connection) as queries:
        inspect.problems()
        inspect.check_invariant()
        said("0" * 32)

    assert len(queries) == 0


@pytest.fixture
def no_table():
    with connection.schema_editor() as editor:
        editor.delete_model(OutboxEntry)
    yield
    with connection.schema_editor() as editor:
        editor.create_model(OutboxEntry)


def test_table_that_is_missing_is_told(no_table):
    [reason] = late()
    found = [each for each in inspect.check_invariant().problems if each.key == "outbox:default"]

    assert "cannot be read" in reason
    assert "cannot be read" in found[0].reason
    assert found[0].remedy == "Create its table: python manage.py migrate"
