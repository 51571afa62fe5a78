"""A result is read where docs/reference.md says."""

import re
from datetime import timedelta
from inspect import iscoroutinefunction
from pathlib import Path

import pytest

import jobs
from jobs import Job, inspect
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

PAGE = Path(__file__).parents[3] / "docs" / "reference.md"


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


def example(title: str) -> str:
    """Return the first code below a title of the page."""
    found = re.search(
        rf"^## {title}$.*?```python\n(.*?)```", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found, f"{PAGE.name} shows no {title}"
    return found[1]


def test_page_shows_code_that_reads_a_result(worker_settings, capsys):
    enqueues, asks = example("Results").split("job = ")
    names = {
        "__name__": "tests.results",
        "Job": Job,
        "jobs": jobs,
        "timedelta": timedelta,
        "count_orders": lambda year: year - 2000,
    }

    exec(enqueues, names)
    with running(make_worker(worker_settings)):
        wait_until(lambda: inspect.find(names["enqueued"].id).place == "done")
    exec(f"job = {asks}", names)

    assert capsys.readouterr().out == "{'orders': 26}\n"


def test_page_shows_a_job_that_is_a_coroutine():
    names = {"__name__": "tests.coroutines", "Job": Job}

    exec(example("Coroutines"), names)

    assert iscoroutinefunction(names["FetchPricesJob"].perform)
