"""Bounded queues: `JOBS["QUEUE_LIMITS"] = {"imports": 10_000}`.

An enqueue beyond the limit raises QueueFull. The feature uses two doors: bounds, and a system
check. What compares the numbers stands in the scripts that insert new jobs.
"""

from django.core.checks import register

from jobs.bounds import bounding
from jobs.features.bounds.checks import check_bounds
from jobs.features.bounds.reading import bounds_of_settings
from jobs.features.bounds.refusals import Refusals

bounding.bounds = bounds_of_settings
bounding.refused = Refusals().tell
register(check_bounds, "jobs")
