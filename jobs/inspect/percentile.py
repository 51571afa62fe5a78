"""Percentiles of durations that are counted in buckets."""

from collections.abc import Sequence

from jobs.store.metrics import BOUNDS


def percentile(buckets: Sequence[int], percent: float) -> float:
    """Return the seconds that so many percent of the runs did not exceed.

    It is 0 if there was no run. The runs of a bucket are taken to lie evenly in it, as Prometheus'
    histogram_quantile does
    (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile). So with
    ten runs in the bucket from 1 to 2 s, the median is 1.5 s. The last bucket has no end, so its
    start is returned.
    """
    rank = percent / 100 * sum(buckets)
    seen = 0
    for n, count in enumerate(buckets):
        if count and seen + count >= rank:
            low, high = _bounds_of(n)
            return low + (high - low) * (rank - seen) / count
        seen += count
    return 0.0


def _bounds_of(bucket: int) -> tuple[float, float]:
    """Return the durations between which the runs of a bucket lie."""
    low = BOUNDS[bucket - 1] if bucket else 0.0
    has_end = bucket < len(BOUNDS)
    return low, BOUNDS[bucket] if has_end else low
