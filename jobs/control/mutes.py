"""Mutes groups of failures, so that people see what is new among them."""

from jobs.inspect.failures import FailureGroup
from jobs.inspect.reader import get_reader
from jobs.store.mutes import MuteStore
from jobs.store.questions import refusals_explained


def mute(group: FailureGroup) -> None:
    """Hide a group of failures on their page until it changes.

    It changes when it has twice as many jobs, and ten more; when a deploy is marked; or when all of
    its jobs are gone and it comes anew. Where not all jobs were looked at, their number is its
    `estimate`. After 30 days it is shown again in any case. Its jobs are not touched, nor are
    problems and error handlers. It costs three round trips.
    """
    with refusals_explained():
        MuteStore(get_reader().store).put(group.name, group.estimate)


def unmute(group: FailureGroup) -> bool:
    """Show a group of failures again, and return whether it was muted.

    It costs one round trip, O(1).
    """
    with refusals_explained():
        return MuteStore(get_reader().store).remove(group.name)
