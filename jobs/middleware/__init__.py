"""Middleware: what happens around every enqueue and every run of a job."""

from jobs.middleware.base import Middleware

__all__ = ["Middleware"]
