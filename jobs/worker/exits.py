"""Exit codes by which a worker process tells its supervisor why it ended."""

#: A person told this worker to stop: start no other in its place.
STOPPED_BY_REQUEST = 90
#: Something in the process had died, though no job is to blame: start another.
BROKEN = 91
