"""Bounds: how many jobs a queue may hold that have not ended.

Most queues have none. A feature says which have one when it is imported. `client` and `sink` ask
here, and know no feature by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jobs.errors import QueueFull

#: The bound of each queue that has one.
Bounds = Mapping[str, int]
NO_BOUNDS: Bounds = MappingProxyType({})


def _none() -> Bounds:
    return NO_BOUNDS


def _nobody(_refusal: QueueFull) -> None:
    """Tell nobody."""


@dataclass
class Bounding:
    """Who knows the bounds, and who hears of a refusal."""

    bounds: Callable[[], Bounds] = _none
    #: Called before QueueFull is raised.
    refused: Callable[[QueueFull], None] = _nobody


#: The one of this process.
bounding = Bounding()
