"""Settings of the benchmarks: the library with all its features on, and nothing else."""

import os

SECRET_KEY = "benchmarks"  # noqa: S105  # signs nothing
INSTALLED_APPS = ["jobs", "benchmarks"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
JOBS = {"NAMESPACE": os.environ.get("BENCHMARK_NAMESPACE", "bench"), "QUEUES": ["bench"]}
