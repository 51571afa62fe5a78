"""What people see of schedules of the database, and of overrides."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import Every, Job, inspect
from jobs.errors import ScheduleRefused
from jobs.features.periodic import checks, people
from jobs.features.periodic.checks import check_entries
from jobs.features.periodic.clockwork import Clockwork
from jobs.features.periodic.entries import entries_of
from jobs.payload import decode
from jobs.registry import registry
from jobs.store.kept_schedules import KeptSchedules
from jobs.store.sight import Sight
from tests.jobs.features.periodic.kept_jobs import CLASS, NAME, PRIVATE, row_of
from tests.jobs.store.sample_queue import SampleQueue

pytestmark = pytest.mark.django_db(transaction=True)


class PlainJob(Job):
    schedule = Every(timedelta(hours=1))

    def perform(self):
        """Do nothing."""


PLAIN = registry.name_of(PlainJob)


@pytest.fixture
def row():
    row = row_of()
    row.save()
    return row


def look(store):
    """Let a supervisor start."""
    Clockwork(lambda: entries_of(PLAIN)).look(store)


def jobs(*arguments):
    out = StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def view(name=NAME):
    return people.find(name, inspect.get_reader())


def line(name):
    [found] = [each for each in jobs("schedules").splitlines() if each.startswith(f"{name} ")]
    return found


def test_entry_of_the_database_is_new_on_paused_and_off(store, row):
    assert " new " in line(NAME)
    look(store)
    assert " on " in line(NAME)

    jobs("pause-schedule", NAME)
    assert " paused " in line(NAME)
    row.enabled = False
    row.save()
    assert " off " in line(NAME)


def test_entry_of_the_database_is_run_by_hand_and_explained(store, row):
    row.args = '["hello"]'
    row.save()
    look(store)

    jobs("run-schedule", NAME)

    q = SampleQueue(store)
    [job_id] = q.ids("ready")
    assert decode(q.payload(job_id)).args == ["hello"]
    assert NAME in " ".join(inspect.explain(job_id).sentences)


def test_command_says_why_an_entry_rests_here(store):
    row_of(job_class=PRIVATE).save()
    row_of(args="[1, 2, 3]").save()
    look(store)

    lines = jobs("schedules", "--preview", "2")

    assert f"{PRIVATE}:db.nightly rests here: {PRIVATE} may not be scheduled by people" in lines
    assert f"{NAME} rests here: KeptJob.perform" in lines


@pytest.mark.parametrize(
    "arguments", [{"args": f"[{10**25}]"}, {"args": f'"{10**25}"'}, {"kwargs": f"[{10**25}]"}]
)
def test_who_sees_no_arguments_reads_none_in_why_an_entry_rests(store, arguments):
    row_of(**arguments).save()

    def trouble(**sight):
        return people.find(NAME, inspect.get_reader(sight=Sight(**sight))).trouble

    assert "1000000" in trouble(sees_arguments=True)
    assert trouble(sees_arguments=False) == "perform does not take its arguments."


def test_entry_that_cannot_be_fired_here_is_not_called_on(store, row):
    look(store)
    assert view().state == "on"

    store.client.hset(store.shared.schedules, f"kept:{NAME}", "9 on {nonsense")

    assert view().state == "resting"


def test_entry_of_the_database_is_not_forgotten_but_deleted(store, row):
    look(store)
    store.client.hset(store.shared.schedules, "classes", "")

    with pytest.raises(CommandError, match="Delete it in the admin"):
        jobs("forget-schedule", NAME)
    assert view().state == "resting"


def test_override_by_command_is_shown_and_undone(store):
    look(store)

    assert "until its code changes" in jobs("override-schedule", PLAIN, "--every", "7200")
    assert "every 2 hours (overridden)" in line(PLAIN)
    assert view(PLAIN).by_code.schedule.clock == "every 3600 s"
    jobs("override-schedule", PLAIN, "--cron", "5 * * * *", "--timezone", "UTC")
    assert "5 * * * * UTC (overridden)" in line(PLAIN)
    jobs("restore-schedule", PLAIN)
    assert "every hour " in line(PLAIN)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        (PLAIN, ["--cron", "61 * * * *"], "no cron expression"),
        (PLAIN, ["--cron", "* * * * *", "--timezone", "Nowhere"], "no time zone"),
        (PLAIN, ["--every", "0"], "argument --every: write whole seconds, .* such as 3600"),
        (PLAIN, ["--every", "5m"], "argument --every: write whole seconds, .* such as 3600"),
        (PLAIN, ["--every", str(10**15)], "argument --every: write whole seconds, .* 100 years"),
        (PLAIN, ["--every", "60", "--timezone", "UTC"], "--timezone goes with --cron"),
        (NAME, ["--every", "60"], "Change it in the admin"),
        ("tests.NoJob", ["--every", "60"], "there is none of this name"),
    ],
)
def test_override_that_cannot_be_is_refused(store, row, name, arguments, told):
    look(store)

    with pytest.raises(CommandError, match=told):
        jobs("override-schedule", name, *arguments)


def test_override_before_any_worker_has_announced_is_refused():
    with pytest.raises(ScheduleRefused, match="no worker has announced it"):
        people.override(view(PLAIN), {"every": 60})


def test_run_of_an_entry_of_the_database_that_is_missing_is_a_problem(store, row):
    look(store)
    now = int(store.now() * 1000)
    store.client.hset(store.keys("q").schedules, f"next:{NAME}", now - 3_600_000)

    def missed():
        found = inspect.problems()
        return [each.key for each in found if each.kind == "schedule_missed"]

    assert missed() == [NAME]
    row.enabled = False
    row.save()
    assert missed() == []


def test_check_of_the_database_warns_of_what_rests(settings):
    settings.JOBS = {**settings.JOBS, "QUEUES": ["q"]}
    row_of(name="good").save()
    row_of(name="off", enabled=False, args="[").save()
    row_of(name="elsewhere", queue="nobody").save()
    row_of(name="wrong", args="[1, 2, 3]").save()
    row_of(job_class=PRIVATE).save()
    row_of(name="long", args=f'["{"x" * 20_000}"]').save()

    found = check_entries(None, databases=["default"])

    assert sorted(str(message.id) for message in found) == ["jobs.W004", *["jobs.W006"] * 3]
    assert f"{CLASS}:db.wrong of the database does not tick" in " ".join(map(str, found))
    assert check_entries(None) == check_entries(None, databases=["other"]) == []


def test_check_of_the_database_warns_of_rows_beyond_the_most(monkeypatch):
    monkeypatch.setattr(checks, "MOST_ENTRIES", 2)
    for name in ("one", "two", "three"):
        row_of(name=name).save()

    found = [each for each in check_entries(None, databases=["default"]) if each.id != "jobs.W004"]

    assert [each.id for each in found] == ["jobs.W006"]
    assert "more than 2 rows" in found[0].msg


def test_row_whose_name_no_form_takes_rests_and_says_why(store):
    """Its page would have led to the row `nightly`."""
    row_of(name="a.nightly").save()
    look(store)

    assert view(f"{CLASS}:db.a.nightly").state == "resting"
    assert view(f"{CLASS}:db.a.nightly").own_name == "a.nightly"
    assert "name of a schedule is 1 to 50 letters" in jobs("schedules")


def test_doctor_has_nothing_to_say_of_any_of_it(store, row):
    look(store)
    jobs("override-schedule", PLAIN, "--every", "7200")
    KeptSchedules(store).take_turn(60)

    assert "every job is in exactly one place" in jobs("doctor")
