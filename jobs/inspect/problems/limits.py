"""The limits beyond which something is a problem.

They come from `JOBS`, and `jobs check` may set two of them for itself.
"""

from dataclasses import dataclass

from jobs.conf import get_settings

#: How many heartbeats may be missing at least, whatever CHECK_SILENCE says.
MISSING_HEARTBEATS = 6


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit that the rules need, most of them settings.

    Times are seconds.
    """

    min_workers: int
    max_latency: float
    silence: float
    overlong: float
    failures: float
    deaths: int
    fullness: float
    dead_max_jobs: int
    ignore: frozenset[str]


def limits(min_workers: int | None = None, max_latency: float | None = None) -> Limits:
    """Return the limits of the settings, of which a caller may give two."""
    settings = get_settings()
    return Limits(
        min_workers=settings.check_min_workers if min_workers is None else min_workers,
        max_latency=settings.check_max_latency if max_latency is None else max_latency,
        silence=max(settings.check_silence, MISSING_HEARTBEATS * settings.heartbeat),
        overlong=settings.check_overlong,
        failures=settings.check_failures,
        deaths=settings.check_deaths,
        fullness=settings.check_fullness,
        dead_max_jobs=settings.dead_max_jobs,
        ignore=frozenset(settings.check_ignore),
    )
