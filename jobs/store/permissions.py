"""The rights that a Redis user needs, and whether it has them.

An access-control list (ACL) of Redis names commands and keys. Here is the smallest one for each
kind of process. The documentation shows the same, and a test runs all there is under it.
"""

from collections.abc import Iterable, Sequence

from redis.exceptions import NoPermissionError

from jobs.store.connection import Client


def _commands(names: str) -> frozenset[str]:
    return frozenset(names.split())


#: For a process that only enqueues.
ENQUEUE = _commands(
    "eval evalsha exists get hdel hget hlen hmget hset hstrlen llen rpush sadd select set time "
    "zadd zcard zrange zrem zscore"
)
#: For a process that only looks: the control room without its buttons, `jobs stats`, the doctor.
VIEW = _commands(
    "dbsize eval evalsha getrange hget hgetall hlen hmget hscan hstrlen info ping pttl scan "
    "scard select smembers time type zcard zcount zrange zrangebyscore zrank zrevrange "
    "zrevrangebyscore zscan zscore"
)
#: For workers, and for the control room with all it can do. It holds the two others.
ALL = (ENQUEUE | VIEW) | _commands(
    "bitfield blpop client|id client|unblock del exec exists expire get hdel hincrby hsetnx incr "
    "lpop ltrim multi pexpire pexpireat renamenx srem zpopmin zrem zremrangebyrank zremrangebyscore"
)
#: What to do where a right is missing.
REMEDY = "The rights that a Redis user needs are in docs/security.md of Make It So."
#: A command whose first argument is no key, with arguments that any user may give it.
_HARMLESS = {"evalsha": "evalsha x 0"}
#: How Redis says, in newer versions and in 7.0, that a script calls what its user may not.
_FORBIDDEN_IN_SCRIPT = ("ACL failure in script", "The user executing the script can't run")
#: Asks Redis which commands this user may not run on a key, without running them.
_REFUSED = """
local refused = {}
for _, command in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(command, '[^| ]+') do
    words[#words + 1] = word
  end
  for _ = 1, 3 do
    words[#words + 1] = KEYS[1]
  end
  if not redis.acl_check_cmd(unpack(words)) then
    refused[#refused + 1] = command
  end
end
return refused
"""


def is_forbidden(error: Exception) -> bool:
    """Tell whether Redis refuses because its user lacks a right."""
    if isinstance(error, NoPermissionError):
        return True
    return any(sign in str(error) for sign in _FORBIDDEN_IN_SCRIPT)


def rules(commands: Iterable[str], namespace: str = "jobs") -> str:
    """Return ACL rules: these commands, on the keys of a namespace."""
    keys = f"~{namespace}:* ~{{{namespace}:*"
    return f"resetchannels {keys} {' '.join(f'+{command}' for command in sorted(commands))}"


def warnings(client: Client, keys: Sequence[str], commands: Iterable[str]) -> list[str]:
    """Return which of these commands the user may not run, with the remedy.

    It asks for each of these keys, and runs none of them. One round trip for each key. Raise what
    redis-py raises, except for a refusal.
    """
    asked = [_HARMLESS.get(command, command) for command in sorted(commands)]
    refused: set[str] = set()
    found = []
    for key in keys:
        try:
            answer = client.eval(_REFUSED, 1, key, *asked)
        except NoPermissionError as error:
            found.append(f"Redis refuses scripts on keys like {key}: {error}. {REMEDY}")
        else:
            refused |= {command.decode().split()[0] for command in answer}
    if refused:
        rights = " ".join(f"+{command}" for command in sorted(refused))
        found.append(
            "Redis does not allow its user all that is needed here. "
            f"Give the user these rights: {rights}. {REMEDY}"
        )
    return found
