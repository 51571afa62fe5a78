"""Tells the error handlers of problems, each once as long as it lasts.

A handler is called at once, since no worker may be there to do it. What it fails to hear is told by
a job, with retries.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from jobs.conf import get_settings
from jobs.errors import ProblemFound, StoreCorrupt, StoreUnavailable
from jobs.handlers import tell
from jobs.inspect.reader import get_reader
from jobs.jobs import TellProblemJob
from jobs.problem import Problem
from jobs.store import Store
from jobs.store.alarms import FORGET_AFTER, Alarms, Note
from jobs.store.questions import refusals_explained
from jobs.text import shown_error


@dataclass(frozen=True, slots=True)
class Unheard:
    """A handler that failed to hear of a problem.

    A job may tell it again.
    """

    handler: str
    error: str
    is_told_again: bool


def tell_of(problems: Sequence[Problem]) -> list[Unheard]:
    """Tell the error handlers of those problems that they have not heard of yet.

    Call it with all problems there are, now and then: what is missing is over. A problem that comes
    back within half an hour is not told again. While another process tells people, nothing is done.

    Where Redis keeps no notes, all are told every time. It costs five round trips and one more for
    each problem. Nothing is raised.
    """
    store = get_reader().store
    alarms = Alarms(store)
    try:
        with refusals_explained():
            if not alarms.take_turn():
                return []
    except (StoreUnavailable, StoreCorrupt):
        return [each for problem in problems for each in _tell_of(problem)]
    try:
        return _tell(alarms, problems, store)
    finally:
        with _unless_refused():
            alarms.end_turn()


def tell_all(message: str, context: dict[str, str], *, again: bool = True) -> list[Unheard]:
    """Call every error handler, and leave it to a job where one fails.

    Without `again` no job is enqueued, as it cannot be while Redis is away.
    """
    return list(_unheard(message, context, again=again))


@contextmanager
def _unless_refused() -> Iterator[None]:
    """Go on where Redis keeps no note: then people are told again."""
    with suppress(StoreUnavailable, StoreCorrupt), refusals_explained():
        yield


def _tell(alarms: Alarms, problems: Sequence[Problem], store: Store) -> list[Unheard]:
    now, known = time.time(), dict[str, Note]()
    with _unless_refused():
        now, known = store.now(), alarms.read()
    found = {problem.name: problem for problem in problems}
    unheard: list[Unheard] = []
    for name, problem in found.items():
        unheard += _tell_once(alarms, problem, known.get(name), now)
    gone = {name: note for name, note in known.items() if name not in found}
    _note_over(alarms, gone, now)
    return unheard


def _tell_once(alarms: Alarms, problem: Problem, note: Note | None, now: float) -> list[Unheard]:
    """Tell of a problem unless that was done lately, and note it."""
    was_told = note is not None and note.is_fresh_at(now)
    untold = [] if was_told else _tell_of(problem)
    # What a handler will never hear otherwise is told anew at the next look.
    if all(each.is_told_again for each in untold):
        since = problem.since.timestamp() if problem.since else now
        with _unless_refused():
            alarms.keep({problem.name: Note(since, now)})
    return untold


def _note_over(alarms: Alarms, gone: Mapping[str, Note], now: float) -> None:
    """Note that problems are over, and forget those that have been for long."""
    over = {name: Note(note.since, note.seen_at, is_over=True) for name, note in gone.items()}
    old = [name for name, note in over.items() if now - note.seen_at > FORGET_AFTER]
    with _unless_refused():
        alarms.keep({name: note for name, note in over.items() if name not in old}, old)


def _tell_of(problem: Problem) -> list[Unheard]:
    context = {
        "command": "jobs check",
        "kind": problem.kind,
        "key": problem.key,
        "since": problem.since.isoformat() if problem.since else "",
        "where": problem.where,
    }
    return tell_all(f"{problem.reason} {problem.remedy}", context)


def _unheard(message: str, context: dict[str, str], *, again: bool) -> Iterator[Unheard]:
    for handler in get_settings().error_handlers:
        try:
            tell(handler, ProblemFound(message), context)
        except Exception as error:  # noqa: BLE001  # it is code of the project
            is_told_again = again and _enqueue(handler, message, context)
            yield Unheard(handler, shown_error(error), is_told_again)


def _enqueue(handler: str, message: str, context: dict[str, str]) -> bool:
    """Have a job tell the handler.

    It goes to the first queue of the settings, which some worker surely takes from.
    """
    queue = get_settings().served_queues[0]
    try:
        job = TellProblemJob.using(queue=queue, commit="immediate")
        job.enqueue(handler, message, context)
    except Exception:  # noqa: BLE001  # Redis may refuse, and middleware is code of the project
        return False
    return True
