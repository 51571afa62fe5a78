"""The job of the benchmark of the outbox. Whoever imports it has an outbox."""

from benchmarks.jobs import NoOpJob


class KeptJob(NoOpJob):
    """Does nothing, and lies in the outbox before."""

    outbox = True
