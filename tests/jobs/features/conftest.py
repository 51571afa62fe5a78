"""Fixtures of the features' tests: a worker that beats often."""

from tests.jobs.worker.conftest import worker_settings

__all__ = ["worker_settings"]
