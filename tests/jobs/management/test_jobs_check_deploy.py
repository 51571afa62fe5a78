"""`manage.py jobs check --deploy`: a table, an exit code, and JSON."""

import json
from importlib import import_module

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from jobs.inspect import spread
from tests.conftest import free_port
from tests.jobs.inspect.filling import put
from tests.jobs.inspect.fit_cases import APP, CASES, SECRET, put_case, put_raw


@pytest.fixture
def check(capsys):
    """Return a function that checks a deploy.

    It returns exit code, lines, what it said in the end, and what went to standard error.
    """

    def check(*arguments):
        code, said = 0, ""
        try:
            call_command("jobs", "check", *arguments)
        except CommandError as error:
            code, said = error.returncode, str(error)
        told = capsys.readouterr()
        return code, told.out.splitlines(), said, told.err

    return check


def test_jobs_that_suit_the_code_let_a_deploy_pass(store, check):
    put_case(store, "ready", "suits")

    code, lines, _, errors = check("--deploy")

    assert (code, errors) == (0, "")
    assert lines == ["Looked at 1 of 1 job in 1 queue.", "All jobs suit this code."]


def test_a_redis_that_was_never_used_is_doubted(store, check):
    code, lines, _, errors = check("--deploy")

    assert (code, lines[0]) == (0, "Looked at 0 of 0 jobs in 0 queues.")
    assert errors == (
        "Warning: No queue was ever used here. Are JOBS['REDIS_URL'] and JOBS['NAMESPACE'] those "
        "of production?\n"
    )


def test_queues_without_jobs_let_a_deploy_pass(store, check):
    store.intake.announce_queues(["default"])

    assert check("--deploy") == (
        0,
        ["Looked at 0 of 0 jobs in 1 queue.", "All jobs suit this code."],
        "",
        "",
    )


def test_misfits_are_a_table_with_advice_and_stop_a_deploy(store, check):
    gone = put(store, "ready", job_class="shop.GoneJob", args=[SECRET])
    put(store, "scheduled", "high", job_class="shop.GoneJob")
    wrong = put_case(store, "retry", "a new parameter")

    code, lines, said, _ = check("--deploy")

    assert (code, said) == (1, "3 jobs would be parked or fail.")
    assert lines[0].split() == ["Class", "Queue", "Set", "Jobs", "First", "id", "Fate"]
    assert lines[1].split() == ["shop.GoneJob", "default", "ready", "1", gone, "parked"]
    assert lines[3].split() == [f"{APP}.NowJob", "default", "retry", "1", wrong, "fails"]
    assert lines[5].startswith("shop.GoneJob: No job class of this name is known here. Ship the")
    assert lines[6].startswith(f"{APP}.NowJob: NowJob.perform(")
    assert "'note'. Give a new parameter a default" in lines[6]
    assert lines[7:] == ["Looked at 3 of 3 jobs in 2 queues."]
    assert SECRET not in "\n".join(lines)


def test_the_dead_are_named_and_stop_no_deploy(store, check):
    put(store, "dead", job_class="shop.GoneJob")

    code, lines, said, _ = check("--deploy")

    assert (code, said) == (0, "")
    assert lines[1].split()[:3] == ["shop.GoneJob", "default", "dead"]
    assert lines[-1] == "All jobs that wait or run suit this code."


def test_a_look_at_some_says_how_to_see_all(store, check, monkeypatch):
    monkeypatch.setattr(spread, "LOOK_AT", 200)
    monkeypatch.setattr(spread, "LEAST", 100)
    ids = [put_raw(store, "ready", b"broken") for _ in range(300)]
    looked_at = (
        "Looked at 200 of 300 jobs in 1 queue, spread over every set. "
        "See all with: python manage.py jobs check --deploy --all"
    )

    code, lines, said, _ = check("--deploy")
    every = check("--deploy", "--all")
    for job_id in ids:
        put_raw(store, "ready", orjson.dumps(CASES["suits"][0] | {"id": job_id}), job_id)
    well = check("--deploy")

    assert (code, said) == (1, "200 jobs of the 200 that were looked at would be parked or fail.")
    assert lines[-1] == looked_at
    assert every[1][-1] == "Looked at 300 of 300 jobs in 1 queue."
    assert every[2] == "300 jobs would be parked or fail."
    assert well[:2] == (0, [looked_at, "All jobs that were looked at suit this code."])


def test_a_payload_too_long_to_be_read_is_told(store, check):
    put(store, "ready", args=["x" * 3_000_000])
    put_case(store, "ready", "suits")

    assert check("--deploy")[:2] == (
        0,
        [
            "Looked at 1 of 2 jobs in 1 queue; too long to be read: 1.",
            "All jobs that were looked at suit this code.",
        ],
    )


def test_groups_that_are_left_out_are_counted(store, check, monkeypatch):
    monkeypatch.setattr(import_module("jobs.inspect.misfits"), "MOST_GROUPS", 1)
    for name in "ABC":
        put(store, "ready", job_class=f"tests.Gone{name}")

    code, lines, said, _ = check("--deploy")

    assert (code, said) == (1, "3 jobs would be parked or fail.")
    assert lines[-2] == "2 more misfits in other groups."


def test_json_tells_the_same(store, check):
    first = put_case(store, "ready", "an option that nobody declares")
    put(store, "dead", job_class="shop.GoneJob")

    code, lines, said, _ = check("--deploy", "--json")

    told = json.loads("\n".join(lines))
    assert (code, said) == (1, "1 job would be parked or fail.")
    assert {name: told[name] for name in ("count", "dead", "looked_at", "total", "is_whole")} == {
        "count": 1,
        "dead": 1,
        "looked_at": 2,
        "total": 2,
        "is_whole": True,
    }
    assert told["misfits"][0] == {
        "class": f"{APP}.FreeJob",
        "queue": "default",
        "set": "ready",
        "count": 1,
        "first_id": first,
        "kind": "options",
        "fate": "parked",
        "reason": "Nothing here declares its option 'tenant'.",
        "remedy": "Keep the option, or the middleware that declares it, until these jobs have run.",
    }
    assert SECRET not in "\n".join(lines)


def test_names_cannot_forge_a_line_or_obey_a_terminal(store, check):
    put(store, "ready", job_class="a.\x1b[31mB\nAll jobs suit this code.")

    code, lines, _, _ = check("--deploy")

    assert code == 1
    assert lines[1].startswith(r"a.\x1b[31mB\nAll jobs suit this code.  default")
    assert "All jobs suit this code." not in lines


def test_what_cannot_be_read_is_told_beside_it(store, check):
    put(store, "retry", job_class="shop.GoneJob")
    store.client.set(store.keys("default").ready, "a text")

    code, lines, _, errors = check("--deploy")

    assert code == 1
    assert lines[1].split()[:3] == ["shop.GoneJob", "default", "retry"]
    assert f"Unreadable: {store.keys('default').ready}:" in errors


def test_a_redis_that_is_away_is_exit_code_2(settings, check):
    url = f"redis://127.0.0.1:{free_port()}/0"
    with override_settings(JOBS={**settings.JOBS, "REDIS_URL": url}):
        code, lines, said, errors = check("--deploy", "--json")

    assert (code, lines, said) == (2, [], "Redis is away.")
    assert url in errors


def test_wrong_settings_are_told_and_nothing_passes(settings, check):
    with override_settings(JOBS={**settings.JOBS, "MIDDLEWARE": ["nowhere.Nothing"]}):
        code, _, said, _ = check("--deploy")

    assert code == 1
    assert "nowhere.Nothing" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--all"], "--all needs --deploy."),
        (["--json"], "--json needs --deploy."),
        (["--deploy", "--min-workers", "2"], "--min-workers cannot be used with --deploy."),
        (["--deploy", "--max-latency", "0"], "--max-latency cannot be used with --deploy."),
    ],
)
def test_options_of_the_other_check_are_refused(store, check, arguments, said):
    assert check(*arguments) == (1, [], said, "")


def test_every_case_is_in_one_table(store, check):
    for case in CASES:
        put_case(store, "ready", case)

    code, lines, said, _ = check("--deploy")

    wrong = sum(bool(kind) for _, kind, _ in CASES.values())
    assert (code, said) == (1, f"{wrong} jobs would be parked or fail.")
    assert SECRET not in "\n".join(lines)
