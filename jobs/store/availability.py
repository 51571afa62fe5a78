"""Tells an absent Redis from faults of our own.

Used by `store`.
"""

import re

import redis

#: What means "not now": the command may be sent again later.
_UNAVAILABLE = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.ClusterError,
    redis.exceptions.RedisClusterException,
    redis.exceptions.AskError,  # and MovedError: a slot is on its way to another node
    redis.exceptions.TryAgainError,
)
#: Answers for which redis-py has no class, or not in every place. They tell of a full disk or
#: memory, a lack of replicas, a long script, or a new master.
_UNAVAILABLE_CODES = (
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNBLOCKED",
)
#: What redis-py writes before an error in a pipeline.
_OF_PIPELINE = re.compile(r"Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)
#: What Redis may write before the error of a command that a script called.
_OF_SCRIPT = r"(ERR )?(Error running script.*?: )?(@?user_script:\d+: )*-?"
_UNAVAILABLE_ANSWER = re.compile(f"{_OF_SCRIPT}({'|'.join(_UNAVAILABLE_CODES)}) ")
#: So does Redis 7.0 answer a long command where the password is missing; newer ones say NOAUTH.
_NO_PASSWORD = "Protocol error: unauthenticated"  # noqa: S105


def is_unavailable(error: Exception) -> bool:
    """Tell whether an error is a sign of a Redis that cannot be used.

    Such a Redis is absent, late, full, or about to change.
    """
    if isinstance(error, _UNAVAILABLE):
        return True
    if _NO_PASSWORD in str(error):
        return True
    answer = _OF_PIPELINE.sub("", str(error), count=1)
    return isinstance(error, redis.ResponseError) and _UNAVAILABLE_ANSWER.match(answer) is not None


def reason(error: Exception) -> str:
    """Return why Redis cannot be used.

    The words are the same for each version of Redis.
    """
    return "Authentication required." if _NO_PASSWORD in str(error) else str(error)
