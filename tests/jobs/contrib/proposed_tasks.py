"""Tasks in the words of the open proposals for Django."""

import threading

from jobs.contrib.django_tasks import task
from jobs.contrib.django_tasks.metadata import JobsContext

gate = threading.Event()
#: What the functions for `backoff` were asked, and how often tasks ran.
asked: list[tuple[str, str, int, int]] = []


def at_once(exception, task_result):
    """Return 0 seconds, and take down the question."""
    asked.append(
        (
            type(exception).__name__,
            str(task_result.status),
            len(task_result.errors),
            task_result.attempts,
        )
    )
    return 0


def never(exception, task_result):
    """Return None, which is not again."""


def wrong(exception, task_result):
    """Raise, as nothing should."""
    raise ZeroDivisionError


@task(max_attempts=3, backoff=at_once)
def fail_thrice() -> None:
    raise ConnectionError("not yet")


@task(max_attempts=3, backoff=never)
def fail_for_good() -> None:
    raise ValueError("never")


@task(max_attempts=3, backoff=never, dead=False)
def fail_for_nobody() -> None:
    raise ValueError("never")


@task(backoff=wrong)
def fail_with_wrong_backoff() -> None:
    raise ValueError("odd")


@task
def fail_as_the_entry_says() -> None:
    raise ConnectionError("not yet")


@task(takes_context=True)
def trace(context: JobsContext) -> object:
    seen = dict(context.metadata)
    context.metadata["spans"] = [*context.metadata.get("spans", []), context.attempt]
    return seen


@task(takes_context=True, max_attempts=2, backoff=at_once)
def trace_and_fail(context: JobsContext) -> None:
    context.metadata["spans"] = [*context.metadata.get("spans", []), context.attempt]
    if context.attempt == 1:
        raise ConnectionError("not yet")


@task(takes_context=True)
def save_and_wait(context: JobsContext) -> None:
    context.metadata["done"] = 40
    context.save_metadata()
    assert gate.wait(10)


@task(takes_context=True)
async def save_async(context: JobsContext) -> None:
    context.metadata["done"] = 40
    await context.asave_metadata()


@task(takes_context=True)
def spoil(context: JobsContext) -> None:
    context.metadata["file"] = object()


@task(takes_context=True, max_retries=0)
def save_spoilt(context: JobsContext) -> None:
    context.metadata["file"] = object()
    context.save_metadata()
