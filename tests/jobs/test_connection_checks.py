"""System checks that compare database connections with the threads that want one."""

from io import StringIO

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import DatabaseError, connection, connections

from jobs.connection_checks import check_pools, check_servers
from tests.jobs.inspect.filling import beat
from tests.jobs.worker.sessions import needs_postgresql


class PostgreSQL:
    """A connection to PostgreSQL, without the server."""

    vendor = "postgresql"

    def __init__(self, pool=None, max_connections="100"):
        self.settings_dict = {"OPTIONS": {"pool": pool} if pool is not None else {}}
        self.max_connections = max_connections

    def cursor(self):
        if self.max_connections is None:
            raise DatabaseError("no server")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def execute(self, sql):
        assert "max_connections" in sql

    def fetchone(self):
        return (self.max_connections,)


@pytest.fixture
def connect(monkeypatch):
    """Return a function that puts a connection in place of the one named `default`."""

    def put(connection):
        monkeypatch.setattr(
            "jobs.connection_checks.connections", {"default": connection}, raising=True
        )

    return put


@pytest.fixture(autouse=True)
def no_coroutines(monkeypatch):
    """Leave out the job classes of other tests."""
    monkeypatch.setattr("jobs.connection_checks.registry", Classes(False))


class Classes:
    """A registry with one job class."""

    def __init__(self, is_async):
        self.is_async = is_async

    def names(self):
        return ["shop.ReportJob"]

    def find(self, name):
        return self


@pytest.mark.parametrize(
    ("pool", "size"),
    [(True, 4), ({"max_size": 4}, 4), ({"min_size": 2}, 2), ({"max_size": None}, 4)],
)
def test_pool_smaller_than_the_threads_is_warned_of(connect, settings, pool, size):
    settings.JOBS = {"CONCURRENCY": 5}
    connect(PostgreSQL(pool))

    found = check_pools(None)

    assert [message.id for message in found] == ["jobs.W001"]
    assert all(f"at most {size} connections" in message.msg for message in found)
    assert all("to 5 or more" in str(message.hint) for message in found)


@pytest.mark.parametrize("pool", [None, False, {"max_size": 5}, {"min_size": 2, "max_size": 50}])
def test_pool_that_is_large_enough_or_none_is_no_matter(connect, settings, pool):
    settings.JOBS = {"CONCURRENCY": 5}
    connect(PostgreSQL(pool))

    assert check_pools(None) == []


def test_server_with_fewer_connections_than_the_threads_of_all_processes_is_warned_of(
    connect, settings
):
    settings.JOBS = {"CONCURRENCY": 26, "PROCESSES": 4}
    connect(PostgreSQL())

    [found] = check_servers(None, databases=["default"])

    assert found.id == "jobs.W002"
    assert "grants 100 connections, and one runjobs may want 104" in found.msg


def test_server_is_asked_only_where_its_database_is_named(connect, settings):
    settings.JOBS = {"CONCURRENCY": 500}
    connect(PostgreSQL())

    assert check_servers(None) == []


def test_server_that_is_away_is_left_to_the_checks_of_django(connect, settings):
    settings.JOBS = {"CONCURRENCY": 500}
    connect(PostgreSQL(max_connections=None))

    assert check_servers(None, databases=["default"]) == []


@pytest.mark.parametrize("jobs", [{"CONCURRENCY": "many"}, {"THREADS": 9}])
def test_settings_that_are_wrong_are_left_to_their_own_check(connect, settings, jobs):
    settings.JOBS = jobs
    connect(PostgreSQL(pool={"max_size": 1}))

    assert check_pools(None) == []
    assert check_servers(None, databases=["default"]) == []


def test_both_checks_are_registered():
    registered = {check.__name__ for check in checks.registry.registry.get_checks()}
    registered_for_databases = {
        check.__name__
        for check in checks.registry.registry.get_checks(include_deployment_checks=True)
        if checks.Tags.database in check.tags
    }

    assert "check_pools" in registered
    assert "check_servers" in registered_for_databases


@pytest.mark.django_db(databases=["default", "fake_services"])
def test_databases_of_this_project_are_in_order(settings):
    settings.JOBS = {"CONCURRENCY": 5}
    # Classes of other tests may have schedules for queues that nobody serves.
    settings.SILENCED_SYSTEM_CHECKS = [*settings.SILENCED_SYSTEM_CHECKS, "jobs.W004"]

    call_command("check", databases=list(connections), fail_level="WARNING")


def test_each_capsule_counts_with_its_own_threads(connect, settings):
    settings.JOBS = {"CAPSULES": ["payments:1", "default:20x5"], "CONCURRENCY": 500}
    connect(PostgreSQL({"max_size": 19}))

    [pool] = check_pools(None)
    [server] = check_servers(None, databases=["default"])

    assert "may want 20:" in pool.msg
    assert "may want 101" in server.msg
    assert "1 processes with 1 threads and 5 processes with 20 threads" in server.msg


def test_thread_for_the_queries_of_coroutines_counts_in_each_process(
    connect, settings, monkeypatch
):
    monkeypatch.setattr("jobs.connection_checks.registry", Classes(True))
    settings.JOBS = {"CONCURRENCY": 5, "PROCESSES": 20}
    connect(PostgreSQL({"max_size": 5}))

    [pool] = check_pools(None)
    [server] = check_servers(None, databases=["default"])

    assert "may want 6:" in pool.msg
    assert "may want 120:" in server.msg


@needs_postgresql
@pytest.mark.django_db
class TestServer:
    def test_it_keeps_some_connections_back(self, settings):
        with connection.cursor() as cursor:
            cursor.execute("SHOW max_connections")
            most = int(cursor.fetchone()[0])
            cursor.execute("SHOW superuser_reserved_connections")
            reserved = int(cursor.fetchone()[0])
        settings.JOBS = {"CONCURRENCY": most - reserved}
        assert check_servers(None, databases=["default"]) == []

        settings.JOBS = {"CONCURRENCY": most - reserved + 1}

        [found] = check_servers(None, databases=["default"])
        assert f"grants {most - reserved} connections" in found.msg

    @pytest.mark.parametrize(
        "limit", ["DATABASE {database} CONNECTION LIMIT 7", "ROLE {role} CONNECTION LIMIT 7"]
    )
    def test_limits_of_the_database_and_the_role_count(self, settings, limit):
        """The transaction of the test takes them back."""
        database, role = connection.settings_dict["NAME"], connection.settings_dict["USER"]
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER {limit.format(database=database, role=role)}")
        settings.JOBS = {"CONCURRENCY": 8}

        [found] = check_servers(None, databases=["default"])

        assert "grants 7 connections, and one runjobs may want 8" in found.msg


def test_doctor_counts_all_workers_that_run(connect, store):
    for name in ("a", "b"):
        beat(store, name, concurrency=60)
    connect(PostgreSQL())
    errors = StringIO()

    call_command("jobs", "doctor", stdout=StringIO(), stderr=errors)

    assert (
        "The server of the database 'default' grants 100 connections, and the 2 worker processes "
        "that run may want 120:"
    ) in errors.getvalue()
