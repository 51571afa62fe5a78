"""What people see of schedules, and what they do with them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from jobs import Cron, Every, Job, inspect
from jobs.errors import ScheduleRefused
from jobs.features.periodic import people
from jobs.features.periodic.checks import check_schedules
from jobs.features.periodic.clockwork import Clockwork
from jobs.features.periodic.entries import Entry, entries_of
from jobs.payload import decode
from jobs.registry import registry
from jobs.store.requests import Requests
from jobs.store.schedules import Schedules
from jobs.store.sight import Sight
from tests.jobs.store.sample_queue import SampleQueue


class HourlyJob(Job):
    schedule = Every(timedelta(hours=1), args=[7])

    def perform(self, number):
        """Do nothing."""


class LeapJob(Job):
    schedule = Cron("0 3 * * *", timezone="Europe/Berlin", overlap="allow")
    queue = "low"

    def perform(self):
        """Do nothing."""


HOURLY, LEAP = (registry.name_of(each) for each in (HourlyJob, LeapJob))


@pytest.fixture
def announced(store):
    """Let a supervisor announce the schedules of this module."""
    Clockwork(lambda: [*entries_of(HOURLY), *entries_of(LEAP)]).look(store)


def jobs(*arguments):
    out = StringIO()
    call_command("jobs", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def view(name=HOURLY):
    return people.find(name, inspect.get_reader())


# Looking


def test_schedule_is_new_until_a_supervisor_has_announced_it(store):
    assert view().state == "new"

    Clockwork(lambda: entries_of(HOURLY)).look(store)

    assert view().state == "on"


def test_command_lists_schedules_with_their_next_ticks(announced):
    lines = jobs("schedules", "--preview", "3").splitlines()

    [row] = [line for line in lines if line.startswith(f"{LEAP} ")]
    assert "0 3 * * * Europe/Berlin" in row
    assert " low " in row
    assert " on " in row
    following = lines[lines.index(LEAP) + 1 :][:3]
    assert all(" 03:00:00 CE" in line for line in following)


def test_preview_is_in_the_zone_and_marks_days_on_which_clocks_change():
    entry = Entry("a", "a", "q", 0, Cron("30 2 * * *", timezone="Europe/Berlin"))
    after = datetime(2026, 3, 28, tzinfo=UTC).timestamp()

    ticks = people.ScheduleView("a", "q", entry, None).preview(3, after)

    assert [tick.at.isoformat() for tick in ticks] == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
    assert [tick.is_on_change for tick in ticks] == [False, True, False]


def test_command_without_any_schedule_says_how_to_write_one(monkeypatch):
    monkeypatch.setattr(people, "entries", list)

    assert "schedule = Cron(...)" in jobs("schedules")


def test_schedules_of_queues_out_of_sight_are_not_shown(announced):
    reader = inspect.get_reader(sight=Sight(lambda queue: queue == "low"))
    names = {each.name for each in people.views(reader)}

    assert LEAP in names
    assert HOURLY not in names


# Changing


def test_pause_and_resume_by_command(announced):
    assert jobs("pause-schedule", HOURLY).startswith(f"Paused {HOURLY}.")
    assert view().state == "paused"

    jobs("resume-schedule", HOURLY)
    assert view().state == "on"


def test_run_by_command_makes_a_job_that_knows_that_it_is_by_hand(store, announced):
    jobs("run-schedule", HOURLY)

    q = SampleQueue(store, "default")
    [job_id] = q.ids("ready")
    payload = decode(q.payload(job_id))
    assert (payload.job_class, payload.args) == (HOURLY, [7])
    assert payload.context["schedule"]["by_hand"] is True
    assert "Somebody asked for this run" in " ".join(inspect.explain(job_id).sentences)


def test_explain_says_which_schedule_made_a_job(store):
    q = SampleQueue(store, "default")
    [entry] = entries_of(HOURLY)
    now = int(store.now() * 1000)
    Clockwork(lambda: [entry]).look(store)
    store.client.hset(q.keys.schedules, f"cursor:{HOURLY}", now - 3 * 3_600_000)
    Clockwork(lambda: [entry], lambda: -(10.0**9)).look(store)
    second = Clockwork(lambda: [entry], lambda: -(10.0**9))
    second.look(store)
    second.look(store)

    [job_id] = q.ids("ready")
    [text] = [each for each in inspect.explain(job_id).sentences if HOURLY in each]
    assert text.startswith(f"Schedule {HOURLY} made it for")
    assert "2 runs before that were missed" in text


def test_run_waits_for_the_one_before_unless_runs_may_overlap(announced):
    people.run_now(view())
    with pytest.raises(ScheduleRefused, match="the run before has not ended"):
        people.run_now(view())

    assert people.run_now(view(LEAP)) != people.run_now(view(LEAP))


def test_run_by_hand_cancels_the_one_before_where_the_schedule_says_so(store):
    entry = Entry(HOURLY, HOURLY, "default", 0, Every(timedelta(hours=1), overlap="cancel_other"))
    Clockwork(lambda: [entry]).look(store)
    seen = replace(view(), entry=entry)
    first = people.run_now(seen)
    SampleQueue(store, "default").take("w")

    people.run_now(seen)

    assert Requests(store).take("w") == [f"cancel {first}"]


@pytest.mark.parametrize("command", ["pause-schedule", "resume-schedule", "run-schedule"])
def test_schedule_that_is_not_there_or_not_announced_is_refused(command):
    with pytest.raises(CommandError, match="there is none of this name"):
        jobs(command, "tests.NoJob")
    with pytest.raises(CommandError, match="no worker has announced it yet"):
        jobs(command, HOURLY)


def test_run_of_another_version_is_refused(store, announced):
    store.client.hset(store.keys("default").schedules, f"spec:{HOURLY}", "other")

    with pytest.raises(ScheduleRefused, match="another version"):
        people.run_now(view())


def test_schedule_that_only_redis_knows_rests_and_cannot_be_run(store, announced):
    Schedules(store).announce(int(store.now() * 1000) + 1, [("tests.GoneJob", "q", "")])
    store.client.hset(store.keys("q").schedules, "cursor:tests.GoneJob", "1")

    assert view().state == "resting"
    with pytest.raises(ScheduleRefused, match="the code here does not know it"):
        people.run_now(view("tests.GoneJob"))


def test_schedule_that_rests_can_be_forgotten(store, announced):
    with pytest.raises(CommandError, match="it does not rest"):
        jobs("forget-schedule", HOURLY)
    people.run_now(view())
    Schedules(store).announce(int(store.now() * 1000) + 1, [])

    jobs("forget-schedule", HOURLY)

    assert view().state == "new"
    fields = store.client.hkeys(store.keys("default").schedules)
    assert [field for field in fields if field.endswith(f":{HOURLY}".encode())] == []


# Checks


def warnings(monkeypatch, schedule, queue="default"):
    entry = Entry("tests.AJob", "tests.AJob", queue, 0, schedule)
    monkeypatch.setattr("jobs.features.periodic.checks.entries", lambda: [entry])
    return [message.id for message in check_schedules(None)]


def test_queue_that_nobody_serves_is_a_warning(monkeypatch, settings):
    settings.JOBS = {**settings.JOBS, "QUEUES": ["default,3"]}

    assert warnings(monkeypatch, Every(timedelta(1))) == []
    assert warnings(monkeypatch, Every(timedelta(1)), "nightly") == ["jobs.W004"]


def test_schedule_that_never_ticks_is_a_warning(monkeypatch):
    class NeverCron(Cron):
        def next_after(self, at):
            return None

    assert warnings(monkeypatch, NeverCron("0 0 1 1 *")) == ["jobs.W003"]


def test_wrong_settings_are_left_to_the_check_of_settings(monkeypatch, settings):
    settings.JOBS = {"QUEUES": 3}

    assert warnings(monkeypatch, Every(timedelta(1))) == []


def test_queue_of_a_capsule_is_served(monkeypatch, settings):
    settings.JOBS = {**settings.JOBS, "CAPSULES": ["nightly:1", "low=2,high=3:5"]}
    settings.JOBS.pop("QUEUES", None)

    assert warnings(monkeypatch, Every(timedelta(1)), "nightly") == []
    assert warnings(monkeypatch, Every(timedelta(1)), "high") == []
    assert warnings(monkeypatch, Every(timedelta(1)), "default") == ["jobs.W004"]
