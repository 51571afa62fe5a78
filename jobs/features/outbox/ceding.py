"""Keeps swept jobs from replacing newer ones, which wait in Redis already.

A job that replaces or debounces brings the newest arguments, and a sweeper comes late.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from jobs.client import get_client
from jobs.ids import is_older
from jobs.store import NewJob

_REPLACING = ("replace", "debounce")


def ceding(jobs: Sequence[tuple[str, NewJob]]) -> list[tuple[str, NewJob]]:
    """Return (queue, job) pairs, of which those that come too late replace nobody.

    One round trip for each queue of jobs that replace others.
    """
    keys: dict[str, list[str]] = {}
    for queue, job in jobs:
        if key := _replaced(job):
            keys.setdefault(queue, []).append(key)
    holders = {queue: get_client().holders(queue, some) for queue, some in keys.items()}
    return [(queue, _ceding(job, holders.get(queue, {}))) for queue, job in jobs]


def _ceding(job: NewJob, holders: Mapping[str, str]) -> NewJob:
    holder = holders.get(_replaced(job))
    if job.claim is None or holder is None or not is_older(job.id, holder):
        return job
    return replace(job, claim=replace(job.claim, conflict="return"))


def _replaced(job: NewJob) -> str:
    """Return the key whose holder a job would replace, empty if there is none."""
    claim = job.claim
    return claim.key if claim is not None and claim.conflict in _REPLACING else ""
