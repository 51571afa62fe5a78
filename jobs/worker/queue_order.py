"""The order in which a worker looks at its queues."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jobs.errors import ConfigurationError
from jobs.options import QUEUE_NAME


@dataclass(frozen=True, slots=True)
class QueueOrder:
    """Queues with weights.

    All weights 0 means strict order: the first queue that has work is served.
    """

    names: tuple[str, ...]
    weights: tuple[int, ...]

    @classmethod
    def parse(cls, texts: Sequence[str]) -> "QueueOrder":
        """Return the order in texts such as `high` or `high,5`.

        Raise ConfigurationError for what is neither.
        """
        pairs = list(map(_parse, texts))
        names = tuple(name for name, _ in pairs)
        weights = tuple(weight for _, weight in pairs)
        if len(set(names)) < len(names):
            raise ConfigurationError(f"A queue is named twice: {', '.join(texts)}.")
        has_weights, lacks_weights = any(weights), not all(weights)
        if has_weights and lacks_weights:
            raise ConfigurationError(f"Give every queue a weight, or none: {', '.join(texts)}.")
        return cls(names, weights)

    def next(self, uniform: random.Random | None = None) -> Iterator[str]:
        """Return every queue once, in the order of this turn."""
        if not any(self.weights):
            return iter(self.names)
        draw = random.random if uniform is None else uniform.random
        return iter(self._drawn(draw))

    def _drawn(self, draw: Callable[[], float]) -> list[str]:
        """Return the queues as they are drawn this time.

        Efraimidis and Spirakis: sorting by u ** (1 / weight) draws without replacement by weight.
        With the weights 3 and 1 the first queue leads in three turns of four.
        """
        places = {
            name: draw() ** (1 / weight)
            for name, weight in zip(self.names, self.weights, strict=True)
        }
        return sorted(self.names, key=places.__getitem__, reverse=True)


def _parse(text: str) -> tuple[str, int]:
    """Return the name and the weight in a text.

    The weight is 0 where none is given.
    """
    name, comma, weight = text.partition(",")
    if not QUEUE_NAME.match(name):
        raise _no_queue(text)
    if not comma:
        return name, 0
    if not weight.isdecimal() or int(weight) == 0:
        raise _no_queue(text)
    return name, int(weight)


def _no_queue(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"{text!r} is no queue: write NAME or NAME,WEIGHT, with letters, digits, '_', '.' and '-' "
        "in the name and a whole number of at least 1 as the weight."
    )
