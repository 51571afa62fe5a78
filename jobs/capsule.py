"""A capsule: a group of queues that has threads of its own.

`runjobs --capsule payments:1` and `JOBS["CAPSULES"]` write it in one form, which is read here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.errors import ConfigurationError
from jobs.options import QUEUE_NAME
from jobs.text import brief

#: No machine is well with more threads, and Python refuses to read endless numbers.
_WHOLE = re.compile(r"[1-9][0-9]{0,3}\Z")
_FORM = "write QUEUES:THREADS, such as payments:1 or default,low:10"


@dataclass(frozen=True, slots=True)
class Capsule:
    """Queues that are served together, and with how much.

    `queues` are as `-q` has them: `high`, or `high,5` with a weight. `threads` are those of each
    of its `processes`.
    """

    queues: tuple[str, ...]
    threads: int
    processes: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its queues, without weights."""
        return tuple(queue.partition(",")[0] for queue in self.queues)

    @property
    def is_serial(self) -> bool:
        """Whether it runs one job at a time."""
        return self.threads * self.processes == 1

    @classmethod
    def parse(cls, text: str) -> "Capsule":
        """Return the capsule in a text such as `payments:1` or `high=5,low=1:10x2`.

        That is: the queues, each with its weight or none of them, and the threads, of one process
        or of two. Raise ConfigurationError for what is none.
        """
        queues, _, numbers = text.partition(":")
        threads, times, processes = numbers.partition("x")
        if not threads:
            raise ConfigurationError(
                f"The capsule {brief(text)} does not say how many threads it has: {_FORM}."
            )
        return cls(
            _queues(queues, text),
            _number(threads, "threads", text),
            _number(processes, "processes", text) if times else 1,
        )


def parse_capsules(texts: Sequence[str]) -> tuple[Capsule, ...]:
    """Return the capsules in some texts.

    Raise ConfigurationError for what is none, and where a queue stands in two places.
    """
    capsules = tuple(map(Capsule.parse, texts))
    seen: set[str] = set()
    for name in [name for capsule in capsules for name in capsule.names]:
        if name in seen:
            raise ConfigurationError(
                f"Queue {name} stands twice in the capsules {', '.join(texts)}. Name it in one "
                "capsule, once: that one runs its jobs."
            )
        seen.add(name)
    return capsules


def problem_of(value: object) -> str | None:
    """Return in a sentence what is wrong in `JOBS["CAPSULES"]`, None when it is good."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        return f"JOBS['CAPSULES'] must be a list such as ['payments:1'], not {brief(value)}."
    try:
        parse_capsules(value)
    except ConfigurationError as error:
        return f"JOBS['CAPSULES']: {error}"
    return None


def _queues(text: str, capsule: str) -> tuple[str, ...]:
    queues = tuple(_queue(queue, capsule) for queue in text.split(","))
    weighted = ["," in queue for queue in queues]
    if any(weighted) and not all(weighted):
        raise ConfigurationError(
            f"The capsule {brief(capsule)} gives some of its queues a weight and others none. Give "
            "each a weight, or none."
        )
    return queues


def _queue(text: str, capsule: str) -> str:
    """Return a queue as `-q` has it, from `high` or `high=5`."""
    name, equals, weight = text.partition("=")
    if not QUEUE_NAME.match(name):
        raise ConfigurationError(
            f"The capsule {brief(capsule)} names {brief(name)}, which is no queue: a name has "
            f"letters, digits, '_', '.' and '-'; {_FORM}."
        )
    if not equals:
        return name
    return f"{name},{_number(weight, 'as the weight of a queue', capsule)}"


def _number(text: str, of: str, capsule: str) -> int:
    """Return a whole number from 1 to 9,999."""
    if not _WHOLE.match(text):
        raise ConfigurationError(
            f"The capsule {brief(capsule)} has {brief(text)} {of}. It must be a whole number "
            f"from 1 to 9,999; {_FORM}."
        )
    return int(text)
