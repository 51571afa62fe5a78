"""Tools for the tests of a project that enqueues jobs.

Jobs are collected, run at once, or really pushed, and assertions look at them. Under pytest they
are collected unless a test says otherwise: see `jobs.testing.pytest_plugin`. For Django's TestCase
there is `JobsTestMixin`.
"""

from jobs.testing.assertions import assert_enqueued, assert_nothing_enqueued
from jobs.testing.capturing import capture_jobs
from jobs.testing.draining import drain
from jobs.testing.mixin import JobsTestMixin
from jobs.testing.modes import clear, enqueued_jobs, mode, pass_time
from jobs.testing.playing import Run, run_next
from jobs.testing.ticking import Tick, upcoming_ticks

__all__ = [
    "JobsTestMixin",
    "Run",
    "Tick",
    "assert_enqueued",
    "assert_nothing_enqueued",
    "capture_jobs",
    "clear",
    "drain",
    "enqueued_jobs",
    "mode",
    "pass_time",
    "run_next",
    "upcoming_ticks",
]
