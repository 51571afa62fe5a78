"""Rotated keys: `jobs resign`, and what the doctor tells."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import Job, inspect
from jobs.control import resigning
from jobs.payload import Payload, decode, decode_for
from jobs.protection import opened
from jobs.store.job_reader import JobReader
from tests.jobs.inspect.filling import fetch
from tests.jobs.worker.code_jobs import begin_anew, run_until_settled, seen
from tests.jobs.worker.made_jobs import client_of, place_of, push_raw
from tests.jobs.worker.small_worker import make_worker

PLACES = ("ready", "scheduled", "retry", "dead", "done", "running")


class WaitingJob(Job):
    def perform(self, number: int) -> None:
        """Note that it ran."""
        seen.append(number)


class SealedJob(WaitingJob):
    encrypted = True


@pytest.fixture(autouse=True)
def clean_slate() -> None:
    begin_anew()


def resign(*arguments: str) -> str:
    out = StringIO()
    call_command("jobs", "resign", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def raw_of(store, job_id: str) -> bytes:
    return client_of(store).hget(store.keys("default").payloads, job_id)


def everywhere(store) -> dict[str, str]:
    """Put a job into each place, and return their ids."""
    ids = {"running": WaitingJob.enqueue(0).id}
    fetch(store)
    for number, place in enumerate(PLACES[:-1], 1):
        later = timedelta(hours=1) if place in {"scheduled", "retry"} else None
        ids[place] = WaitingJob.using(run_after=later).enqueue(number).id
    keys, client = store.keys("default"), client_of(store)
    for place, source in (("retry", "scheduled"), ("dead", "ready"), ("done", "ready")):
        client.zrem(getattr(keys, source), ids[place])
        client.zadd(getattr(keys, place), {ids[place]: 4e12})
    assert {place: place_of(store, job_id) for place, job_id in ids.items()} == {p: p for p in ids}
    return ids


def is_good(store, job_id: str) -> bool:
    decode_for(raw_of(store, job_id), job_id, "default")
    return True


def test_jobs_of_every_place_are_signed_with_the_newest_key(store, signing):
    signing(key="old")
    ids = everywhere(store)
    before = {each: raw_of(store, each) for each in ids.values()}
    signing(key="new", fallbacks=("old",))

    told = resign()
    assert "Looked at 6 jobs." in told
    assert "Without a signature: 0. Of an older key: 6." in told
    assert "Nothing was changed." in told
    assert {each: raw_of(store, each) for each in ids.values()} == before

    assert "Written with the newest key: 6." in resign("--write")
    signing(key="new")
    assert all(is_good(store, each) for each in ids.values())
    assert {place: place_of(store, each) for place, each in ids.items()} == {p: p for p in ids}
    assert "None lacks the newest key." in resign()
    assert all(decode(before[each]) == decode(raw_of(store, each)) for each in ids.values())


def test_what_is_unsigned_is_signed_so_that_signatures_can_be_required(
    store, worker_settings, signing
):
    signing("off")
    job_id = WaitingJob.enqueue(1).id
    signing("require")

    assert "Without a signature: 1. Of an older key: 0." in resign()
    resign("--write")
    run_until_settled(store, make_worker(worker_settings), job_id)

    assert seen == [1]


def test_parked_job_that_was_unsigned_can_be_signed_and_retried(store, worker_settings, signing):
    signing("off")
    job_id = WaitingJob.enqueue(1).id
    signing("require")
    run_until_settled(store, make_worker(worker_settings), job_id)
    assert place_of(store, job_id) == "dead"

    resign("--write")
    call_command("jobs", "retry", job_id, stdout=StringIO())
    run_until_settled(store, make_worker(worker_settings), job_id)

    assert seen == [1]


def test_nothing_forged_moved_or_unreadable_is_signed(store, signing):
    signing()
    forged_id, good_id = WaitingJob.enqueue(1).id, WaitingJob.enqueue(2).id
    forged = raw_of(store, forged_id).replace(b"[1]", b"[6]")
    client_of(store).hset(store.keys("default").payloads, forged_id, forged)
    moved = Payload(0, good_id, "a.B", "high").encode()[:-32] + b"}"
    others = [push_raw(store, raw) for raw in (moved, b"", b"{", b"[]", b"no", forged)]
    before = {each: raw_of(store, each) for each in [forged_id, *others]}

    out = StringIO()
    with pytest.raises(CommandError, match="Left alone, as their signature is wrong: 2"):
        call_command("jobs", "resign", "--write", stdout=out, stderr=StringIO())

    assert "nobody can read them: 4" in out.getvalue()
    assert {each: raw_of(store, each) for each in [forged_id, *others]} == before


def test_job_that_somebody_changed_meanwhile_is_left_alone(store, signing, monkeypatch):
    signing("off")
    job_id = WaitingJob.enqueue(1).id
    signing("require")
    whole = JobReader.whole

    def change_then(self, queue, ids):
        for portion in whole(self, queue, ids):
            client_of(store).hset(store.keys("default").payloads, job_id, b"changed")
            yield portion

    monkeypatch.setattr(JobReader, "whole", change_then)

    assert "Changed by others meanwhile: 1. Run it once more." in resign("--write")
    assert raw_of(store, job_id) == b"changed"


def test_long_payloads_are_read_in_portions(store, signing, settings):
    signing("off")
    settings.JOBS = {**settings.JOBS, "MAX_PAYLOAD_BYTES": 1_000_000}
    ids = [WaitingJob.enqueue("x" * 300_000).id for _ in range(4)]
    signing("require")
    reader = inspect.get_reader()

    portions = list(JobReader(reader).whole("default", ids))
    resigning.resign(reader, write=True)

    assert [len(portion) for portion in portions] == [2, 2, 0]
    assert all(is_good(store, each) for each in ids)


@pytest.mark.parametrize("mode", ["off", "require"])
def test_arguments_are_sealed_with_the_newest_key_too(store, signing, mode):
    signing(mode, key="old")
    job_id = SealedJob.enqueue(1).id
    signing(mode, key="new", fallbacks=("old",))

    assert "Of an older key: 1." in resign()
    resign("--write")

    signing(mode, key="new")
    assert opened(decode_for(raw_of(store, job_id), job_id, "default")).args == [1]
    assert "None lacks the newest key." in resign()


def test_without_signing_it_says_that_there_is_nothing_to_sign(store, signing):
    signing("off")
    WaitingJob.enqueue(1)

    told = resign("--write")

    assert "JOBS['SIGN'] is 'off'" in told
    assert "None lacks the newest key." in told


def test_doctor_names_the_jobs_that_nobody_trusts(store, signing):
    signing()
    WaitingJob.enqueue(1)
    assert inspect.check_invariant().is_well
    job_id = WaitingJob.enqueue(1).id
    forged = raw_of(store, job_id).replace(b"[1]", b"[6]")
    client_of(store).hset(store.keys("default").payloads, job_id, forged)

    diagnosis = inspect.check_invariant()

    (problem,) = diagnosis.problems
    assert f"The first is {job_id}: its signature is wrong" in problem.reason
    assert "jobs resign" in problem.remedy
    assert not diagnosis.is_well


def test_payload_that_is_cut_off_is_not_made_whole(store, signing):
    signing("off")
    job_id = WaitingJob.enqueue(1).id
    cut = raw_of(store, job_id)[:-1] + b"]"
    client_of(store).hset(store.keys("default").payloads, job_id, cut)
    signing("require")

    assert "nobody can read them: 1" in resign("--write")
    assert raw_of(store, job_id) == cut


def test_payload_that_ends_in_a_space_is_signed_like_others(store, worker_settings, signing):
    signing("off")
    job_id = WaitingJob.enqueue(1).id
    spaced = raw_of(store, job_id) + b"\n "
    client_of(store).hset(store.keys("default").payloads, job_id, spaced)
    signing("require")

    assert "Without a signature: 1." in resign("--write")
    run_until_settled(store, make_worker(worker_settings), job_id)

    assert seen == [1]


def test_doctor_does_not_judge_a_payload_that_is_too_long_to_be_read(store, signing, settings):
    signing()
    WaitingJob.enqueue("x" * 600_000)
    settings.JOBS = {**settings.JOBS, "MAX_PAYLOAD_BYTES": 10_000}

    reasons = [problem.reason for problem in inspect.check_invariant().problems]

    assert not [reason for reason in reasons if "not trusted" in reason]


def test_what_could_not_be_looked_at_is_no_good_news(store, signing):
    signing()
    client_of(store).set(store.keys("default").payloads, "of another type")

    with pytest.raises(CommandError, match="Keep the older keys"):
        resign()
