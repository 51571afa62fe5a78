"""Makes the claims of unique jobs.

A claim has a key, and says what happens to a second job.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
from msgspec.structs import replace

from jobs.claims import expires_in, makes_claims, unique_key
from jobs.features.unique.option import Unique, fit
from jobs.options import JobOptions, Option
from jobs.parameters import parameters_of
from jobs.store import Claim

if TYPE_CHECKING:
    from jobs.job import Job

_RULE = Option(lambda value: value is None or isinstance(value, Unique), "a jobs.Unique", fit)


@makes_claims("unique", _RULE)
class UniqueClaimer:
    """Makes the claims of the jobs of one unique class."""

    def __init__(
        self, unique: Unique, job_class: "type[Job]", name: str, options: JobOptions
    ) -> None:
        """Take the option, the class and its name, and the options of the job."""
        self.delay = unique.delay
        self._by = unique.by
        self._parameters = parameters_of(job_class)
        self._name = name
        until = unique.until
        self._claim = Claim(
            until=_ms(until) if isinstance(until, timedelta) else until or "done",
            conflict=unique.on_conflict,
            expires_in=expires_in(options),
            max_wait=_ms(unique.max_wait) if unique.max_wait else None,
        )

    def claim(self, args: Sequence[Any], kwargs: Mapping[str, Any], key: str | None) -> Claim:
        """Return the claim of one job, whose arguments are JSON and fit `perform`."""
        whole = self._key(args, kwargs) if key is None else self._chosen(key)
        return replace(self._claim, key=whole)

    def _chosen(self, key: str) -> str:
        return unique_key(self._name, "key", key.encode())

    def _key(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        """Return the key of these arguments.

        With defaults filled in, `f(1)` and `f(a=1)` are the same. The order of the keys of a
        dictionary does not count.
        """
        bound = self._parameters.bound(args, kwargs)
        counting = bound if self._by is None else {name: bound[name] for name in self._by}
        text = orjson.dumps(counting, option=orjson.OPT_SORT_KEYS)
        return unique_key(self._name, "arguments", text)


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)
