"""How many jobs each set has stands in its tab."""

import re

import pytest
from django.utils.translation import override

from jobs import inspect
from jobs.store.questions import Asker
from jobs.templatetags.jobs_format import short
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import put

COUNT = re.compile(r'/(\w+)/"[^>]*>[^<]+ <span class="jobs-count">([^<]+)</span>')


def counts(page: str) -> dict[str, str]:
    return dict(COUNT.findall(page))


@pytest.mark.parametrize("route", ["", "queues/", "scheduled/", "retry/", "dead/", "done/"])
def test_tabs_of_sets_have_counts_over_all_queues(store, boss, route):
    for queue, place in [("low", "dead"), ("high", "dead"), ("low", "retry"), ("low", "done")]:
        put(store, place, queue=queue)

    page = text(boss.get(f"/admin/jobs/{route}"))

    assert counts(page) == {"dead": "2", "retry": "1", "done": "1"}


def test_a_filter_does_not_change_the_counts(store, boss):
    for queue in ("low", "high", "high"):
        put(store, "dead", queue=queue)

    assert counts(text(boss.get("/admin/jobs/dead/?queue=low"))) == {"dead": "3"}


@pytest.mark.parametrize("route", ["workers/", "failures/", "metrics/", "queues/default/"])
def test_pages_that_do_not_know_them_have_none(boss, full, route):
    assert counts(text(boss.get(f"/admin/jobs/{route}"))) == {}


def test_who_sees_some_queues_is_told_of_these(store, log_in, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": "tests.jobs.admin.test_tab_counts.is_low"}
    for queue in ("low", "high"):
        put(store, "dead", queue=queue)

    assert counts(text(log_in("view_jobs").get("/admin/jobs/dead/"))) == {"dead": "1"}


def is_low(user, queue):
    return queue == "low"


def test_counts_cost_one_round_trip_and_none_with_many_queues(store, monkeypatch):
    asked, ask = [], Asker.ask

    def note(self, questions):
        asked.append(questions)
        return ask(self, questions)

    monkeypatch.setattr(Asker, "ask", note)
    reader = inspect.get_reader()

    inspect.set_sizes(reader, [f"q{n}" for n in range(50)])
    assert [len(questions) for questions in asked] == [200]

    assert inspect.set_sizes(reader, [f"q{n}" for n in range(51)]) == {}
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (999, "999"),
        (1_000, "1k"),
        (1_299, "1.2k"),
        (12_999, "12k"),
        (999_999, "999k"),
        (1_000_000, "1M"),
        (3_450_000, "3.4M"),
    ],
)
def test_large_counts_are_short(count, written):
    assert short(count) == written


def test_short_counts_heed_the_language():
    with override("de"):
        assert short(1_299) == "1,2k"
