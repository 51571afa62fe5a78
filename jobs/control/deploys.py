"""Marks deploys, so that the charts show what new code changed."""

from jobs.inspect.metrics import Deploy
from jobs.inspect.reader import get_reader
from jobs.moment import moment
from jobs.store.metrics import MOST_LABEL_CHARACTERS, MetricStore
from jobs.store.questions import refusals_explained


def mark_deploy(label: str) -> Deploy:
    """Mark this moment as a deploy.

    The label may be a version. Raise ValueError for a bad one. It costs two round trips.
    """
    label = label.strip()
    has_good_length = 0 < len(label) <= MOST_LABEL_CHARACTERS
    if not has_good_length or not label.isprintable():
        raise ValueError(
            f"A label has 1 to {MOST_LABEL_CHARACTERS} printable characters, not {label!r}."
        )
    with refusals_explained():
        at = MetricStore(get_reader().store).mark_deploy(label)
    return Deploy(moment(at), label)
