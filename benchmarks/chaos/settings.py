"""Settings of the chaos drill.

Times are short, so that minutes see what otherwise takes days.
"""

SECRET_KEY = "chaos"  # noqa: S105  # signs nothing
INSTALLED_APPS = ["jobs", "benchmarks.chaos"]
DATABASES: dict[str, object] = {}
USE_TZ = True
JOBS = {
    "NAMESPACE": "chaos",
    "QUEUES": ["high", "default"],
    "LEASE": 3.0,
    "HEARTBEAT": 0.5,
    "CONCURRENCY": 4,
    "PROCESSES": 2,
    "TIMEOUT": 2.5,
    "MAX_CRASHES": 1_000,  # what is killed here is innocent
    "DEAD_MAX_JOBS": 1_000_000,
}
