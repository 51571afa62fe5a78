"""Queries of jobs: counted on every connection, told with the end, and measured."""

import asyncio
import logging

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection, connections

from jobs import Job, Middleware, inspect
from jobs.log import lines
from jobs.registry import registry
from jobs.worker.recorder import Recorder
from tests.jobs.worker.code_jobs import CODE, CodeJob, begin_anew
from tests.jobs.worker.sessions import desk, session

pytestmark = pytest.mark.django_db(databases=["default", "fake_services"], transaction=True)


@pytest.fixture(autouse=True)
def clean_slate():
    begin_anew()


@pytest.fixture
def counting(settings):
    settings.JOBS = {**settings.JOBS, "COUNT_QUERIES": True}


@pytest.fixture
def at(store, worker_settings):
    with desk(store, worker_settings) as opened:
        yield opened


def ask(times, alias="default"):
    for _ in range(times):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")


def test_queries_of_all_databases_are_counted_for_each_job(counting, at):
    at.run(lambda: (ask(3), ask(2, "fake_services")))
    at.run(lambda: None)
    at.run(lambda: ask(1))

    assert [event.queries.count for event in at.ended] == [5, 0, 1]
    assert at.ended[0].queries.seconds > 0
    assert at.ended[1].queries.seconds == 0


def test_connection_that_is_opened_anew_in_the_job_is_counted_once(counting, at):
    def perform():
        ask(1)
        connection.close()
        ask(1)
        connections.close_all()
        ask(1)

    at.run(perform)

    assert at.ended[0].queries.count == 3


def test_wrappers_of_the_job_stay_its_own(counting, at):
    """Django takes the last one away at the end of a block."""

    def pass_on(execute, *call):
        seen.append(call)
        return execute(*call)

    seen: list[tuple] = []

    def perform():
        connection.close()
        with connection.execute_wrapper(pass_on):
            ask(1)
        ask(1)

    at.run(perform)

    assert len(seen) == 1
    assert at.ended[0].queries.count == 2


def test_job_that_fails_tells_its_queries_too(counting, at):
    at.run(lambda: (ask(2), 1 / 0))

    assert (at.ended[0].name, at.ended[0].queries.count) == ("job.retried", 2)
    assert at.ended[0].fields()["queries"] == 2


def test_queries_of_coroutines_are_told_apart(counting, at):
    async def perform():
        await Group.objects.acount()
        await sync_to_async(ask)(1)
        await asyncio.gather(asyncio.to_thread(ask, 2), asyncio.to_thread(ask, 3))

    at.arun(perform)
    at.arun(lambda: sync_to_async(ask)(1))

    assert [event.queries.count for event in at.ended] == [7, 1]


def test_queries_beside_jobs_are_counted_for_none(counting, at):
    connections.close_all()
    at.run(session)
    ask(5)

    assert at.ended[0].queries.count == 1


def test_line_in_the_log_tells_them(counting, at, caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        at.run(lambda: ask(2))
        lines.write_all()

    [line] = [each for each in caplog.messages if each.startswith("job.done")]
    assert " queries=2 query_time=0." in line
    assert line == at.ended[0].text()
    assert at.ended[0].fields()["queries"] == 2


def test_nothing_is_counted_where_nobody_asks(at, caplog):
    with caplog.at_level(logging.INFO, "jobs"):
        at.run(lambda: ask(2))
        lines.write_all()

    assert at.ended[0].queries is None
    assert "queries" not in at.ended[0].fields()
    assert "queries" not in caplog.text


def test_counted_runs_are_measured_by_class(counting, at, store):
    recorder = Recorder(store)
    at.run(lambda: ask(9))
    at.run(lambda: ask(1))
    for event in at.ended:
        recorder.hear(event)

    recorder.send()

    name = registry.name_of(CodeJob)
    found = inspect.class_queries(name)
    assert (found.runs, found.queries, found.mean) == (2, 10, 5.0)
    assert 6.3 < found.p95 <= 10
    assert found.seconds == pytest.approx(sum(e.queries.seconds for e in at.ended), abs=2e-6)
    assert found.slots[-1] == 5.0 or found.slots[-2:] == (5.0, 0.0)
    assert [each.name for each in inspect.total_queries()] == [name]


def test_class_that_was_not_counted_has_none(store):
    assert inspect.class_queries("shop.ReportJob") is None
    assert inspect.total_queries() == []


@pytest.mark.parametrize("kind", ["thread", "coroutine"])
def test_hooks_of_a_job_are_counted_for_none(counting, at, kind):
    """They run when the job has ended. Its time does not have them either."""

    def fail():
        ask(1)
        raise ZeroDivisionError

    CODE["retry_in"] = lambda attempt, error: ask(4)
    if kind == "thread":
        at.run(fail)
    else:
        at.arun(sync_to_async(fail))

    assert at.ended[0].queries.count == 1


class AskingMiddleware(Middleware):
    """Asks before and after."""

    def perform(self, job, call_next):
        ask_and_close()
        call_next()
        ask_and_close()

    async def aperform(self, job, call_next):
        await sync_to_async(ask_and_close)()
        await call_next()
        await sync_to_async(ask_and_close)()


def ask_and_close():
    ask(1, "fake_services")
    connections["fake_services"].close()


@pytest.mark.parametrize("kind", ["thread", "coroutine"])
def test_middleware_around_a_job_counts_for_it(settings, store, worker_settings, kind):
    path = f"{__name__}.AskingMiddleware"
    settings.JOBS = {**settings.JOBS, "COUNT_QUERIES": True, "MIDDLEWARE": [path]}
    with desk(store, worker_settings) as at:
        if kind == "thread":
            at.run(lambda: ask(1))
        else:
            at.arun(lambda: sync_to_async(ask)(1))

        assert at.ended[0].queries.count == 3


class QueriesJob(Job):
    """Has a method whose name others might like too."""

    def perform(self):
        ask(self.queries())

    def queries(self):
        return 2


@pytest.mark.parametrize("counts", [False, True])
def test_job_may_have_queries_of_its_own(settings, store, worker_settings, counts):
    settings.JOBS = {**settings.JOBS, "COUNT_QUERIES": counts}
    with desk(store, worker_settings) as at:
        at.wait(at.start(QueriesJob))

        counted = at.ended[0].queries
        assert at.ended[0].name == "job.done"
        assert (counted.count if counts else counted) == (2 if counts else None)
