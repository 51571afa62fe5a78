"""Sweepers: what nobody has pushed is pushed once, whatever happens in between."""

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import StoreUnavailable
from jobs.client import Client
from jobs.events import OutboxRefused, OutboxSwept, subscribe, unsubscribe
from jobs.features.outbox import SWEEP, sweeping
from jobs.features.outbox.rows import YOUNG
from jobs.features.outbox.sweeping import sweep
from jobs.models import OutboxEntry
from jobs.store import Store
from tests.conftest import free_port
from tests.jobs.features.outbox.stage import (
    KeptJob,
    OneJob,
    OtherJob,
    end_jobs,
    enqueue,
    fail_to_push,
    in_redis,
    marks,
)
from tests.jobs.worker.lossy_proxy import LossyProxy
from tests.jobs.worker.made_jobs import client_of


@pytest.fixture
def heard():
    events: list[object] = []
    subscribe(OutboxSwept)(events.append)
    subscribe(OutboxRefused)(events.append)
    yield events
    unsubscribe(events.append)


def left() -> int:
    return OutboxEntry.objects.count()


def test_row_that_nobody_pushed_is_swept_within_ten_seconds(store, let_pass, heard):
    fail_to_push(1, 2)
    let_pass(10 - SWEEP.every)

    sweep(store)

    assert in_redis(store) == [1, 2]
    assert [(event.database, event.jobs) for event in heard] == [("default", 2)]


def test_row_that_was_swept_stays_while_its_mark_is_young(store, let_pass):
    fail_to_push(1)
    let_pass(10)
    sweep(store)

    let_pass(YOUNG.total_seconds() - 2)
    sweep(store)
    assert left() == 1

    let_pass(YOUNG.total_seconds())
    sweep(store)
    assert left() == 0
    assert in_redis(store) == [1]


def test_young_row_is_left_alone(store, let_pass):
    fail_to_push(1)
    let_pass(YOUNG.total_seconds() - 2)

    sweep(store)

    assert in_redis(store) == []
    assert left() == 1


def test_row_that_was_pushed_is_deleted_and_its_mark_ends(store, let_pass, heard):
    [job_id] = enqueue(1)
    let_pass(10)
    now = store.now() * 1000

    sweep(store)

    assert left() == 0
    assert in_redis(store) == [1]
    assert heard == []
    ends_at = -marks(store)[job_id]
    assert ends_at - now == pytest.approx(sweeping.KEEP_MARK, abs=10_000)


def test_job_that_has_run_and_gone_is_not_pushed_again(store, let_pass, run_all):
    enqueue(1)
    assert run_all() == [1]
    let_pass(10)

    sweep(store)

    assert in_redis(store) == []
    assert left() == 0


def test_push_whose_answer_is_lost_is_not_done_again(settings, redis_url, store, let_pass, run_all):
    proxy = LossyProxy(redis_url)
    settings.JOBS = {**settings.JOBS, "REDIS_URL": proxy.url}
    proxy.lose("push_unique")
    threading.Thread(target=shut, args=(proxy,)).start()
    enqueue(1)
    proxy.is_down = False
    assert proxy.lost.is_set()
    assert run_all() == [1]
    let_pass(10)

    sweep(store)

    assert in_redis(store) == []
    assert left() == 0


def shut(proxy: LossyProxy) -> None:
    """Refuse what comes once an answer was lost."""
    proxy.lost.wait(5)
    proxy.is_down = True


def test_late_push_of_a_request_inserts_nothing(store, let_pass, run_all, monkeypatch):
    pushes: list[tuple[Client, list]] = []

    def note(client: Client, jobs: list, **_: object) -> dict[str, str]:
        pushes.append((client, jobs))
        return {}

    monkeypatch.setattr(Client, "push", note)
    [job_id] = enqueue(1)
    monkeypatch.undo()
    let_pass(10)
    sweep(store)
    assert run_all() == [1]
    let_pass(10)
    sweep(store)

    for client, jobs in pushes:
        client.push(jobs, is_owed=True)

    assert in_redis(store) == []
    assert -marks(store)[job_id] - store.now() * 1000 > sweeping.KEEP_SWEPT_MARK / 2


def test_two_sweepers_push_each_job_once(redis_url, store, let_pass, run_all):
    fail_to_push(*range(60))
    let_pass(10)
    begin = threading.Barrier(4)

    def work() -> None:
        own = Store(redis_url, timeout=5.0)
        begin.wait()
        try:
            sweep(own)
        finally:
            own.close()
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep(store)

    assert run_all() == list(range(60))
    let_pass(100)
    sweep(store)
    assert left() == 0
    assert in_redis(store) == []


@pytest.mark.parametrize("step", ["_claim", "_send", "_settle", "end"])
def test_sweeper_that_dies_at_a_step_loses_and_doubles_nothing(
    step, store, let_pass, run_all, monkeypatch
):
    fail_to_push(1)
    let_pass(10)
    die_at(step, monkeypatch)
    if step in {"_settle", "end"}:  # in the sweep after that of the push
        sweep(store)
        let_pass(10)
    with pytest.raises(SystemExit):
        sweep(store)
    monkeypatch.undo()
    ran = run_all()

    for _ in range(2):
        let_pass(70)
        sweep(store)

    assert ran + run_all() == [1]
    assert left() == 0


def die_at(step: str, monkeypatch) -> None:
    """Let a sweeper die after a claim or a push, or around a deletion."""

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    if step == "_claim":
        monkeypatch.setattr(sweeping._Claim, "portions", die)
    elif step == "_send":
        send = sweeping._Sweep._send
        monkeypatch.setattr(sweeping._Sweep, "_send", lambda *args: die(send(*args)))
    elif step == "_settle":
        monkeypatch.setattr(sweeping._Sweep, "_settle", lambda _, rows, __: die() if rows else None)
    else:
        end = sweeping.Marks.end
        monkeypatch.setattr(sweeping.Marks, "end", lambda *args: die() if args[1] else end(*args))


def test_claim_keeps_others_away_for_a_minute(store, let_pass, monkeypatch):
    fail_to_push(1)
    let_pass(10)
    die_at("_claim", monkeypatch)
    with pytest.raises(SystemExit):
        sweep(store)
    monkeypatch.undo()

    let_pass(50)
    sweep(store)
    assert in_redis(store) == []

    let_pass(15)
    sweep(store)
    assert in_redis(store) == [1]


def test_claim_that_grew_old_is_left_to_others(store, let_pass, monkeypatch):
    fail_to_push(1)
    let_pass(10)
    monkeypatch.setattr(sweeping._Claim, "is_stale", True)

    sweep(store)

    assert in_redis(store) == []
    assert left() == 1


def test_absent_redis_ends_the_round_and_claims_nothing(settings, store, let_pass):
    fail_to_push(1)
    let_pass(10)
    url = f"redis://127.0.0.1:{free_port()}/0"

    with pytest.raises(StoreUnavailable):
        sweep(Store(url, timeout=0.2))

    sweep(store)
    assert in_redis(store) == [1]


def test_redis_that_goes_away_in_a_round_puts_its_rows_off_for_a_moment(settings, store, let_pass):
    fail_to_push(1, 2)
    let_pass(10)
    there = settings.JOBS
    url = f"redis://127.0.0.1:{free_port()}/0"
    settings.JOBS = {**there, "REDIS_URL": url, "ENQUEUE_TIMEOUT": 0.3}
    with pytest.raises(StoreUnavailable):
        sweep(store)
    settings.JOBS = there

    let_pass(sweeping.PAUSE.total_seconds() + 0.1)
    sweep(store)

    assert in_redis(store) == [1, 2]


def test_refused_row_gets_an_error_and_blocks_nobody(store, let_pass, heard):
    client_of(store).set(store.keys("other").ready, "broken")
    fail_to_push(1, job_class=OtherJob)
    fail_to_push(2, 3)
    let_pass(10)

    sweep(store)

    assert in_redis(store) == [2, 3]
    row = OutboxEntry.objects.get(attempts__gt=0)
    assert (row.queue, row.attempts) == ("other", 1)
    assert "WRONGTYPE" in row.error
    assert [type(event) for event in heard].count(OutboxRefused) == 1

    client_of(store).delete(store.keys("other").ready)
    let_pass(10)
    sweep(store)
    assert in_redis(store, "other") == [1]
    let_pass(10)
    sweep(store)
    assert left() == 0


def test_pause_grows_with_each_refusal(store, let_pass):
    client_of(store).set(store.keys("other").ready, "broken")
    fail_to_push(1, job_class=OtherJob)
    for _ in range(3):
        let_pass(1000)
        sweep(store)

    row = OutboxEntry.objects.get()
    let_pass(15)
    sweep(store)
    row.refresh_from_db()
    assert row.attempts == 3

    let_pass(10)
    sweep(store)
    row.refresh_from_db()
    assert row.attempts == 4


def test_job_that_breaks_the_connection_goes_alone_and_blocks_nobody(store, let_pass, monkeypatch):
    fail_to_push(1, 2, 3)
    let_pass(10)
    push_portion = Client.push_portion

    def break_at_two(client, portion, *args, **options):
        if any(b"[2]" in job.payload for jobs in portion.values() for job in jobs):
            raise StoreUnavailable("redis://there", OSError("reset"))
        return push_portion(client, portion, *args, **options)

    monkeypatch.setattr(Client, "push_portion", break_at_two)
    for _ in range(4):
        with pytest.raises(StoreUnavailable):
            sweep(store)
        let_pass(20)

    assert in_redis(store) == [1, 3]
    assert left() == 1


def test_all_rows_that_are_due_are_swept_in_one_round(store, let_pass, monkeypatch):
    monkeypatch.setattr(sweeping, "PORTION", 10)
    fail_to_push(*range(35))
    let_pass(10)

    sweep(store)

    assert in_redis(store) == list(range(35))
    let_pass(10)
    sweep(store)
    assert left() == 0


def test_unique_job_that_was_a_duplicate_is_not_pushed_later(store, let_pass, run_all):
    enqueue(1, job_class=OneJob)
    enqueue(1, job_class=OneJob)
    assert run_all() == [1]
    let_pass(10)

    sweep(store)

    assert in_redis(store) == []
    assert left() == 0


def test_unique_job_that_nobody_pushed_keeps_its_claim(store, let_pass):
    fail_to_push(1, job_class=OneJob)
    let_pass(10)
    sweep(store)

    enqueue(1, job_class=OneJob)

    assert in_redis(store) == [1]


def test_delay_is_counted_from_the_enqueue(store, let_pass):
    fail_to_push(1, job_class=KeptJob.using(run_after=sweeping.CLAIM))
    let_pass(20)

    sweep(store)

    found: list = client_of(store).zrange(store.keys("kept").scheduled, 0, -1, withscores=True)
    [(_, due)] = found
    assert due / 1000 - store.now() == pytest.approx(40, abs=5)


def test_sweep_of_an_empty_table_costs_one_query(store):
    with CaptureQueriesContext(connection) as queries:
        sweep(store)

    assert len(queries) == 1


def test_rows_of_other_queues_are_swept_too(store, let_pass):
    fail_to_push(1, job_class=OtherJob)
    let_pass(10)

    sweep(store)

    assert end_jobs(store, "other") == [1]
