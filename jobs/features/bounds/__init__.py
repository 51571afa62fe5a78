"""Bounded queues: `JOBS["QUEUE_LIMITS"] = {"imports": 10_000}`.

An enqueue beyond the limit raises QueueFull. The feature uses one door: bounds. The check itself
stands in the scripts that insert new jobs.
"""

from jobs.bounds import bounding
from jobs.features.bounds.reading import bounds_of_settings
from jobs.features.bounds.refusals import Refusals

bounding.bounds = bounds_of_settings
bounding.refused = Refusals().tell
