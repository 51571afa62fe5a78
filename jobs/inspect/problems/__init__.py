"""The one judgement: what is wrong, since when, and where to look.

`jobs check`, the overview, `stats.json` and `metrics.txt` all show it. Each rule is a file here
that begins with what it says and why. A rule asks Redis nothing, and keeps nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from jobs.inspect.problems.clocks import judge_clocks
from jobs.inspect.problems.dying import judge_deaths
from jobs.inspect.problems.facts import Facts, look
from jobs.inspect.problems.failing import judge_failing
from jobs.inspect.problems.filling import judge_filling
from jobs.inspect.problems.keeping import judge_keeping
from jobs.inspect.problems.lateness import judge_lateness
from jobs.inspect.problems.limits import Limits, limits
from jobs.inspect.problems.outbox import judge_outbox
from jobs.inspect.problems.overlong import judge_overlong
from jobs.inspect.problems.schedules import judge_schedules
from jobs.inspect.problems.sight import Onlooker
from jobs.inspect.problems.silence import judge_silence
from jobs.inspect.problems.staffing import judge_staff
from jobs.inspect.reader import get_reader
from jobs.inspect.stats import Stats
from jobs.inspect.stats import stats as read_stats
from jobs.moment import moment
from jobs.problem import KINDS, MOST_PROBLEMS, Problem
from jobs.store.reader import Reader
from jobs.text import grouped, shown, shown_error

__all__ = ["problems"]

Rule = Callable[[Facts], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    judge_staff,
    judge_lateness,
    judge_filling,
    judge_outbox,
    judge_silence,
    judge_failing,
    judge_overlong,
    judge_schedules,
    judge_deaths,
    judge_keeping,
    judge_clocks,
)


def problems(
    reader: Reader | None = None,
    stats: Stats | None = None,
    *,
    min_workers: int | None = None,
    max_latency: float | None = None,
) -> tuple[Problem, ...]:
    """Return what is wrong, the worst first, in sentences of the language in use.

    The limits are those of JOBS unless they are given: the workers that must take jobs, and the
    seconds that one may wait. What cannot be read or judged is a problem too. Of each kind at most
    20 are named, and one more says how many were left out. A reader that sees only some queues
    shows what is wrong with these, and with Redis.

    It costs what `stats` costs, unless that is given, and five to 13 round trips: O(queues log n
    + workers). With a reader that sees only some queues it costs `stats` once more. With an outbox
    it costs a query too. Raise StoreUnavailable.
    """
    reader = reader or get_reader()
    stats = stats or read_stats(reader)
    onlooker = Onlooker(reader, stats)
    facts = _look_at_everything(reader, stats, limits(min_workers, max_latency))
    judged = [problem for rule in RULES for problem in _judged(rule, facts, onlooker)]
    found = filter(onlooker.sees, judged)
    told = [_dated(_printable(each), facts) for each in (*found, *reader.problems)]
    ignored = facts.limits.ignore
    kept = [each for each in told if each.kind not in ignored and each.name not in ignored]
    return tuple(_capped(kept))


def _look_at_everything(reader: Reader, stats: Stats, limits: Limits) -> Facts:
    """Read the facts of all queues and workers, whatever the reader sees."""
    if reader.sight.sees_all_queues:
        return look(reader, stats, limits)
    whole = Reader(reader.store)
    return look(whole, read_stats(whole), limits)


def _judged(rule: Rule, facts: Facts, onlooker: Onlooker) -> list[Problem]:
    """Return what a rule finds.

    A rule that fails is itself a problem: it may have met what nobody has thought of.
    """
    try:
        return list(rule(facts))
    except Exception as error:  # noqa: BLE001  # whatever Redis holds, the other rules are asked
        name = rule.__name__.removeprefix("judge_")
        reason = _("The rule about %(name)s failed: %(error)s.") % {
            "name": name,
            "error": shown_error(error) if onlooker.sees_everything else type(error).__name__,
        }
        remedy = _("Please report this. Find out more with: python manage.py jobs doctor")
        return [Problem(name, reason, remedy, "unjudged")]


def _printable(problem: Problem) -> Problem:
    """Return a problem whose texts can be encoded, whatever name it is about."""
    key, reason, remedy = shown(problem.key), shown(problem.reason), shown(problem.remedy)
    return replace(problem, key=key, reason=reason, remedy=remedy)


def _dated(problem: Problem, facts: Facts) -> Problem:
    """Return a problem with the time at which it was first seen.

    Its own time stays where that is earlier.
    """
    note = facts.notes.get(problem.name)
    if note is None or not note.is_open_at(facts.now) or note.since is None:
        return problem
    noted = moment(note.since)
    return replace(problem, since=min(problem.since or noted, noted))


def _capped(found: Iterable[Problem]) -> Iterator[Problem]:
    by_kind: dict[str, list[Problem]] = {kind: [] for kind in KINDS}
    for problem in dict.fromkeys(found):
        by_kind[problem.kind].append(problem)
    for kind, same in by_kind.items():
        yield from same[:MOST_PROBLEMS]
        left_out = len(same) - MOST_PROBLEMS
        if left_out > 0:
            reason = _("%(count)s more problems of this kind.") % {"count": grouped(left_out)}
            where = same[0].where.partition("?")[0].partition("/")[0]
            page = f"{where}/" if where and not where.startswith("#") else where
            yield Problem("…", reason, _("Begin with those that are listed."), kind, None, page)
