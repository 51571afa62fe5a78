"""Asks one backend of Django's tasks what it does: `python ci/task_questions.py NAME`.

It prints the answers as one line of JSON. The backend is that of the alias `default`, and the tasks
are those of `any_tasks`, whichever backend it is. `task_backends` puts the answers side by side.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from task_worker import Work, set_up

ROOT = Path(__file__).resolve().parent.parent
Question = Callable[[Work], object]
QUESTIONS: dict[str, Question] = {}


def asks(title: str) -> Callable[[Question], Question]:
    """Return a decorator for a question."""

    def add(question: Question) -> Question:
        QUESTIONS[title] = question
        return question

    return add


def main() -> None:
    """Ask everything, and print the answers."""
    name = sys.argv[1]
    work = set_up(name)
    answers = {}
    for title, question in QUESTIONS.items():
        try:
            answers[title] = str(question(work))
        except Exception as error:  # noqa: BLE001  # what a backend raises is its answer
            answers[title] = f"raises `{type(error).__name__}`"
    print(json.dumps(answers))


def told(result: Any) -> str:
    """Return how a task stands, by its result."""
    with suppress(NotImplementedError):
        result.refresh()
    words = [f"{result.status}"]
    if result.status == "SUCCESSFUL":
        words.append(f"returned {result.return_value}")
    words += [f"`{each.exception_class_path.rpartition('.')[2]}`" for each in result.errors]
    return ", ".join(words)


def after_work(work: Work, task: Any, *args: Any, **kwargs: Any) -> str:
    """Enqueue a task, let it run, and tell how it stands."""
    result = task.enqueue(*args, **kwargs)
    work()
    return told(result)


def tasks() -> Any:
    """Return the module of the tasks, which needs a Django that is set up."""
    import any_tasks  # noqa: PLC0415

    return any_tasks


@asks("`enqueue` returns")
def _(work: Work) -> object:
    return tasks().add.enqueue(1, 2).status


@asks("once a worker had time")
def _(work: Work) -> object:
    return after_work(work, tasks().add, 1, 2)


@asks("a coroutine")
def _(work: Work) -> object:
    return after_work(work, tasks().add_async, 1, 2)


@asks("a task that raises")
def _(work: Work) -> object:
    return after_work(work, tasks().fail)


@asks("a return value that is no JSON")
def _(work: Work) -> object:
    return after_work(work, tasks().return_object)


@asks("an argument is missing")
def _(work: Work) -> object:
    return after_work(work, tasks().add, 1)


@asks("an argument that is no JSON")
def _(work: Work) -> object:
    return after_work(work, tasks().kind_of, object())


@asks("an argument is NaN")
def _(work: Work) -> object:
    return after_work(work, tasks().kind_of, float("nan"))


@asks("the type of an argument that is a tuple")
def _(work: Work) -> object:
    return after_work(work, tasks().kind_of, (1, 2))


@asks("the type of a key that is a number")
def _(work: Work) -> object:
    return after_work(work, tasks().kind_of_key, {1: 2})


@asks("`using(run_after=...)`")
def _(work: Work) -> object:
    from django.utils import timezone  # noqa: PLC0415

    later = timezone.now() + timedelta(hours=1)
    return after_work(work, tasks().add.using(run_after=later), 1, 2)


@asks("two tasks of priority 1 and 5 run in the order")
def _(work: Work) -> object:
    ran = tasks().ran
    ran.clear()
    for priority in (1, 5):
        tasks().note.using(priority=priority).enqueue(priority)
    work()
    return ", ".join(map(str, ran)) or "none runs"


@asks("a queue that QUEUES does not name")
def _(work: Work) -> object:
    return tasks().add.using(queue_name="other").enqueue(1, 2).status


@asks("`get_result` of an id")
def _(work: Work) -> object:
    return tasks().add.get_result(tasks().add.enqueue(1, 2).id).status


@asks("`get_result` of an unknown id")
def _(work: Work) -> object:
    return tasks().add.get_result("00000000-0000-0000-0000-000000000000").status


@asks("`aenqueue`, then `aget_result`")
def _(work: Work) -> object:
    async def ask() -> object:
        result = await tasks().add.aenqueue(1, 2)
        return (await tasks().add.aget_result(result.id)).status

    return asyncio.run(ask())


@asks("the context tells the attempt")
def _(work: Work) -> object:
    return after_work(work, tasks().attempt)


@asks("`worker_ids` has how many")
def _(work: Work) -> object:
    result = tasks().add.enqueue(1, 2)
    work()
    told(result)
    return len(result.worker_ids)


@asks("within a transaction, `enqueued_at` is set")
def _(work: Work) -> object:
    from django.db import transaction  # noqa: PLC0415

    with transaction.atomic():
        return "yes" if tasks().add.enqueue(1, 2).enqueued_at else "after the commit"


@asks("a task whose transaction is rolled back")
def _(work: Work) -> object:
    from django.db import transaction  # noqa: PLC0415

    tasks().ran.clear()
    with transaction.atomic():
        tasks().note.enqueue("rolled back")
        transaction.set_rollback(True)
    work()
    return "has run" if tasks().ran else "does not run"


@asks("the signals of a task that is done")
def _(work: Work) -> object:
    heard: list[str] = []
    with hearing(lambda name, sender: heard.append(name)):
        tasks().add.enqueue(1, 2)
        work()
    return ", ".join(heard)


@asks("the sender of `task_started`")
def _(work: Work) -> object:
    heard: dict[str, object] = {}
    with hearing(heard.__setitem__):
        tasks().add.enqueue(1, 2)
        work()
    if "started" not in heard:
        return "none is sent"
    return "the class of the backend" if isinstance(heard["started"], type) else "an object"


@asks("a receiver of `task_finished` raises")
def _(work: Work) -> object:
    def fail(name: str, sender: object) -> None:
        if name == "finished":
            raise RuntimeError

    with hearing(fail):
        return after_work(work, tasks().add, 1, 2)


@asks("`@task(max_retries=3)`")
def _(work: Work) -> object:
    from django.tasks import task  # noqa: PLC0415

    task(max_retries=3)(tasks().plain_function)  # type: ignore[call-overload]
    return "is an option"


@asks("flags: defer, coroutines, results, priority")
def _(work: Work) -> object:
    from django.tasks import default_task_backend as backend  # noqa: PLC0415

    flags = (
        backend.supports_defer,
        backend.supports_async_task,
        backend.supports_get_result,
        backend.supports_priority,
    )
    return ", ".join("yes" if flag else "no" for flag in flags)


@contextmanager
def hearing(hear: Callable[[str, object], None]) -> Iterator[None]:
    """Tell the name and the sender of each signal of a task."""
    from django.tasks import signals  # noqa: PLC0415

    receivers = []
    for name in ("enqueued", "started", "finished"):

        def receive(sender: object, name: str = name, **_: object) -> None:
            hear(name, sender)

        signal = getattr(signals, f"task_{name}")
        signal.connect(receive)
        receivers.append((signal, receive))
    yield
    for signal, receive in receivers:
        signal.disconnect(receive)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]
    main()
