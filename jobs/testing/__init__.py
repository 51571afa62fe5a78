"""Tools for the tests of a project: jobs are collected, run at once, or really pushed, and assertions look at them.

`fake` is the default under pytest; see `jobs.testing.pytest_plugin`, and `JobsTestMixin` for Django's TestCase.
"""

from jobs.testing.assertions import assert_enqueued, assert_nothing_enqueued
from jobs.testing.mixin import JobsTestMixin
from jobs.testing.modes import clear, drain, enqueued_jobs, mode

__all__ = [
    "JobsTestMixin",
    "assert_enqueued",
    "assert_nothing_enqueued",
    "clear",
    "drain",
    "enqueued_jobs",
    "mode",
]
