"""What each button does stands on its page."""

import re

import pytest

from tests.jobs.admin.conftest import text

MEANINGS = {
    "retry": "Retried jobs are ready at once",
    "reschedule": "Rescheduled jobs wait until",
    "kill": "Killed jobs do not run. They stay in the dead set",
    "delete": "Deleted jobs are gone for good",
    "clear": "All ready jobs of this queue are deleted for good",
    "quiet": "A quiet worker takes no more jobs",
    "stop": "It ends when its jobs are done or its time is up",
}
DESCRIBED = re.compile(r'<(?:button|summary)[^>]* aria-describedby="jobs-means-(\w+)"')


def meanings(page: str) -> dict[str, str]:
    return dict(re.findall(r'<dd id="jobs-means-(\w+)">([^<]+)</dd>', page))


@pytest.mark.parametrize(
    ("route", "verbs"),
    [
        ("scheduled/", "retry reschedule kill delete"),
        ("retry/", "retry reschedule kill delete"),
        ("dead/", "retry delete"),
        ("done/", "delete"),
        ("failures/", "retry kill delete"),
        ("queues/default/", "clear kill delete"),
        ("workers/", "quiet stop"),
        ("job/{scheduled}/", "retry reschedule kill delete"),
        ("job/{dead}/", "retry delete"),
    ],
)
def test_each_button_is_described_by_a_sentence_of_its_page(boss, full, route, verbs):
    page = text(boss.get("/admin/jobs/" + route.format(**full)))

    said, described = meanings(page), set(DESCRIBED.findall(page))
    assert described == set(verbs.split())
    assert described <= said.keys()
    for verb in described:
        assert said[verb].startswith(MEANINGS[verb])
    assert page.count("<dd id=") == len(said)


def test_a_page_without_buttons_explains_none(log_in, full):
    looker = log_in("view_jobs")

    for route in ("retry/", "failures/", "queues/default/", "workers/", f"job/{full['dead']}/"):
        assert "jobs-mean" not in text(looker.get(f"/admin/jobs/{route}"))


@pytest.mark.parametrize("place", ["scheduled", "retry", "dead"])
def test_to_make_a_job_ready_has_one_name(boss, full, place):
    assert "Retry now</button>" in text(boss.get(f"/admin/jobs/{place}/"))
    assert "Retry now</button>" in text(boss.get(f"/admin/jobs/job/{full[place]}/"))


@pytest.mark.parametrize("verb", ["retry", "kill", "delete"])
def test_a_confirmation_says_what_becomes_of_the_jobs(boss, full, verb):
    page = text(boss.post("/admin/jobs/retry/act/", {"verb": verb, "scope": "all"}))

    assert MEANINGS[verb] in page
