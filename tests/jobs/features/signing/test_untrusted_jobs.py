"""Jobs that nobody trusts are parked with the reason.

They are kept as they are, and never signed.
"""

import pytest
from django.db import transaction

from jobs import Job, JobDied, control, inspect
from jobs.contrib.django_tasks.versions import TaskResultDoesNotExist
from jobs.errors import InvalidJob, UntrustedPayload
from jobs.features.outbox.sweeping import sweep
from jobs.features.results.waiting import result
from jobs.ids import new_job_id
from jobs.models import OutboxEntry
from jobs.payload import decode, decode_for
from jobs.store import NewJob
from jobs.worker.opening import Opening
from jobs.worker.process import WorkerProcess
from jobs.worker.recovery import Recovery, WorkerEnd
from tests.jobs.contrib.some_tasks import add
from tests.jobs.worker.code_jobs import CODE, CodeJob, begin_anew, fail, run_until_settled, seen
from tests.jobs.worker.made_jobs import client_of, place_of, take
from tests.jobs.worker.small_worker import make_worker


class PlainJob(Job):
    def perform(self, number: int) -> None:
        """Note that it ran."""
        seen.append(number)


@pytest.fixture(autouse=True)
def clean_slate() -> None:
    begin_anew()


@pytest.fixture
def worker(worker_settings) -> WorkerProcess:
    return make_worker(worker_settings)


def raw_of(store, job_id: str, queue: str = "default") -> bytes:
    return client_of(store).hget(store.keys(queue).payloads, job_id)


def put(store, job_id: str, raw: bytes, queue: str = "default") -> None:
    client_of(store).hset(store.keys(queue).payloads, job_id, raw)


def forge(store, job_id: str) -> bytes:
    """Change the arguments of a signed job.

    So would somebody who may write to Redis.
    """
    forged = raw_of(store, job_id).replace(b'"args":[1]', b'"args":[6]')
    put(store, job_id, forged)
    return forged


def test_signed_job_runs(store, worker, signing):
    signing()
    job_id = PlainJob.enqueue(1).id
    many = [each.id for each in PlainJob.enqueue_many([(2,), (3,)])]

    run_until_settled(store, worker, job_id, *many)

    assert set(seen) == {1, 2, 3}


@pytest.mark.parametrize("mode", ["sign", "require"])
def test_forged_job_is_parked_as_it_is_and_runs_for_nobody(store, worker, signing, mode):
    signing(mode)
    job_id = PlainJob.enqueue(1).id
    forged = forge(store, job_id)

    run_until_settled(store, worker, job_id)

    assert seen == []
    assert place_of(store, job_id) == "dead"
    assert raw_of(store, job_id) == forged


def test_forged_job_is_parked_as_it_is_although_the_library_fails(
    store, worker, signing, monkeypatch
):
    signing()
    job_id = PlainJob.enqueue(1).id
    forged = forge(store, job_id)
    park, faults = Opening.park, [RuntimeError("ours")]

    def fail_once(self, *args) -> None:
        if faults:
            raise faults.pop()
        park(self, *args)

    monkeypatch.setattr(Opening, "park", fail_once)
    run_until_settled(store, worker, job_id)

    assert (faults, place_of(store, job_id)) == ([], "dead")
    assert raw_of(store, job_id) == forged


def test_unsigned_job_is_parked_where_signatures_are_required(store, worker, signing):
    signing("off")
    job_id = PlainJob.enqueue(1).id
    signing("require")

    run_until_settled(store, worker, job_id)

    assert (seen, place_of(store, job_id)) == ([], "dead")


def test_unsigned_job_runs_while_signing_begins(store, worker, signing):
    signing("off")
    job_id = PlainJob.enqueue(1).id
    signing("sign")

    run_until_settled(store, worker, job_id)

    assert seen == [1]


def test_worker_that_does_not_sign_runs_signed_jobs(store, worker, signing):
    signing("require")
    job_id = PlainJob.enqueue(1).id
    signing("off")

    run_until_settled(store, worker, job_id)

    assert seen == [1]


def test_job_of_another_queue_or_id_is_parked(store, worker, signing):
    signing()
    elsewhere = PlainJob.using(queue="high").enqueue(1).id
    other = PlainJob.enqueue(2).id
    here = new_job_id()
    store.intake.push("default", [NewJob(elsewhere, raw_of(store, elsewhere, "high"), 0)])
    store.intake.push("default", [NewJob(here, raw_of(store, other), 0)])

    run_until_settled(store, worker, elsewhere, here, other)

    assert seen == [2]
    assert [place_of(store, each) for each in (elsewhere, here)] == ["dead", "dead"]


def test_job_that_was_parked_for_a_lost_key_runs_once_that_is_back(store, worker_settings, signing):
    signing(key="old")
    job_id = PlainJob.enqueue(1).id
    signing(key="new")
    run_until_settled(store, make_worker(worker_settings), job_id)
    assert (seen, place_of(store, job_id)) == ([], "dead")

    signing(key="new", fallbacks=("old",))
    store.sets.move("default", "dead", "ready", [job_id])
    run_until_settled(store, make_worker(worker_settings), job_id)

    assert seen == [1]


def test_job_that_failed_is_signed_anew_and_stays_good(store, worker, signing):
    signing(key="old")
    job_id = CodeJob.enqueue().id
    signing(key="new", fallbacks=("old",))
    CODE["perform"] = fail(ValueError("no"))

    run_until_settled(store, worker, job_id)

    signing(key="new")
    kept = decode_for(raw_of(store, job_id), job_id, "default")
    assert (kept.failures, place_of(store, job_id)) == (1, "retry")


@pytest.mark.parametrize("crashes", [1, 2, 3])
def test_recovery_signs_what_it_counts(store, worker_settings, signing, crashes):
    signing()
    job_id = PlainJob.enqueue(1).id
    for number in range(crashes):
        name = f"w{number}"
        ((_, taking),) = take(store, name)
        end = WorkerEnd("killed", is_crash=True, running=frozenset({taking}))
        assert Recovery(store, worker_settings, lambda a, b: 0.0).recover("default", name, end) == 1
        kept = decode_for(raw_of(store, job_id), job_id, "default")
        assert kept.crashes == number + 1


def test_recovery_signs_nothing_that_was_forged(store, worker_settings, signing):
    signing()
    job_id = PlainJob.enqueue(1).id
    ((_, taking),) = take(store, "w1")
    forged = forge(store, job_id)
    end = WorkerEnd("killed", is_crash=True, running=frozenset({taking}))

    Recovery(store, worker_settings).recover("default", "w1", end)

    assert place_of(store, job_id) == "ready"
    assert raw_of(store, job_id) == forged


def test_people_see_what_it_claims_to_be_and_why_nobody_believes_it(store, worker, signing):
    signing()
    job_id = PlainJob.enqueue(1).id
    forge(store, job_id)
    run_until_settled(store, worker, job_id)

    job = inspect.find(job_id)

    assert not job.is_trusted
    assert job.job_class.endswith("PlainJob")
    assert (job.args, job.error_class) == ([6], "UntrustedPayload")
    assert "its signature is wrong" in job.fault
    assert "its signature is wrong" in job.error_message
    reader = inspect.get_reader()
    job.note_fault(reader)
    assert "is not trusted: its signature is wrong" in reader.problems[0].reason


def test_nobody_runs_a_copy_of_a_job_that_is_not_trusted(store, signing):
    signing()
    job_id = PlainJob.enqueue(1).id
    forge(store, job_id)

    with pytest.raises(InvalidJob, match="its signature is wrong"):
        control.run_again(inspect.find(job_id))
    with pytest.raises(InvalidJob, match="its signature is wrong"):
        control.check_copy(inspect.find(job_id), [1], {})

    assert client_of(store).hlen(store.keys("default").payloads) == 1


def test_copy_of_a_signed_job_is_signed(store, signing):
    signing()
    job_id = PlainJob.enqueue(1).id

    copy = control.run_again(inspect.find(job_id))

    assert decode_for(raw_of(store, copy.id), copy.id, "default").args == [1]


def test_result_of_a_job_is_believed_only_if_it_is_signed(store, worker, signing):
    signing()
    job_id = PlainJob.enqueue(1).id
    forge(store, job_id)
    run_until_settled(store, worker, job_id)

    with pytest.raises(JobDied, match="its signature is wrong"):
        result(job_id, timeout=0)


def test_fitness_names_what_workers_would_park(store, signing):
    signing()
    job_id = PlainJob.enqueue(1).id
    forge(store, job_id)

    (group,) = inspect.misfits(every=True).groups

    assert (group.first_id, group.fate) == (job_id, "parked")
    assert group.reason.startswith("It is not trusted: its signature is wrong")


def test_old_state_of_a_job_is_not_told_from_the_new(signing):
    """It is said in docs/signing.md: a signature does not protect from replay."""
    signing()
    raw = decode(b'{"priority":0,"id":"a","job_class":"b","queue":"q","args":[]}').encode()

    decode_for(raw, "a", "q")
    with pytest.raises(UntrustedPayload):
        decode_for(raw, "b", "q")


def test_explanation_says_why_it_was_parked(store, worker, signing):
    signing()
    job_id = PlainJob.enqueue(1).id
    forge(store, job_id)
    run_until_settled(store, worker, job_id)

    sentences = " ".join(inspect.explain(job_id).sentences)

    assert "its signature is wrong" in sentences


@pytest.mark.django_db(transaction=True)
def test_rows_of_the_outbox_are_signed_and_pushed_as_they_are(store, worker, settings, signing):
    signing()
    settings.JOBS = {**settings.JOBS, "OUTBOX": True}
    with transaction.atomic():
        job_id = PlainJob.enqueue(1).id
        transaction.get_connection().run_on_commit.clear()
    row = OutboxEntry.objects.get()
    OutboxEntry.objects.update(next_at=row.created_at)

    sweep(store)
    assert raw_of(store, job_id) == row.payload.encode()
    run_until_settled(store, worker, job_id)

    assert seen == [1]


def test_task_whose_payload_was_forged_has_no_result(store, signing):
    signing()
    result = add.enqueue(1)
    assert add.get_result(result.id).args == [1]
    forge(store, result.id)

    with pytest.raises(TaskResultDoesNotExist):
        add.get_result(result.id)
