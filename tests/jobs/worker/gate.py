"""Jobs at a gate: one runs until it opens, the other ends at once.

The fixture `closed_gate` closes it before each test of the worker.
"""

import threading

from jobs.job import Job

#: What has begun, in its order: a name, or else the id of the job.
begun: list[str] = []
gate = threading.Event()


class QuickJob(Job):
    """Ends at once."""

    def perform(self, name=None):
        begun.append(name or self.job_id)


class GatedJob(Job):
    """Runs until the gate opens."""

    def perform(self):
        begun.append("gated")
        assert gate.wait(30)


QUICK, GATED = f"{__name__}.{QuickJob.__name__}", f"{__name__}.{GatedJob.__name__}"
