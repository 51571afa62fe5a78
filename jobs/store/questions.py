"""Asks Redis many questions at a time and judges each answer by itself.

A key may be of another type, or the user of the URL may not read it. Such a key must not take the
others with it. Its answer becomes the default of the question, and a problem that says which key it
is and what to do.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis
from django.utils.translation import gettext as _

from jobs.errors import StoreCorrupt
from jobs.problem import Problem, Problems
from jobs.store.availability import is_unavailable
from jobs.store.permissions import REMEDY, is_forbidden
from jobs.store.sight import EVERYTHING, Sight
from jobs.store.store import Store
from jobs.text import grouped, shown


@dataclass(frozen=True, slots=True)
class Question:
    """One command of the client about one key.

    `default` stands for an answer that cannot be had.
    """

    key: str
    command: str
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    default: Any = 0


@contextmanager
def refusals_explained() -> Iterator[None]:
    """Turn a refusal of Redis about a key into StoreCorrupt.

    StoreCorrupt says what to do.
    """
    try:
        yield
    except redis.ResponseError as error:
        if is_unavailable(error):
            raise
        if is_forbidden(error):
            raise StoreCorrupt(error, REMEDY) from error
        raise StoreCorrupt(error) from error


class Asker:
    """Asks through one store and keeps the problems that it met."""

    def __init__(self, store: Store, sight: Sight = EVERYTHING) -> None:
        """Take the store without sending anything.

        `sight` says what may be shown of the answers. The functions of `inspect` heed it.
        """
        self.store = store
        self.sight = sight
        self._client = store.client
        self._problems = Problems()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems met so far, at most 20.

        One more says how many were left out.
        """
        kept, left_out = self._problems.all(), self._problems.left_out
        if not left_out:
            return kept
        reason = _("%(count)s more entries cannot be read.") % {"count": grouped(left_out)}
        return (*kept, Problem("…", reason, doctor()))

    def note(self, key: str, reason: str, remedy: str = "") -> None:
        """Keep a problem with a key.

        Without a remedy of its own it is one for the doctor.
        """
        self._problems.add(Problem(shown(key), shown(reason), shown(remedy) or doctor()))

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """Return the answers in order.

        One round trip, on a cluster one for each node.
        """
        if not questions:
            return []
        with self.store.available(), self._client.pipeline(transaction=False) as pipe:
            for question in questions:
                getattr(pipe, question.command)(question.key, *question.args, **question.options)
            answers = pipe.execute(raise_on_error=False)
            return [
                self._judged(each, answer) for each, answer in zip(questions, answers, strict=True)
            ]

    def attempt(self, key: str, call: Callable[[], Any], default: Any) -> Any:
        """Return what a call about one key brings.

        Where the key cannot be read, note that and return the default.
        """
        with self.store.available():
            try:
                return call()
            except redis.ResponseError as error:
                return self._refused(key, error, default)

    def quietly(self, call: Callable[[], list[Any]]) -> list[Any]:
        """Return the answers that a call brings.

        One is None where a key of it cannot be read. To learn which, ask for each.
        """
        with self.store.available():
            return [self._or_none(answer) for answer in call()]

    def _or_none(self, answer: Any) -> Any:
        if not isinstance(answer, redis.ResponseError):
            return answer
        if is_unavailable(answer):
            raise answer
        return None

    def _judged(self, question: Question, answer: Any) -> Any:
        if isinstance(answer, redis.ResponseError):
            return self._refused(question.key, answer, question.default)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _refused(self, key: str, error: redis.ResponseError, default: Any) -> Any:
        if is_unavailable(error):
            raise error
        if is_forbidden(error):
            remedy = _("Give the user of JOBS['REDIS_URL'] this permission.")
            self.note(key, str(error), remedy)
        elif str(error).startswith("WRONGTYPE"):
            self.note(key, _("It is not of the type that belongs there."))
        else:
            self.note(key, str(error))
        return default


def doctor() -> str:
    """Return the remedy for what the doctor can tell more about, and often repair."""
    return _("Run: python manage.py jobs doctor --repair")
