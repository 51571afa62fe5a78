"""The terms under which a worker takes part in a queue.

The worker writes them when it joins. Whoever watches its lease reads them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.conf import JobsSettings


@dataclass(frozen=True, slots=True)
class Terms:
    """What a worker says of itself when it joins a queue.

    `lease` is in seconds. The other two say how much it runs at a time.
    """

    lease: float
    threads: int = 1
    coroutines: int = 0

    @classmethod
    def of(cls, settings: "JobsSettings") -> "Terms":
        """Return the terms of the workers that run with these settings."""
        return cls(settings.lease, settings.concurrency, settings.async_concurrency)

    @property
    def text(self) -> str:
        """The form in which Redis keeps it."""
        return f"{round(self.lease * 1000)} {self.threads} {self.coroutines}"

    @classmethod
    def parse(cls, text: str, otherwise: "Terms") -> "Terms":
        """Return the terms in a text.

        Return `otherwise` for a text that another version wrote in another form.
        """
        try:
            lease, threads, coroutines = (int(part) for part in text.split(" ")[:3])
        except ValueError:
            return otherwise
        return cls(lease / 1000, threads, coroutines)
