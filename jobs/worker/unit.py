"""A unit of work: a job that this process holds. Made by the fetcher, ended by the executor."""

from typing import NamedTuple


class Unit(NamedTuple):
    """A fetched job, not decoded yet. `worker` is the name it was taken under, which fences its end."""

    queue: str
    worker: str
    id: str
    raw: bytes
