"""A result is read where docs/reference.md says."""

from datetime import timedelta

import pytest

from jobs import Job, inspect
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until


class ReportJob(Job):
    keep_result_for = timedelta(hours=1)

    def perform(self, year: int) -> dict[str, int]:
        return {"orders": year}


class AsyncReportJob(Job):
    keep_result_for = timedelta(hours=1)

    async def perform(self, year: int) -> dict[str, int]:
        return {"orders": year}


@pytest.mark.parametrize("job_class", [ReportJob, AsyncReportJob])
def test_result_of_a_job_is_found_by_its_id(worker_settings, job_class):
    enqueued = job_class.enqueue(2026)
    assert inspect.find(enqueued.id).place == "ready"

    with running(make_worker(worker_settings)):
        wait_until(lambda: inspect.find(enqueued.id).place == "done")

    assert inspect.find(enqueued.id).payload.result == {"orders": 2026}
