"""The tiles of the overview: how it stands right now."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.admin.nav import address
from jobs.conf import get_settings
from jobs.inspect import Pace, Queue, Stats
from jobs.problem import Problem
from jobs.templatetags.jobs_format import duration, number, rate

#: A run that has lasted for so many seconds is told of.
LONG = 60


@dataclass(frozen=True, slots=True)
class Tile:
    """One number, with a note.

    The address is that of the page that explains it. `mood` is "bad" where somebody should look.
    """

    title: str
    value: str
    url: str = ""
    note: str = ""
    mood: str = ""


def tiles_of_now(
    request: HttpRequest, stats: Stats, pace: Pace, problems: Iterable[Problem]
) -> tuple[Tile, ...]:
    """Return what runs, what waits, how fast it goes, and how much fails."""
    metrics, queues = address(request, "jobs_metrics"), address(request, "jobs_queues")
    running, ready = stats.total("running"), stats.total("ready")
    kinds = {problem.kind for problem in problems}
    return (
        Tile(
            _("Running"),
            number(running),
            address(request, "jobs_running"),
            _running(stats, running),
            "bad" if "job_overlong" in kinds else "",
        ),
        Tile(_("Ready"), number(ready), queues, _waiting(stats)),
        _latency(request, stats),
        Tile(_("Per second"), rate(pace.per_second), metrics, _("in the last 5 minutes")),
        Tile(
            _("Failing"),
            "–" if pace.failing is None else f"{rate(pace.failing)} %",
            address(request, "jobs_failures"),
            _failing(pace),
            "bad" if "failures" in kinds else "",
        ),
    )


def tiles_of_sets(request: HttpRequest, stats: Stats) -> tuple[Tile, ...]:
    """Return how many jobs each set holds now."""

    def tile(title: str, name: str, mood: str = "") -> Tile:
        url = address(request, "jobs_set", name=name)
        return Tile(title, number(stats.total(name)), url, mood=mood)

    return (
        tile(_("Scheduled"), "scheduled"),
        tile(_("Retries"), "retry"),
        tile(_("Dead"), "dead", mood="bad" if stats.total("dead") else ""),
        tile(_("Done"), "done"),
    )


def is_late(queue: Queue) -> bool:
    """Whether the oldest job of a queue has waited for longer than CHECK_MAX_LATENCY.

    What is paused is not late: somebody wants it so.
    """
    return not queue.is_paused and queue.latency_seconds > get_settings().check_max_latency


def _running(stats: Stats, count: int) -> str:
    """Return on what the jobs run, and for how long the longest has run.

    That is told from a minute on.
    """
    if count and not stats.workers:
        return _("their worker is gone")
    begun = min((run.since for each in stats.workers for run in each.running), default=None)
    if begun is None or (timezone.now() - begun).total_seconds() < LONG:
        return _threads(stats)
    longest = duration((timezone.now() - begun).total_seconds())
    return _("%(threads)s, the longest for %(time)s") % {
        "threads": _threads(stats),
        "time": longest,
    }


def _waiting(stats: Stats) -> str:
    """Return for what the ready jobs wait."""
    paused = sum(queue.ready for queue in stats.queues if queue.is_paused)
    return (
        _("%(count)s in paused queues") % {"count": number(paused)}
        if paused
        else _("wait for a worker")
    )


def _threads(stats: Stats) -> str:
    if not stats.threads:
        return _("no worker")
    text = ngettext("on %(count)s thread", "on %(count)s threads", stats.threads)
    return text % {"count": number(stats.threads)}


def _latency(request: HttpRequest, stats: Stats) -> Tile:
    waiting = [each for each in stats.queues if each.latency_seconds]
    served = [each for each in waiting if not each.is_paused]
    latest = max(served, key=lambda queue: queue.latency_seconds, default=None)
    if latest is None:
        note = _("only paused queues wait") if waiting else _("no job waits")
        return Tile(_("Latency"), "–", address(request, "jobs_queues"), note)
    url = address(request, "jobs_queue", queue=latest.name) or address(request, "jobs_queues")
    note = _("in queue %(queue)s") % {"queue": latest.name}
    mood = "bad" if is_late(latest) else ""
    return Tile(_("Latency"), duration(latest.latency_seconds), url, note, mood)


def _failing(pace: Pace) -> str:
    if pace.failing is None:
        return _("nothing ran in 5 minutes")
    counts = {"failures": number(pace.failures), "runs": number(pace.runs)}
    return _("%(failures)s of %(runs)s runs") % counts
