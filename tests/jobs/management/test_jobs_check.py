"""`manage.py jobs check`: a line for each problem, an exit code, and handlers."""

import re

import pytest
from django.core.management import CommandError, call_command

from jobs.store.reader import Reader
from tests.jobs.inspect.filling import beat, push
from tests.jobs.inspect.problems.conftest import SAFE

HEARD: list[tuple[BaseException, dict]] = []


def hear(error, context):
    """Be an error handler."""
    HEARD.append((error, context))


def be_away(error, context):
    """Be an error handler whose service is away."""
    raise ConnectionError("no route to host")


@pytest.fixture(autouse=True)
def listener(settings, monkeypatch):
    HEARD.clear()
    settings.JOBS = {**settings.JOBS, "ERROR_HANDLERS": [f"{__name__}.hear"]}
    monkeypatch.setattr(Reader, "info", lambda reader: SAFE)


@pytest.fixture
def check(capsys):
    """Return a function that checks.

    It returns exit code, lines and errors.
    """

    def check(*arguments):
        code = 0
        try:
            call_command("jobs", "check", *arguments)
        except CommandError as error:
            code = error.returncode
        told = capsys.readouterr()
        return code, told.out.splitlines(), told.err

    return check


def test_all_is_well_with_a_worker(store, check):
    beat(store)

    assert check() == (0, ["All well."], "")
    assert HEARD == []


def test_each_problem_is_a_line_and_the_handlers_hear_of_it(store, check):
    beat(store)
    push(store, ago=100)
    push(store, "reports", ago=100)

    code, [unserved, late], _ = check()

    assert code == 1
    assert unserved.startswith("queue_unserved: No worker takes jobs from queue reports")
    assert unserved.endswith(" Start one with: python manage.py runjobs -q reports")
    assert re.fullmatch(
        r"queue_late: Queue default is late: its oldest job has waited for 10[0-9] seconds\. "
        r"Since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\. "
        r"Start more workers, or find out what keeps the workers busy\.",
        late,
    )
    assert [context["kind"] for _, context in HEARD] == ["queue_unserved", "queue_late"]
    error, context = HEARD[1]
    assert "Queue default is late" in str(error)
    assert (context["command"], context["key"]) == ("jobs check", "default")
    assert context["where"] == "queues/default/"


def test_a_problem_is_told_once_as_long_as_it_lasts(store, check):
    beat(store)
    push(store, ago=100)

    assert [check()[0] for _ in range(3)] == [1, 1, 1]

    assert len(HEARD) == 1


def test_limits_can_be_given(store, check):
    beat(store)
    push(store, ago=20)

    assert check("--max-latency", "10")[0] == 1
    assert "Only 1 of 2 workers take jobs." in check("--min-workers", "2")[1][0]
    assert check()[0] == 0


def test_a_handler_that_is_away_comes_after_the_answer_in_one_line(store, check, settings):
    settings.JOBS = {**settings.JOBS, "ERROR_HANDLERS": [f"{__name__}.be_away"]}
    beat(store)
    push(store, ago=100)

    code, [late], errors = check()

    assert code == 1
    assert late.startswith("queue_late:")
    failure = "could not be told: ConnectionError('no route to host')"
    assert errors.splitlines() == [f"{__name__}.be_away {failure}. A job tells it again."]


def test_redis_away_has_an_exit_code_of_its_own(check, settings):
    settings.JOBS = {**settings.JOBS, "REDIS_URL": "redis://127.0.0.1:9/0"}

    code, [line], _ = check()

    assert code == 2
    assert line.startswith("redis_away: Redis at redis://127.0.0.1:9/0 cannot be used")
    assert [context["kind"] for _, context in HEARD] == ["redis_away"]


def test_handlers_find_the_same_fields_whatever_the_problem_is(store, check, settings):
    beat(store)
    push(store, ago=100)
    check()
    settings.JOBS = {**settings.JOBS, "REDIS_URL": "redis://127.0.0.1:9/0"}
    check()

    [late, away] = [context for _, context in HEARD]
    assert away.keys() == late.keys()


def test_what_cannot_be_read_is_one_line(store, check):
    beat(store)
    key = store.keys("default").dead
    store.client.set(key, "no set")

    code, [line], errors = check()

    assert code == 1
    assert line.startswith(f"unreadable: {key}: It is not of the type that belongs there.")
    assert errors == ""


def test_size_in_a_line_has_a_plain_space(store, check, monkeypatch):
    """A number and its unit have a space at which no line may break.

    It was once written as an escape, since it is no printable character.
    """
    beat(store)
    full = {**SAFE, "used_memory": 2_800_000, "maxmemory": 3_000_000}
    monkeypatch.setattr(Reader, "info", lambda reader: full)

    _, [line], _ = check()

    assert line.startswith("redis_memory: Redis uses 2.7 MB of its 2.9 MB of memory.")
