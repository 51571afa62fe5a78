"""The checks of `bin/ci` that are scripts of ours.

Each must find what it is there to find.
"""

import ast
import copy
from pathlib import Path

import check_compose
import check_first_lines
import check_lua
import check_sizes
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """\
#!lua flags=allow-oom
-- Ring the bell.
-- KEYS[1] bell   KEYS[2] meta
-- ARGV[1] worker
-- Returns: nothing.  Cost: O(1)
local bell, meta = unpack(KEYS)
redis.call('RPUSH', bell, ARGV[1])
"""


def test_function_is_measured_without_its_docstring_and_decorators():
    function = ast.parse(
        '@decorator\ndef f():\n    """One\n\n    two.\n    """\n    a = 1\n    return a\n'
    ).body[0]

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


def complaints_about(source):
    return list(check_first_lines.check(Path("jobs/a.py"), ast.parse(source)))


def test_short_first_line_passes_whatever_stands_below_it():
    source = '"""Do it.\n\nFirst this; then that.\n"""\n\ndef bare():\n    return 1\n'

    assert complaints_about(source) == []


@pytest.mark.parametrize("head", ["class A:", "def f():", "async def f():"])
def test_semicolon_in_a_first_line_is_found(head):
    assert complaints_about(f'{head}\n    """Do it; then rest."""\n') == [
        (
            "jobs/a.py:2: the first line of the docstring has a semicolon: "
            "make it one sentence, and put the other below an empty line."
        )
    ]


def test_first_line_of_a_module_that_is_too_long_is_found():
    assert complaints_about('"""' + 14 * "word " + '"""\n') == []
    assert complaints_about('"""' + 15 * "word " + '"""\n') == [
        (
            "jobs/a.py:1: the first line of the docstring has 15 words, at most 14: "
            "say the rest below an empty line."
        )
    ]


def test_first_lines_of_tests_are_looked_at_and_those_of_migrations_are_not():
    files = {path.as_posix() for path in check_first_lines.files()}

    assert {"manage.py", "tests/house/test_checks.py", "rehearsals/drill.py"} <= files
    assert "orders/migrations/0001_initial.py" not in files


def test_header_that_agrees_with_its_script_passes():
    assert list(check_lua.check(SCRIPT)) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("-- Ring", "-- ring", "the first line must say what it does"),
        ("  Cost: O(1)", "", "the header lacks `Cost:`"),
        ("-- KEYS[1] bell   KEYS[2] meta\n", "", "the header lacks `KEYS`"),
        ("KEYS[2] meta", "KEYS[2] stats", "names the keys bell, stats, the code bell, meta"),
        ("-- ARGV[1] worker\n", "", "the code uses ARGV [1], of which the header says nothing"),
    ],
)
def test_header_that_disagrees_with_its_script_is_found(old, new, complaint):
    found = list(check_lua.check(SCRIPT.replace(old, new)))

    assert complaint in found[0]


PRELUDE = """\
-- Stands before every script of a queue.
-- KEYS[1] bell   KEYS[2] meta
-- Returns: nothing.  Cost: O(1)
local bell, meta = unpack(KEYS)
"""
CROSSINGS = """\
-- What the scripts of a queue do by one name.
-- KEYS: those of the prelude
-- Returns: nothing.  Cost: O(1)
local function ring(queue)
  redis.pcall('RPUSH', bell, 1)
end
"""
QUEUE_SCRIPT = """\
#!lua flags=allow-oom
-- Ring the bell of a queue that is not paused.
-- KEYS: those of a queue
-- ARGV[1] worker
-- Returns: nothing.  Cost: O(1)
local sets = {meta = meta}
if not redis.call('HGET', sets[ARGV[1]], ARGV[1]) and not redis.call('HGET', meta, 'paused') then
  ring()
end
"""


def check_scripts(keys=("bell", "meta"), **scripts):
    both = {"prelude": PRELUDE, "crossings": CROSSINGS}
    return list(check_lua.check_all({**both, **scripts}, keys))


def test_script_that_agrees_with_the_prelude_passes():
    assert check_scripts(wake=QUEUE_SCRIPT, alone=SCRIPT) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("#!lua flags=allow-oom\n", "", "the first line must be `#!lua`"),
        ("#!lua flags", "#!lua  flags", "the first line must be `#!lua`"),
        (" flags=allow-oom", "", "the flags must be `allow-oom`, they are ``"),
        ("allow-oom", "no-writes", "the flags must be `allow-oom`, they are `no-writes`"),
        ("  ring()", "  return 1", "the flags must be `no-writes`, they are `allow-oom`"),
        ("'HGET', meta", "'HGET', metadata", "nothing binds the key `metadata`"),
        ("local sets", "local bell, sets", "it hides what the prelude binds: bell"),
        (
            "local sets",
            "for ring in sets() do end local sets",
            "it hides what the prelude binds: ring",
        ),
        (
            "KEYS: those of a queue",
            "KEYS: those of a queue, and KEYS[4] receipt",
            "KEYS [4] must follow the 2 of",
        ),
    ],
)
def test_script_that_disagrees_with_the_prelude_is_found(old, new, complaint):
    assert old in QUEUE_SCRIPT

    [(name, found)] = check_scripts(wake=QUEUE_SCRIPT.replace(old, new, 1))

    assert name == "wake"
    assert complaint in found


def test_push_is_what_a_full_server_shall_refuse():
    [(_, found)] = check_scripts(push=QUEUE_SCRIPT)
    assert "the flags must be ``, they are `allow-oom`" in found

    assert check_scripts(push=QUEUE_SCRIPT.replace(" flags=allow-oom", "")) == []


@pytest.mark.parametrize("keys", [("meta", "bell"), ("bell",), ("bell", "meta", "stats")])
def test_prelude_that_names_other_keys_than_the_code_is_found(keys):
    [(name, found)] = check_scripts(keys=keys)

    assert name == "prelude"
    assert "the header names the keys bell, meta, `keys.py`" in found


def test_list_of_keys_is_read_from_the_code():
    assert check_lua.read_queue_keys('"""Keys."""\nQUEUE_KEYS = (\n    "a",\n    "b",\n)\n') == (
        "a",
        "b",
    )


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

    assert list(check_compose.check_dockerfile(dockerfile)) == [
        "Dockerfile: it must not run as root."
    ]
