"""The worker: a supervisor and its processes, which run jobs."""
