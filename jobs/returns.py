"""Return values: what becomes of what `perform` returned.

Most jobs return nothing that anybody wants. A feature takes return values with `takes_returns`,
under an option that job classes set. The worker asks here, and knows no feature by name.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from jobs.options import JobOptions, Option, declare_option
from jobs.payload import Payload


class Kept(NamedTuple):
    """A payload to put into the done set, and for how many seconds."""

    payload: Payload
    seconds: float


#: Gets the payload of a job that is done, the value of the option, and what `perform` returned.
Taker = Callable[[Payload, Any, Any], Kept]
_takers: dict[str, Taker] = {}


def takes_returns(option: str, rule: Option) -> Callable[[Taker], Taker]:
    """Return a decorator for what takes the results of jobs that set an option.

    This declares the option too, with None for "not wanted". The taker is called in the thread of
    the job. It must not block, and must raise nothing.
    """
    declare_option(option, rule)

    def add(taker: Taker) -> Taker:
        _takers[option] = taker
        return taker

    return add


def are_wanted(options: JobOptions) -> bool:
    """Return whether anybody wants what a job with these options returns."""
    set_here = options.others
    if not set_here:  # the way of most jobs
        return False
    return any(set_here.get(option) is not None for option in _takers)


def kept(payload: Payload, options: JobOptions, result: Any) -> Kept:
    """Return the payload as all takers left it, and the longest of their times."""
    seconds = 0.0
    for option, take in _takers.items():
        value = options.others.get(option)
        if value is not None:
            payload, wanted = take(payload, value, result)
            seconds = max(seconds, wanted)
    return Kept(payload, seconds)
