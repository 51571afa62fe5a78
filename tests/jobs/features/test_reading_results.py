"""A result is read where docs/results.md says."""

import re
from datetime import timedelta
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest

import jobs
from jobs import Job, inspect
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

DOCS = Path(__file__).parents[3] / "docs"


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


def example(page: str, title: str) -> str:
    """Return the first code below a title of a page."""
    found = re.search(
        rf"^## {title}$.*?```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE
    )
    assert found, f"{page} shows no {title}"
    return found[1]


def test_page_shows_code_that_waits_for_a_result(worker_settings, capsys):
    names = {
        "__name__": "tests.results",
        "Job": Job,
        "jobs": jobs,
        "timedelta": timedelta,
        "count_orders": lambda year: year - 2000,
    }

    with running(make_worker(worker_settings)):
        exec(example("results.md", "Wait for a result"), names)

    assert capsys.readouterr().out == "{'orders': 26}\n" * 2


def test_page_shows_a_job_that_tells_its_progress():
    told: list[tuple[object, ...]] = []
    names: dict[str, Any] = {
        "__name__": "tests.progress",
        "Job": Job,
        "read_rows": lambda path: ["one", "two"],
        "import_row": lambda row: None,
    }

    exec(example("results.md", "Tell the progress"), names)
    job = names["ImportJob"]()
    job.progress = lambda *args: told.append(args)
    job.perform("customers.csv")

    assert told == [(1, 2, "rows of customers.csv"), (2, 2, "rows of customers.csv")]


def test_page_shows_a_job_that_is_a_coroutine():
    names = {"__name__": "tests.coroutines", "Job": Job}

    exec(example("reference.md", "Coroutines"), names)

    assert iscoroutinefunction(names["FetchPricesJob"].perform)
