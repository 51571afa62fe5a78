"""The checks of `bin/ci` that are scripts of ours: each must find what it is there to find."""

import ast
import copy
from pathlib import Path

import check_compose
import check_dependencies
import check_lua
import check_sizes
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """\
-- Ring the bell.
-- KEYS[1] bell   KEYS[2] meta
-- ARGV[1] worker
-- Returns: nothing.  Cost: O(1)
local bell, meta = unpack(KEYS)
redis.call('RPUSH', bell, ARGV[1])
"""


def test_function_is_measured_without_its_docstring_and_decorators():
    function = ast.parse('@decorator\ndef f():\n    """One\n\n    two.\n    """\n    a = 1\n    return a\n').body[0]

    assert check_sizes.length_of(function) == 3


def test_function_beyond_the_limit_is_named():
    tree = ast.parse("def long():\n" + "    a = 1\n" * 40)

    found = list(check_sizes.check_functions(Path("jobs/a.py"), tree))

    assert found == ["jobs/a.py:1: long has 41 lines, at most 40."]


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("jobs/store/store.py", 300),
        ("tests/jobs/store/test_push.py", 400),
        ("orders/migrations/0001_initial.py", 10_000),
        ("templates/base.html", 80),
        ("jobs/store/lua/fetch.lua", 80),
        ("jobs/static/jobs/jobs.js", 120),
        ("static/shop.css", 250),
    ],
)
def test_every_kind_of_file_has_its_limit(path, limit):
    assert check_sizes.limit_of(Path(path)) == limit


def test_header_that_agrees_with_its_script_passes():
    assert list(check_lua.check(SCRIPT)) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("-- Ring", "-- ring", "the first line must say what it does"),
        ("  Cost: O(1)", "", "the header lacks `Cost:`"),
        ("KEYS[2] meta", "KEYS[2] stats", "names the keys bell, stats, the code bell, meta"),
        ("-- ARGV[1] worker\n", "", "the code uses ARGV [1], of which the header says nothing"),
    ],
)
def test_header_that_disagrees_with_its_script_is_found(old, new, complaint):
    found = list(check_lua.check(SCRIPT.replace(old, new)))

    assert len(found) == 1
    assert complaint in found[0]


@pytest.fixture
def compose():
    return copy.deepcopy(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_containers_as_they_are_hold_together(compose):
    assert list(check_compose.check_compose(compose)) == []
    assert list(check_compose.check_dockerfile((ROOT / "Dockerfile").read_text())) == []


def test_worker_that_would_be_killed_before_its_timeout_is_found(compose):
    compose["services"]["worker"]["stop_grace_period"] = "20s"

    assert list(check_compose.check_compose(compose)) == [
        "worker: stop_grace_period must be longer than its timeout, 25 s."
    ]


def test_store_that_may_evict_jobs_is_found(compose):
    compose["services"]["valkey"]["command"] = "valkey-server --appendonly yes"

    found = list(check_compose.check_compose(compose))

    assert found == ["valkey: it may lose jobs without --maxmemory-policy noeviction."]


def test_waiting_for_the_health_of_a_service_without_a_check_is_found(compose):
    del compose["services"]["fake"]["healthcheck"]

    found = list(check_compose.check_compose(compose))

    assert "web: it waits for the health of fake, which has no check." in found
    assert "fake: it runs on and has no health check." in found


def test_variable_that_nobody_explains_is_found(compose):
    compose["services"]["web"]["environment"]["NEW_SWITCH"] = "1"

    assert "web: NEW_SWITCH is not in .env.example." in check_compose.check_compose(compose)


def test_container_that_runs_as_root_is_found():
    dockerfile = (ROOT / "Dockerfile").read_text().replace("USER app", "USER root")

    assert list(check_compose.check_dockerfile(dockerfile)) == ["Dockerfile: it must not run as root."]


def test_audit_names_the_vulnerability_and_the_version_that_mends_it():
    answer = (
        '{"dependencies": [{"name": "django", "version": "5.2.0", "vulns": [{"id": "X-1", "fix_versions": ["5.2.1"]}]},'
        ' {"name": "setuptools", "version": "1", "vulns": [{"id": "X-2", "fix_versions": []}]},'
        ' {"name": "other", "skip_reason": "not found"}]}'
    )

    packages = check_dependencies.audited(answer)

    assert [line for package in packages for line in check_dependencies.describe(package)] == [
        "django 5.2.0: X-1, fixed in 5.2.1."
    ]


def test_audit_without_an_answer_has_looked_up_nothing():
    assert check_dependencies.audited("") == []
