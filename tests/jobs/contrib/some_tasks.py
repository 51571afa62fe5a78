"""Tasks under test. Workers find them here by their paths."""

import threading
import time
from datetime import timedelta

from jobs import Discard, Unique
from jobs.contrib.django_tasks import task
from jobs.contrib.django_tasks.versions import TaskContext

gate = threading.Event()


@task
def add(*numbers: int) -> int:
    return sum(numbers)


@task
async def add_async(*numbers: int) -> int:
    return sum(numbers)


@task
def echo(value: object = None, *, other: object = None) -> object:
    return value


@task
def wait_at_gate() -> str:
    assert gate.wait(30)
    return "through"


@task
def sign_in(host: str, password: str) -> None:
    pass


@task
def sleep(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)


@task
def fail_at_gate() -> None:
    assert gate.wait(30)
    raise ValueError("after the gate")


@task(max_retries=0)
def fail(message: str) -> None:
    raise ValueError(message)


@task(max_retries=0)
async def fail_async(message: str) -> None:
    raise ValueError(message)


@task(max_retries=3, options={})
def fail_sometimes() -> None:
    raise ConnectionError("not yet")


@task
def discard() -> None:
    raise Discard("nobody wants it")


@task(max_retries=0, dead=False)
def fail_for_nobody() -> None:
    raise ValueError("away with it")


@task(expires_in=timedelta(milliseconds=1))
def come_too_late() -> None:
    pass


@task
def return_no_json() -> object:
    return object()


@task
def return_much() -> str:
    return "x" * 2_000_000


@task(keep_result_for=None)
def keep_nothing() -> int:
    return 1


@task(unique=Unique(by=("order_id",)))
def once_an_order(order_id: int) -> int:
    return order_id


@task(takes_context=True)
def tell_context(context: TaskContext, *, word: str) -> list[object]:
    result = context.task_result
    return [word, result.id, context.attempt, str(result.status), result.worker_ids]


@task(takes_context=True)
async def tell_context_async(context: TaskContext) -> int:
    return context.attempt


def plain_function() -> None:
    pass


renamed = task(plain_function)


#: What `return_what_is_offered` returns.
offered: object = None


@task
def return_what_is_offered() -> object:
    return offered
