"""`startjob`: what it writes fails until somebody has written it."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import AppConfig, apps
from django.core.management import CommandError, call_command
from django.test import override_settings


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an app of its own in an empty folder.

    Django finds it there.
    """
    folder = tmp_path / "startshop"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    config = type("Config", (AppConfig,), {"path": str(folder)})("startshop", None)
    config.label = "startshop"
    monkeypatch.setitem(apps.app_configs, "startshop", config)
    return folder


def test_job_and_test_are_written(shop, capsys):
    call_command("startjob", "startshop", "ShipOrder", queue="high")

    job = (shop / "jobs.py").read_text()
    assert "class ShipOrderJob(Job):" in job
    assert 'queue = "high"' in job
    assert (shop / "tests" / "test_ship_order_job.py").exists()
    assert "fail until you write them" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "name"),
    [({"QUEUES": ["default"]}, "QUEUES"), ({"CAPSULES": ["default:1"]}, "CAPSULES")],
)
def test_queue_that_no_worker_takes_from_is_said(shop, capsys, values, name):
    with override_settings(JOBS=values):
        call_command("startjob", "startshop", "ShipOrder", queue="high")
        call_command("startjob", "startshop", "PackOrder")

    assert capsys.readouterr().out.count(f"Add it to JOBS['{name}']") == 1


def test_written_test_fails_loudly(shop):
    call_command("startjob", "startshop", "ShipOrder")
    test = shop / "tests" / "test_ship_order_job.py"

    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        test,
    ]
    environment = {
        "PYTHONPATH": f"{shop.parent}:.",
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PATH": "",
    }
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert "Write ShipOrderJob.perform" in result.stdout


def test_second_job_is_added_below_the_first(shop):
    call_command("startjob", "startshop", "ShipOrder")
    call_command("startjob", "startshop", "RefundJob")

    text = (shop / "jobs.py").read_text()
    assert text.count("from jobs import Job") == 1
    assert text.index("class ShipOrderJob") < text.index("class RefundJob")
    compile(text, "jobs.py", "exec")


def test_tests_folder_beside_the_app_is_used(shop):
    (shop.parent / "tests").mkdir()

    call_command("startjob", "startshop", "ShipOrder")

    assert (shop.parent / "tests" / "startshop" / "test_ship_order_job.py").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch", "ShipOrder"], "No installed app with label 'nosuch'"),
        (["startshop", "ship-order"], "no name for a class"),
        (["startshop", "ShipOrder", "--queue", "a b"], "queue must be"),
    ],
)
def test_wrong_input_is_one_sentence(shop, arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("startjob", *arguments)

    assert not (shop / "jobs.py").exists()


def test_nothing_is_overwritten(shop):
    call_command("startjob", "startshop", "ShipOrder")
    before = (shop / "jobs.py").read_text()

    with pytest.raises(CommandError, match="there already"):
        call_command("startjob", "startshop", "ShipOrder")

    assert (shop / "jobs.py").read_text() == before


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("ship_order", "write ShipOrder"),
        ("shipOrder", "write ShipOrder"),
        ("Ship-Order", "write ShipOrder"),
        ("1st", "begin it with a letter"),
    ],
)
def test_name_that_no_class_can_have_is_answered_by_the_one_that_is_meant(shop, given, advice):
    with pytest.raises(CommandError, match=f"'{given}' is no name for a class: {advice}"):
        call_command("startjob", "startshop", given)
