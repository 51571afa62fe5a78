"""Who hears of tasks, and when: nobody pays for what nobody hears."""

import asyncio
import logging

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction

from jobs.contrib.django_tasks.signals import is_heard
from jobs.contrib.django_tasks.versions import (
    TaskResultDoesNotExist,
    django_signals,
    task_enqueued,
    task_finished,
    task_started,
)
from jobs.models import OutboxEntry
from tests.jobs.contrib import some_tasks
from tests.jobs.contrib.ended import ended

SIGNALS = (task_enqueued, task_started, task_finished)


@pytest.fixture
def log():
    """Return Django's log of tasks, with its level set back afterwards."""
    log = django_signals.logger
    before = log.level
    yield log
    log.setLevel(before)


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        (logging.WARNING, [False, False, False]),
        (logging.INFO, [False, True, True]),
        (logging.DEBUG, [True, True, True]),
    ],
)
def test_log_of_django_hears_what_its_level_lets_through(log, level, heard):
    log.setLevel(level)

    assert [is_heard(signal) for signal in SIGNALS] == heard


@pytest.mark.parametrize("signal", SIGNALS)
def test_another_receiver_hears_whatever_the_log_does(log, signal):
    log.setLevel(logging.WARNING)

    def hear(**kwargs):
        pass

    signal.connect(hear)
    assert is_heard(signal)
    signal.disconnect(hear)


@pytest.mark.parametrize("level", [logging.WARNING, logging.INFO])
def test_result_is_the_same_whether_anybody_hears_or_not(log, level, worker):
    log.setLevel(level)

    done, failed = ended(some_tasks.add.enqueue(1, 2)), ended(some_tasks.fail.enqueue("no"))

    assert (done.return_value, done.attempts, done.worker_ids) == (3, 1, failed.worker_ids)
    assert done.started_at == done.last_attempted_at
    assert None not in {done.started_at, done.finished_at}
    assert (failed.attempts, len(failed.errors)) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_receiver_of_a_coroutine_may_ask_the_database():
    heard = []

    def hear(task_result, **kwargs):
        connection.ensure_connection()  # it raises in an event loop
        heard.append((task_result.id, task_result.enqueued_at))

    task_enqueued.connect(hear)
    result = async_to_sync(some_tasks.add.aenqueue)(1, 2)
    task_enqueued.disconnect(hear)

    assert heard == [(result.id, result.enqueued_at)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_outbox", [False, True])
def test_task_of_a_coroutine_waits_for_the_commit_around_it(settings, has_outbox):
    settings.JOBS = {**settings.JOBS, "OUTBOX": has_outbox}
    with transaction.atomic():
        result = async_to_sync(some_tasks.add.aenqueue)(1, 2)
        assert OutboxEntry.objects.count() == has_outbox
        assert result.enqueued_at is None
        with pytest.raises(TaskResultDoesNotExist):
            result.refresh()

    assert result.enqueued_at is not None
    assert some_tasks.add.get_result(result.id) == result


def test_many_coroutines_enqueue_at_a_time(worker):
    async def enqueue():
        return await asyncio.gather(*[some_tasks.add.aenqueue(n, 1) for n in range(50)])

    results = asyncio.run(enqueue())

    assert [ended(result).return_value for result in results] == list(range(1, 51))
