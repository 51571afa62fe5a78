"""Keeps how the jobs of a test ended, for whoever asks for their results.

In real mode a worker does it, so nothing is kept here.
"""

import math

from jobs import returns
from jobs.features.results.desks import MemoryDesk, switch
from jobs.options import JobOptions
from jobs.payload import Payload


def done(payload: Payload, options: JobOptions, result: object) -> None:
    """Keep what a job returned, if its class wants that."""
    if isinstance(desk := switch.current(), MemoryDesk) and returns.are_wanted(options):
        kept = returns.kept(payload, options, result)
        desk.note(payload.id, "done", kept.payload.encode(), kept.seconds)


def died(payload: Payload) -> None:
    """Keep the last error of a job that will not be tried again."""
    if isinstance(desk := switch.current(), MemoryDesk):
        desk.note(payload.id, "dead", payload.encode(), math.inf)


def snoozed(payload: Payload) -> None:
    """Note that a job wants to run later, when nobody runs it."""
    if isinstance(desk := switch.current(), MemoryDesk):
        desk.note(payload.id, "scheduled", payload.encode(), math.inf)
