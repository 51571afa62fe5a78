"""Rule: Redis may lose jobs, or is running out of memory.

It should never evict a key, write an append-only file, and have a limit of memory: without one
the operating system ends it when memory runs out. Above CHECK_FULLNESS of the limit it is nearly
full, and a full Redis refuses new jobs. A problem with memory that was told of ends five percent
lower, so that it does not come and go. Of a cluster one node is asked. Where Redis keeps
something to itself, nothing is said about that.
"""

from collections.abc import Iterator

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from jobs.errors import ConfigurationError
from jobs.inspect.problems.facts import Facts
from jobs.problem import Problem
from jobs.store.server import judge

#: By how much the share must fall below the limit before all is well.
EASE = 0.05
#: The part of the overview that tells of Redis.
WHERE = "#jobs-redis"


def judge_keeping(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each way in which Redis is unsafe."""
    server = facts.server
    yield from _memory(facts)
    policy = server.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        reason = _("Redis may throw jobs away: its maxmemory-policy is %(policy)s.")
        yield _problem("redis_eviction", reason % {"policy": policy}, _("Set it to noeviction."))
    if not server.get("aof_enabled", True):
        reason = _("A restart of Redis loses jobs: append-only persistence is off.")
        yield _problem("redis_persistence", reason, _("Set appendonly to yes."))
    elif server.get("aof_last_write_status", "ok") != "ok":
        reason = _("Redis cannot write its append-only file.")
        yield _problem(
            "redis_persistence",
            reason,
            _("Look into its log, and check that its disk is not full."),
        )
    yield from _age(facts)


def _memory(facts: Facts) -> Iterator[Problem]:
    used, most = facts.server.get("used_memory", 0), facts.server.get("maxmemory")
    if most == 0:
        reason = _("Redis has no memory limit.")
        remedy = _("Set maxmemory to less than the memory of its machine.")
        yield _problem("redis_unlimited", reason, remedy)
    limit = facts.limits.fullness
    note = facts.notes.get("redis_memory:")
    if note and note.is_open_at(facts.now):
        limit -= EASE
    if most and used / most > limit:
        reason = _("Redis uses %(used)s of its %(most)s of memory.") % {
            "used": filesizeformat(used),
            "most": filesizeformat(most),
        }
        remedy = _("Give Redis more memory, or delete jobs. A full Redis refuses new jobs.")
        yield _problem("redis_memory", reason, remedy)


def _age(facts: Facts) -> Iterator[Problem]:
    if not facts.server:
        return
    try:
        judge(facts.server, "Redis")
    except ConfigurationError as error:
        yield _problem("redis_old", str(error), _("Install a newer version."))


def _problem(kind: str, reason: str, remedy: str) -> Problem:
    return Problem("", reason, remedy, kind, None, WHERE)
