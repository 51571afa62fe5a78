"""Encrypted jobs: Redis never holds their arguments, and workers run them all the same."""

from decimal import Decimal

import pytest
from django.db import transaction

from jobs import Job, control, inspect
from jobs.conf import get_settings
from jobs.errors import InvalidArguments, InvalidJob, InvalidPayload
from jobs.features.encryption import checks, sealer
from jobs.features.outbox.sweeping import sweep
from jobs.features.periodic.entries import entries_of
from jobs.inspect.filter import Filter
from jobs.models import OutboxEntry
from jobs.occasion import Occasion
from jobs.payload import Payload, decode
from jobs.protection import opened, protection
from jobs.registry import registry
from jobs.worker.recovery import Recovery, WorkerEnd
from tests.jobs.features.encryption.encrypted_jobs import (
    AsyncSecretJob,
    FailingJob,
    LimitedJob,
    OnlySecretJob,
    PlainJob,
    PlainTickingJob,
    SecretJob,
    TickingJob,
    seen,
)
from tests.jobs.worker.code_jobs import run_until_settled
from tests.jobs.worker.made_jobs import client_of, payload_of, place_of, take
from tests.jobs.worker.small_worker import running
from tests.waiting import wait_until

SECRET = b"hunter2"


def everything(store) -> bytes:
    """Return all that Redis holds, as one text."""
    client, found = client_of(store), []
    for key in client.scan_iter("*"):
        found += [key, client.dump(key)]
        if client.type(key) == b"hash":
            found += [part for pair in client.hgetall(key).items() for part in pair]
    return b" ".join(found)


def sealed(args, kwargs=None, **fields) -> Payload:
    payload = Payload(0, "a" * 32, "shop.PayJob", "default", args, kwargs or {}, **fields)
    return protection.sealer.seal(payload)


def specs_of(*job_classes: type[Job]) -> list[str]:
    """Return the hash of the schedule of each class."""
    return [entries_of(registry.name_of(each))[0].spec for each in job_classes]


@pytest.mark.parametrize("job_class", [SecretJob, LimitedJob, AsyncSecretJob])
def test_job_is_run_with_its_arguments_and_redis_never_holds_them(store, worker, job_class):
    job_id = job_class.enqueue(1, word="hunter2").id
    many = [each.id for each in job_class.enqueue_many([(2, "hunter2")])]
    assert SECRET not in everything(store)
    assert payload_of(store, job_id).args == []

    run_until_settled(store, worker, job_id, *many)

    assert set(seen) == {(1, "hunter2"), (2, "hunter2")}


def test_what_fails_is_written_back_sealed_and_tried_again(store, worker):
    job_id = FailingJob.enqueue(1, word="hunter2").id

    with running(worker):
        wait_until(lambda: place_of(store, job_id) == "dead")

    assert seen == [(1, "hunter2")] * 2
    assert SECRET not in everything(store)
    assert opened(payload_of(store, job_id)).kwargs == {"word": "hunter2"}


def test_job_that_crashed_stays_sealed_through_recovery_and_quarantine(store, worker):
    job_id = SecretJob.enqueue(1, word="hunter2").id
    for number in range(3):
        ((_, taking),) = take(store, f"w{number}")
        end = WorkerEnd("killed", is_crash=True, running=frozenset({taking}))
        Recovery(store, get_settings(), lambda a, b: 0.0).recover("default", f"w{number}", end)

    run_until_settled(store, worker, job_id)

    assert (seen, place_of(store, job_id)) == ([], "dead")
    assert SECRET not in everything(store)
    assert opened(payload_of(store, job_id)).args == [1]


@pytest.mark.parametrize(
    "wrong", [Decimal(4242), {"deep": [{"4242": {1}}]}, {4242: 1}, ("4242",), 4242 * 10**30]
)
def test_error_about_an_argument_does_not_quote_it(store, wrong):
    """A job that enqueues this one keeps the error in its payload."""
    for call in (
        lambda: SecretJob.enqueue(1, wrong),
        lambda: SecretJob.enqueue_many([{"number": 1, "word": wrong}]),
        lambda: SecretJob.using(priority=1).check([1], {"word": wrong}),
    ):
        with pytest.raises(
            InvalidArguments, match=r"argument (2|'word') is .*\[redacted\]"
        ) as caught:
            call()
        assert "4242" not in str(caught.value)


def test_opened_payload_never_writes_its_arguments():
    payload = opened(sealed([1, "hunter2"], {"word": "hunter2"}))
    assert payload.args == [1, "hunter2"]

    raw = payload.changed(failures=1).encode()

    assert SECRET not in raw
    assert opened(decode(raw)).kwargs == {"word": "hunter2"}


@pytest.mark.parametrize(
    "moved", [{"id": "b" * 32}, {"job_class": "shop.MailJob"}], ids=["job", "class"]
)
def test_sealed_arguments_open_in_their_own_job_only(moved):
    with pytest.raises(InvalidPayload, match="cannot be opened"):
        opened(sealed([1]).changed(**moved))


def test_sealed_arguments_open_in_their_own_namespace_only(settings):
    payload = sealed([1])
    settings.JOBS = {**settings.JOBS, "NAMESPACE": "other"}

    with pytest.raises(InvalidPayload, match="cannot be opened"):
        opened(payload)


@pytest.mark.parametrize("wrong", ["", "a", "!", "AAAA", "A" * 64, "é"])
def test_what_was_never_sealed_opens_for_nobody(wrong):
    payload = sealed([1]).changed(sealed=wrong or "=")

    with pytest.raises(InvalidPayload, match="cannot be opened"):
        opened(payload)


def test_no_character_of_what_is_sealed_can_be_changed():
    payload = sealed([1, "hunter2"])
    for place, old in enumerate(payload.sealed.rstrip("=")[:-1]):
        new = "A" if old != "A" else "B"
        text = payload.sealed[:place] + new + payload.sealed[place + 1 :]
        with pytest.raises(InvalidPayload):
            opened(payload.changed(sealed=text))


def test_same_arguments_never_look_the_same():
    assert sealed([1]).sealed != sealed([1]).sealed


def test_job_whose_key_is_lost_is_parked_and_kept(store, worker, keys):
    keys("old")
    job_id = SecretJob.enqueue(1, word="hunter2").id
    keys("new")

    run_until_settled(store, worker, job_id)

    parked = payload_of(store, job_id)
    assert (seen, place_of(store, job_id)) == ([], "dead")
    assert "cannot be opened" in parked.errors[-1]["message"]
    keys("new", "old")
    assert opened(parked).args == [1]


def test_arguments_are_sealed_anew_for_the_newest_key(keys):
    keys("old")
    payload = sealed([1])
    assert protection.sealer.renewed(payload) is None

    keys("new", "old")
    renewed = protection.sealer.renewed(payload)

    keys("new")
    assert opened(renewed).args == [1]


def test_unique_keys_are_equal_for_equal_arguments_and_tell_nobody_which(store, keys):
    keys("one")
    first, second = OnlySecretJob.enqueue(1), OnlySecretJob.enqueue(1, word="other")
    assert (second.id, second.is_duplicate) == (first.id, True)
    with_key_one = set(client_of(store).hkeys(store.keys("default").unique))
    client_of(store).flushdb()

    keys("two")
    OnlySecretJob.enqueue(1)

    assert with_key_one.isdisjoint(client_of(store).hkeys(store.keys("default").unique))


def test_chosen_keys_are_guarded_too(store, keys):
    keys("one")
    assert SecretJob.using(key="a").enqueue(1).is_duplicate is False
    assert SecretJob.using(key="a").enqueue(2).is_duplicate is True
    keys("two")
    assert SecretJob.using(key="a").enqueue(3).is_duplicate is False


def test_scheduled_runs_are_sealed():
    (entry,) = entries_of(registry.name_of(TickingJob))

    raw = entry.payload("c" * 32, Occasion(entry.name, 1.0), 1000)

    assert SECRET not in raw
    assert opened(decode(raw)).kwargs == {"word": "hunter2"}


def test_hash_of_a_schedule_tells_nobody_its_arguments(keys):
    """It lies in Redis, where somebody could try which arguments it stands for."""
    keys("one")
    sealed_spec, plain_spec = specs_of(TickingJob, PlainTickingJob)
    assert specs_of(TickingJob, PlainTickingJob) == [sealed_spec, plain_spec]

    keys("two")

    assert specs_of(TickingJob)[0] != sealed_spec
    assert specs_of(PlainTickingJob) == [plain_spec]


@pytest.mark.django_db(transaction=True)
def test_rows_of_the_outbox_are_sealed(store, settings):
    settings.JOBS = {**settings.JOBS, "OUTBOX": True}
    with transaction.atomic():
        SecretJob.enqueue(1, word="hunter2")
        transaction.get_connection().run_on_commit.clear()
    row = OutboxEntry.objects.get()
    assert "hunter2" not in row.payload
    OutboxEntry.objects.update(next_at=row.created_at, created_at=row.created_at)

    sweep(store)

    assert opened(payload_of(store, row.job_id)).args == [1]


def test_jobs_that_were_there_before_the_option_run_on(store, worker):
    job_id = SecretJob.enqueue(1).id
    plain = payload_of(store, job_id).changed(sealed="", args=[4])
    client_of(store).hset(store.keys("default").payloads, job_id, plain.encode())

    run_until_settled(store, worker, job_id)

    assert seen == [(4, "")]


def test_search_does_not_find_what_is_sealed(store):
    job_id = SecretJob.enqueue(1, word="hunter2").id
    store.sets.move("default", "ready", "dead", [job_id])

    found = inspect.job_set("dead", Filter(text="hunter2")).jobs
    (job,) = inspect.job_set("dead", Filter()).jobs

    assert not found
    assert (job.is_encrypted, job.args, job.arguments_text) == (True, [], "")


def test_copy_has_the_arguments_and_is_sealed_for_itself(store):
    job_id = SecretJob.enqueue(1, word="hunter2").id

    copy = control.run_again(inspect.find(job_id))

    payload = payload_of(store, copy.id)
    assert payload.sealed != payload_of(store, job_id).sealed
    assert opened(payload).kwargs == {"word": "hunter2"}
    assert SECRET not in everything(store)


def test_misfits_are_judged_by_what_is_sealed(store, keys):
    keys("old")
    SecretJob.enqueue(1)
    assert inspect.misfits(every=True).count == 0
    keys("new")

    (group,) = inspect.misfits(every=True).groups

    assert (group.kind, group.fate) == ("unreadable", "parked")
    assert "cannot be opened" in group.reason


def test_option_belongs_to_the_class():
    with pytest.raises(InvalidJob, match="belongs to the class"):
        PlainJob.using(encrypted=True)
    with pytest.raises(InvalidJob, match="must be True or False"):
        type("WrongJob", (Job,), {"encrypted": "yes", "perform": lambda self: None})


def test_what_people_schedule_is_not_encrypted():
    with pytest.raises(InvalidJob, match="exclude each other"):
        type(
            "BothJob",
            (Job,),
            {"encrypted": True, "schedulable": True, "perform": lambda self: None},
        )


def test_missing_package_is_told_before_anything_runs(monkeypatch):
    assert checks.check_extra(None) == []
    monkeypatch.setattr(checks, "find_spec", lambda name: None)

    (error,) = checks.check_extra(None)

    assert error.id == "jobs.E010"
    assert "SecretJob" in error.msg
    assert error.hint == sealer.REMEDY
