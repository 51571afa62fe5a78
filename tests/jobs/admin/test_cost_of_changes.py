"""What one POST may cost the web process, whatever is written into the form."""

import tracemalloc

import pytest
from django.contrib.admin.models import LogEntry

from jobs import Job, inspect
from jobs.registry import registry
from tests.jobs.admin.conftest import messages, text
from tests.jobs.inspect.filling import put


class BagJob(Job):
    def perform(self, **named: object) -> None:
        pass


@pytest.fixture
def put_bag(store):
    """Return a function that puts a dead job with these arguments."""

    def put_bag(**named):
        return put(store, "dead", job_class=registry.name_of(BagJob), kwargs=named)

    return put_bag


def act(client, ids):
    data = {"verb": "retry", "scope": "ticked", "confirmed": "yes", "job": ids}
    return client.post("/admin/jobs/dead/act/", data, follow=True)


def run_again(client, job_id, **entered):
    form = client.get(f"/admin/jobs/job/{job_id}/").context["page"].run_again_form
    data = {name: field.initial for name, field in form.fields.items()} | entered
    return client.post(f"/admin/jobs/job/{job_id}/run-again/", data)


def test_a_job_that_is_named_many_times_is_changed_and_recorded_once(boss, put_bag):
    job_id = put_bag(note="a")

    told = messages(act(boss, [job_id] * 900))

    assert told == "1 job is ready to run."
    recorded = LogEntry.objects.get().change_message
    assert "Jobs of queue default: 1\n" in recorded
    assert recorded.count(job_id) == 1


def test_more_jobs_than_a_page_has_are_refused_before_any_is_read(boss, put_bag):
    ids = [put_bag(note="a"), *(f"{n:032x}" for n in range(50))]

    told = messages(act(boss, ids))

    assert "51 jobs are ticked, more than the 50 of a page" in told
    assert inspect.find(ids[0]).place == "dead"
    assert not LogEntry.objects.exists()


def test_ticked_jobs_are_not_held_with_their_arguments(boss, put_bag):
    words = ["x" * 8] * 20_000  # each of the jobs takes more than a megabyte when it is read
    ids = [put_bag(words=words) for _ in range(30)]
    act(boss, ids[:1])

    tracemalloc.start()
    act(boss, ids[1:])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert inspect.find(ids[-1]).place == "ready"
    assert peak < 15_000_000


def test_many_secrets_are_put_back_and_the_first_are_named(boss, put_bag):
    job_id = put_bag(users=[{"token": "a"} for _ in range(12_000)])

    response = run_again(boss, job_id)

    assert response.status_code == 302
    told = LogEntry.objects.get().change_message
    assert "kwargs.users[299].token, and 11,700 more" in told


def test_many_changed_places_are_counted_and_only_the_first_are_written(boss, put_bag):
    job_id = put_bag(numbers=1)
    entered = '{"numbers": [' + ",".join("0" * 150_000) + "]}"

    response = run_again(boss, job_id, kwargs=entered)

    assert response.status_code == 302
    told = LogEntry.objects.get().change_message
    assert "kwargs.numbers[298]: – → 0; and 149,701 more." in told


def test_arguments_that_are_too_long_are_not_compared(boss, put_bag):
    job_id = put_bag(numbers=1)
    entered = '{"numbers": [' + ",".join("0" * 1_200_000) + "]}"

    response = run_again(boss, job_id, kwargs=entered)

    assert "MAX_PAYLOAD_BYTES" in text(response)
