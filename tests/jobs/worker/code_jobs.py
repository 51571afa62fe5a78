"""Jobs that run a piece of code of the test.

And one run of such a job.
"""

from collections.abc import Callable

from jobs.job import Job
from jobs.registry import registry
from tests.jobs.worker.made_jobs import broken_jobs, place_of, push
from tests.jobs.worker.small_worker import running
from tests.waiting import wait_until

#: What the jobs, hooks and handlers of a test have noted.
seen: list[object] = []
#: What the methods of CodeJob do, by name.
CODE: dict[str, Callable] = {}
#: The handlers below, as settings name them.
NOTE_ERROR, NOTE_DEATH = f"{__name__}.note_error", f"{__name__}.note_death"


class CodeJob(Job):
    """Runs the piece of code that the test has put in its place."""

    max_retries = 1

    def perform(self, *args):
        return CODE["perform"](self, *args)

    def retry_in(self, attempt, error):
        return CODE.get("retry_in", lambda attempt, error: 1000)(attempt, error)

    def on_exhausted(self, error):
        seen.append(f"exhausted: {error}")
        CODE.get("on_exhausted", lambda error: None)(error)


def note_error(error, context):
    seen.append((repr(error), context["id"], context["attempt"], context["outcome"]))


def note_death(job, error):
    seen.append(f"dead: {job.job_id} {error}")


def begin_anew() -> None:
    """Forget what the test before this one has noted and wanted."""
    seen.clear()
    CODE.clear()


def run(
    store, worker, perform: Callable | None = None, job_class: type[Job] = CodeJob, **fields
) -> str:
    """Run one job in a worker until it has an end.

    Returns its id.
    """
    CODE["perform"] = perform or (lambda job, *args: None)
    (job_id,) = push(store, job_class=registry.name_of(job_class), **fields)
    run_until_settled(store, worker, job_id)
    return job_id


def run_until_settled(store, worker, *job_ids: str) -> None:
    with running(worker):
        wait_until(
            lambda: all(place_of(store, job_id) not in {"ready", "running"} for job_id in job_ids)
        )
        assert all(thread.is_alive() for thread in worker.crew.threads)
    assert broken_jobs(store) == []


def fail(error: BaseException) -> Callable:
    def perform(job, *args):
        raise error

    return perform
