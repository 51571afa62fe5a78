"""The page of a job shows how far it has got."""

from jobs.progress import Progress
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import put


def make(store):
    job_id = put(store, "dead")
    told = Progress(30, 120, "<b>bold</b> token=hunter2", 1.7e9)
    store.client.hset(store.keys("default").notes, job_id, told.encode())
    return job_id


def test_bar_and_words_are_shown_and_secrets_are_not(boss, store):
    response = boss.get(f"/admin/jobs/job/{make(store)}/")

    assert '<progress max="100" value="25"' in response.content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt; token=[redacted]" in response.content.decode()
    assert "hunter2" not in response.content.decode()


def test_who_sees_no_arguments_sees_the_bar_without_words(log_in, store):
    shown = text(log_in("view_jobs").get(f"/admin/jobs/job/{make(store)}/"))

    assert "30 of 120" in shown
    assert "bold" not in shown


def test_job_that_told_nothing_has_no_bar(boss, store):
    response = boss.get(f"/admin/jobs/job/{put(store, 'dead')}/")

    assert "<progress" not in response.content.decode()
