"""A logging filter of the project that raises.

It costs lines, and neither jobs nor threads.
"""

import logging

import pytest

from jobs import Job, log
from jobs.worker.process import WorkerProcess
from tests.jobs.worker.made_jobs import broken_jobs, place_of, stat
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until


class QuickJob(Job):
    def perform(self):
        pass


class QuickAsyncJob(Job):
    async def perform(self):
        pass


class FailingJob(Job):
    max_retries = 0

    def perform(self):
        raise ValueError("no")


class RaisingFilter:
    """Raises for some kinds of lines."""

    def __init__(self, *events, error=RuntimeError):
        self.events = events
        self.error = error

    def filter(self, record):
        if record.event in self.events:
            raise self.error("a fault of the project")
        return True


@pytest.fixture
def worker(worker_settings) -> WorkerProcess:
    return make_worker(worker_settings)


@pytest.mark.parametrize("lines", [["job.done"], ["job.done", "worker.fault"]])
def test_job_that_succeeded_is_not_parked_for_its_line(store, worker, monkeypatch, capsys, lines):
    monkeypatch.setattr(log.logger, "filters", [RaisingFilter(*lines)])

    QuickJob.enqueue()
    with running(worker):
        wait_until(lambda: stat(store, "processed") == 1)
        QuickJob.enqueue()
        wait_until(lambda: stat(store, "processed") == 2)
        assert all(thread.is_alive() for thread in worker.crew.threads)

    assert (stat(store, "failed"), stat(store, "parked")) == (0, 0)
    assert broken_jobs(store) == []


@pytest.mark.parametrize("job_class", [QuickJob, QuickAsyncJob])
@pytest.mark.parametrize("lines", [["job.started"], ["job.done", "handler.failed", "worker.fault"]])
def test_filter_that_asks_for_an_exit_ends_nothing(
    store, worker, monkeypatch, caplog, lines, job_class
):
    caplog.set_level(logging.DEBUG, "jobs")
    monkeypatch.setattr(log.logger, "filters", [RaisingFilter(*lines, error=SystemExit)])

    job_class.enqueue()
    with running(worker):
        wait_until(lambda: stat(store, "processed") == 1)
        job_class.enqueue()
        wait_until(lambda: stat(store, "processed") == 2)
        assert all(thread.is_alive() for thread in worker.crew.threads)

    assert (stat(store, "failed"), stat(store, "parked")) == (0, 0)


def test_job_that_failed_dies_once(store, worker, settings, monkeypatch, capsys):
    settings.JOBS = {}  # nobody is told
    monkeypatch.setattr(log.logger, "filters", [RaisingFilter("job.dead")])

    enqueued = FailingJob.enqueue()
    with running(worker):
        wait_until(lambda: place_of(store, enqueued.id) == "dead")

    assert (stat(store, "failed"), stat(store, "parked")) == (1, 0)
    assert "a fault of the project" in capsys.readouterr().err
