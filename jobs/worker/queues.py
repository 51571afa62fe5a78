"""The order in which a worker looks at its queues: strict, or drawn by weights."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jobs.errors import ConfigurationError
from jobs.options import QUEUE_NAME


@dataclass(frozen=True, slots=True)
class QueueOrder:
    """Queues with weights; all weights 0 means strict order: the first that has work is served."""

    names: tuple[str, ...]
    weights: tuple[int, ...]

    @classmethod
    def parse(cls, texts: Sequence[str]) -> "QueueOrder":
        """Return the order in texts such as `high` or `high,5`. Raise ConfigurationError for what is neither."""
        pairs = [_parse(text) for text in texts]
        names = tuple(name for name, _ in pairs)
        weighted = [weight for _, weight in pairs if weight]
        if len(set(names)) < len(names):
            raise ConfigurationError(f"A queue is named twice: {', '.join(texts)}.")
        if weighted and len(weighted) < len(pairs):
            raise ConfigurationError(f"Give every queue a weight, or none: {', '.join(texts)}.")
        return cls(names, tuple(weight for _, weight in pairs))

    def next(self, uniform: random.Random | None = None) -> Iterator[str]:
        """Yield every queue once, in the order of this turn."""
        if not any(self.weights):
            yield from self.names
            return
        # Efraimidis and Spirakis: sorting by u ** (1 / weight) draws without replacement by weight.
        draw = (uniform or random).random
        yield from sorted(self.names, key=lambda n: draw() ** (1 / self.weights[self.names.index(n)]), reverse=True)


def _parse(text: str) -> tuple[str, int]:
    name, comma, weight = text.partition(",")
    if not QUEUE_NAME.match(name) or (comma and not (weight.isdecimal() and int(weight) > 0)):
        raise ConfigurationError(
            f"{text!r} is no queue: write NAME or NAME,WEIGHT, with letters, digits, '_', '.' and '-' in the name "
            "and a whole number of at least 1 as the weight."
        )
    return name, int(weight or 0)
