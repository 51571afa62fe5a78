"""Marks a deploy, so that the charts show whether new code made things better or worse."""

from datetime import UTC, datetime

from jobs.inspect.metrics import Deploy
from jobs.inspect.reader import get_reader
from jobs.store.metrics import MOST_LABEL_CHARACTERS, MetricStore


def mark_deploy(label: str) -> Deploy:
    """Mark this moment as a deploy; the label may be a version. Two round trips. Raise ValueError for a bad label."""
    label = label.strip()
    if not (0 < len(label) <= MOST_LABEL_CHARACTERS and label.isprintable()):
        raise ValueError(f"A label has 1 to {MOST_LABEL_CHARACTERS} printable characters, not {label!r}.")
    at = MetricStore(get_reader().store).mark_deploy(label)
    return Deploy(datetime.fromtimestamp(at, UTC), label)
