"""A thousand dead jobs are retried, and of 300 the place is taken.

Whoever asks is told the right numbers, and nothing is lost.
"""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import control, inspect
from jobs.inspect.doctor import check_invariant
from tests.jobs.admin.conftest import boss, log_in, messages  # noqa: F401  # fixtures
from tests.jobs.unique_jobs import OTHER, OtherJob, PlaceJob

pytestmark = pytest.mark.redis
ALL, TAKEN = 1_000, 300


@pytest.fixture
def dead(store, settings):
    """Return the ids of the dead jobs, and of those whose places others have."""
    settings.JOBS = {**settings.JOBS, "ENQUEUE": "immediate"}
    ids = [job.id for job in PlaceJob.enqueue_many([[row] for row in range(ALL)])]
    store.sets.move("default", "ready", "dead", ids)
    rivals = PlaceJob.enqueue_many([[row] for row in range(0, 3 * TAKEN, 3)])
    assert not any(job.is_duplicate for job in rivals)
    return ids, ids[: 3 * TAKEN : 3]


@pytest.fixture
def is_right(store, dead):
    """Return a function that asserts that 700 wait beside the 300 rivals."""

    def is_right():
        ids, barred = dead
        keys, client = store.keys("default"), store.client
        assert {job_id.decode() for job_id in client.zrange(keys.dead, 0, -1)} == set(barred)
        waiting = {job_id.decode() for job_id in client.zrange(keys.ready, 0, -1)}
        assert set(ids) - set(barred) <= waiting
        assert (len(waiting), client.hlen(keys.payloads)) == (ALL, ALL + TAKEN)
        assert client.hlen(keys.unique) == ALL
        assert check_invariant().is_well
        assert inspect.unique_places().total == ALL
        return True

    return is_right


def jobs(*arguments):
    """Run a sub-command, and return what it printed."""
    out = StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_control_room_says_how_many_came_back_and_how_many_stay(boss, is_right):  # noqa: F811
    data = {"verb": "retry", "scope": "all", "confirmed": "1"}

    response = boss.post("/admin/jobs/dead/act/", data, follow=True)

    assert messages(response) == (
        "700 jobs are ready to run. "
        "300 dead jobs stay where they are: other jobs hold their unique keys."
    )
    assert is_right()


def test_second_retry_of_all_changes_nothing_and_says_the_same(is_right):
    everything = inspect.Filter()
    for changed in (700, 0):
        sweep = control.retry_all("dead", everything)

        assert (sweep.changed, sweep.barred, sweep.is_finished) == (changed, 300, True)
        assert is_right()


def test_command_retries_all_of_a_set_and_says_how_many_stay(is_right):
    said = jobs("retry", "--all", "dead")

    assert said == (
        "Retried 700 jobs.\n300 dead jobs stay where they are: other jobs hold their unique keys.\n"
    )
    assert is_right()


def test_command_that_gets_all_ids_names_those_that_stay_and_counts_them(dead, is_right):
    ids, barred = dead

    with pytest.raises(CommandError) as failed:
        jobs("retry", *ids)

    lines = str(failed.value).splitlines()
    assert [line.split()[1] for line in lines[:-1]] == barred
    assert lines[-1] == "Of 1,000 jobs 700 were retried, and 300 stay dead."
    assert is_right()


def test_command_retries_only_what_matches(store, dead):
    [other] = OtherJob.enqueue_many([[1]])
    store.sets.move("default", "ready", "dead", [other.id])

    assert jobs("retry", "--all", "dead", "--class", OTHER) == "Retried 1 job.\n"
    assert inspect.find(other.id).place == "ready"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Give ids of jobs, or --all"),
        (["--all", "dead", "some-id"], "Give ids of jobs, or --all"),
        (["some-id", "--class", OTHER], "--class"),
    ],
)
def test_command_wants_ids_or_all(store, arguments, reason):
    with pytest.raises(CommandError, match=reason):
        jobs("retry", *arguments)
