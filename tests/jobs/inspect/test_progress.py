"""What a job told of its progress, as people see it."""

from io import StringIO

import pytest
from django.core.management import call_command

from jobs import inspect
from jobs.progress import Progress
from jobs.store.sight import WORDLESS
from tests.jobs.inspect.filling import put


def note(store, job_id, raw, queue="default"):
    store.client.hset(store.keys(queue).notes, job_id, raw)


@pytest.fixture
def dead(store):
    job_id = put(store, "dead")
    note(store, job_id, Progress(1234, 5000, "copied by token=hunter2", 1.7e9).encode())
    return job_id


def test_record_of_a_job_has_its_progress(dead):
    job = inspect.find(dead)

    assert (job.progress.done, job.progress.total, job.progress.percent) == (1234, 5000, 24)
    assert job.progress_text == "1,234 of 5,000: copied by token=[redacted]"


def test_job_that_told_nothing_has_none(store):
    job = inspect.find(put(store, "dead"))

    assert job.progress is None
    assert job.progress_text == ""


@pytest.mark.parametrize(
    ("progress", "text"),
    [(Progress(7), "7"), (Progress(2.5, 4), "2.5 of 4"), (Progress(0, 0), "0 of 0")],
)
def test_numbers_are_written_for_people(store, progress, text):
    job_id = put(store, "dead")
    note(store, job_id, progress.encode())

    assert inspect.find(job_id).progress_text == text


@pytest.mark.parametrize("raw", [b"", b"{", b"x" * 20_000, b'{"done":1e308,"at":1e308}'])
def test_note_that_no_job_wrote_costs_nobody_a_page(store, raw):
    job_id = put(store, "dead")
    note(store, job_id, raw)

    assert inspect.find(job_id).place == "dead"
    assert inspect.explain(job_id).sentences


def test_notes_of_another_type_cost_a_line(store):
    job_id = put(store, "dead")
    store.client.set(store.keys("default").notes, "text")
    reader = inspect.get_reader()

    assert inspect.find(job_id, reader).progress is None
    assert [problem.key for problem in reader.problems] == [store.keys("default").notes]


def test_who_sees_no_arguments_sees_the_numbers_alone(dead):
    job = inspect.find(dead, inspect.get_reader(sight=WORDLESS))

    assert job.progress_text == "1,234 of 5,000"


def test_explanation_says_how_far_it_had_got(dead):
    out = StringIO()
    call_command("jobs", "explain", dead, stdout=out)

    assert (
        "it told how far it had got: 1,234 of 5,000: copied by token=[redacted]." in out.getvalue()
    )
