"""A search looks only at what its reader may see."""

import pytest

from jobs import control, inspect
from jobs.inspect import Filter
from jobs.store.reader import Reader
from jobs.store.sight import Sight
from tests.jobs.inspect.filling import failure, put

BLIND = Sight(sees_arguments=False)


@pytest.fixture
def dead(store):
    """Return a dead job with words in its arguments and its error."""
    return put(store, "dead", args=["needle"], errors=[failure("some.Error", "haystack")])


@pytest.mark.parametrize("wanted", [Filter(text="needle"), Filter(error="haystack")])
def test_words_that_are_not_shown_are_not_found(store, dead, wanted):
    seen = inspect.job_set("dead", wanted, reader=Reader(store))
    blind = inspect.job_set("dead", wanted, reader=Reader(store, BLIND))

    assert [job.id for job in seen.jobs] == [dead]
    assert blind.jobs == ()


@pytest.mark.parametrize("wanted", [Filter(text="needle"), Filter(error="haystack")])
def test_jobs_are_not_changed_by_words_that_are_not_shown(store, dead, wanted):
    assert control.retry_all("dead", wanted, reader=Reader(store, BLIND)).changed == 0
    assert control.retry_all("dead", wanted, reader=Reader(store)).changed == 1


def test_what_is_shown_is_found(store, dead):
    found = inspect.job_set("dead", Filter(error="some.Error"), reader=Reader(store, BLIND))

    assert [job.id for job in found.jobs] == [dead]
    assert (found.jobs[0].args, found.jobs[0].error_message) == ([], "")
