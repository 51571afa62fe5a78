"""Rule: the clock of a host is five seconds from that of Redis.

Times that a host writes are then wrong: when delayed jobs run, and where metrics stand. A worker
compares the clocks with each heartbeat, and two in a row must find them apart. So one that came
late is no problem. The clock of this process is compared while the facts are read.
"""

import socket
from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from jobs.heartbeat import CLOCK_APART
from jobs.inspect.explain import in_words
from jobs.inspect.problems.facts import Facts
from jobs.problem import Problem


def judge_clocks(facts: Facts) -> Iterator[Problem]:
    """Yield a problem for each host whose clock is wrong."""
    found: dict[str, tuple[float, datetime | None]] = {}
    if abs(facts.own_clock_behind) > CLOCK_APART:
        found[socket.gethostname()] = facts.own_clock_behind, None
    for worker in facts.live:
        is_apart = abs(worker.clock_behind_seconds) > CLOCK_APART
        if is_apart and worker.clock_apart_since:
            _behind, since = found.get(worker.host, (0.0, None))
            first = min(since or worker.clock_apart_since, worker.clock_apart_since)
            found[worker.host] = worker.clock_behind_seconds, first
    for host, (behind, since) in found.items():
        yield _problem(host, behind, since)


def _problem(host: str, behind: float, since: datetime | None) -> Problem:
    text = _("The clock of %(host)s is %(time)s ahead of the clock of Redis.")
    if behind > 0:
        text = _("The clock of %(host)s is %(time)s behind the clock of Redis.")
    reason = text % {"host": host, "time": in_words(abs(behind))}
    remedy = _(
        "Set both clocks by NTP. Until then, jobs that this host schedules run at the wrong time."
    )
    return Problem(host, reason, remedy, "clock_apart", since, "workers/")
