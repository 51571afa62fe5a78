"""The worked example of ARCHITECTURE.md, in a worker that runs.

It is a feature that opens four doors.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from jobs import InvalidJob, Job
from jobs.chore import take_away
from jobs.events import unsubscribe
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]


class NobodysJob(Job):
    def perform(self) -> None:
        pass


@pytest.fixture(scope="module")
def tally() -> Iterator[ModuleType]:
    """Let the feature be there for these tests only."""
    module = importlib.import_module("tests.jobs.features.tally")
    yield module
    unsubscribe(module.note)
    take_away(module.CHORE)


def test_jobs_of_a_team_are_counted_by_the_workers_that_run_them(tally, store, worker_settings):
    # Made here, where its option is known.
    invoice_job = type("InvoiceJob", (NobodysJob,), {"team": "billing"})
    invoice_job.enqueue_many([()] * 3)
    NobodysJob.enqueue()
    worker = make_worker(worker_settings)
    with running(worker):
        worker._brought.start()
        wait_until(tally.Tallies(store).read)
        wait_until(lambda: tally.Tallies(store).read() == {"billing": 3})
        worker._brought.end(lambda: None, 5)


def test_wrong_value_of_its_option_fails_where_the_class_is_written(tally):
    with pytest.raises(InvalidJob, match="'team' must be the name of a team, not 7"):
        type("WrongJob", (Job,), {"team": 7, "perform": lambda self: None})


def test_architecture_shows_the_code_that_runs_here():
    code = (ROOT / "tests/jobs/features/tally.py").read_text()

    assert f"```python\n{code}```" in (ROOT / "ARCHITECTURE.md").read_text()
