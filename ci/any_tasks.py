"""Tasks that any backend can run: `task_questions` asks each backend the same of them."""

from typing import Any

from django.tasks import TaskContext, task

#: What ran, in its order.
ran: list[object] = []


@task
def add(first: int, second: int) -> int:
    """Return a sum."""
    return first + second


@task
async def add_async(first: int, second: int) -> int:
    """Return a sum, as a coroutine."""
    return first + second


@task
def fail() -> None:
    """Raise."""
    raise ValueError("no")


@task
def kind_of(value: Any) -> str:
    """Return the name of the type of an argument."""
    return type(value).__name__


@task
def kind_of_key(value: dict[Any, Any]) -> str:
    """Return the name of the type of a key."""
    return type(next(iter(value))).__name__


@task
def return_object() -> object:
    """Return what is no JSON."""
    return object()


@task
def note(word: str) -> None:
    """Take down that it ran."""
    ran.append(word)


@task(takes_context=True)
def attempt(context: "TaskContext[Any, Any]") -> int:
    """Return the number of this run."""
    return context.attempt


def plain_function() -> None:
    """Do nothing. It is made a task where that is the question."""
