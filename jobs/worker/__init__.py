"""The worker: a supervisor and its processes, each with threads and an event loop, which run jobs."""
