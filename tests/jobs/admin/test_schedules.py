"""The pages of schedules, and what people do there."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from jobs import Cron, Every, Job, inspect
from jobs.admin.pages.schedules import WORDS
from jobs.ending import Ending
from jobs.features.periodic import people
from jobs.features.periodic.clockwork import Clockwork
from jobs.features.periodic.entries import entries_of
from jobs.registry import registry
from jobs.store.schedules import Schedules
from tests.jobs.admin.conftest import messages, text
from tests.jobs.store.sample_queue import SampleQueue


class BackupJob(Job):
    schedule = Cron("30 2 * * *", timezone="Europe/Berlin")
    queue = "mine"

    def perform(self):
        """Do nothing."""


class PingJob(Job):
    schedule = Every(timedelta(hours=1))
    queue = "other"

    def perform(self):
        """Do nothing."""


NAME, OTHER = registry.name_of(BackupJob), registry.name_of(PingJob)


@pytest.fixture(autouse=True)
def announced(store):
    """Let a supervisor announce both schedules."""
    Clockwork(lambda: [*entries_of(NAME), *entries_of(OTHER)]).look(store)


def state():
    return people.find(NAME, inspect.get_reader()).state


def test_list_shows_when_each_ticks_and_how_the_last_run_ended(store, boss):
    tick = int(store.now() * 1000)
    people.run_now(people.find(NAME, inspect.get_reader()))
    [job_id] = SampleQueue(store, "mine").ids("ready")
    Schedules(store).note_run("mine", NAME, tick, "no-such-job", "done", is_success=True)

    page = text(boss.get("/admin/jobs/schedules/"))

    assert f'href="/admin/jobs/schedules/{NAME}/"' in page
    assert "30 2 * * * Europe/Berlin" in page
    assert f'href="/admin/jobs/job/{job_id}/"' in page
    assert "not ended yet" in page


def test_run_that_is_missing_is_told_on_the_list_and_on_the_page(store, boss):
    url = "/admin/jobs/schedules/"
    assert "a run is missing" not in text(boss.get(url))
    assert "has been missing" not in text(boss.get(f"{url}{NAME}/"))

    three_hours_ago = int(store.now() * 1000) - 3 * 3_600_000
    store.client.hset(store.keys("mine").schedules, f"next:{NAME}", three_hours_ago)

    assert text(boss.get(url)).count("a run is missing") == 1
    page = text(boss.get(f"{url}{NAME}/"))
    assert "A run has been missing for" in page
    assert "2 h 50 min" in page


@pytest.mark.parametrize(("verb", "is_told"), [("resume", False), ("pause", True)])
def test_runs_to_come_are_promised_only_while_it_is_on(boss, verb, is_told):
    boss.post(f"/admin/jobs/schedules/{NAME}/{verb}/")

    told = "They come only if somebody lets it go on before."
    assert (told in text(boss.get(f"/admin/jobs/schedules/{NAME}/"))) is is_told


def test_page_of_a_job_leads_to_the_schedule_that_made_it(boss):
    job_id = people.run_now(people.find(NAME, inspect.get_reader()))

    page = text(boss.get(f"/admin/jobs/job/{job_id}/"))

    assert f'<a href="/admin/jobs/schedules/{NAME}/">The schedule that made it</a>' in page
    assert "by_hand" not in page


def test_page_counts_the_ticks_that_nobody_fired_before_a_skip(store, boss):
    key = store.keys("mine").schedules
    store.client.hset(key, f"runs:{NAME}", "2000 b paused 2300 3\n1000 a done 1300\n")

    page = text(boss.get(f"/admin/jobs/schedules/{NAME}/"))

    assert "skipped: paused; 3 ticks before it were missed" in page
    assert page.count("before it") == 1


def test_page_shows_ten_runs_to_come_in_the_zone_of_the_schedule(boss):
    page = text(boss.get(f"/admin/jobs/schedules/{NAME}/"))

    assert page.count(", 02:30:00 CE") + page.count(", 03:00:00 CEST") == 10
    assert "It has not run yet." in page


def test_day_on_which_clocks_change_is_marked(boss, monkeypatch):
    monkeypatch.setattr("jobs.store.reader.Reader.now", lambda reader: 1_774_656_000.0)  # 28 March

    page = text(boss.get(f"/admin/jobs/schedules/{NAME}/"))

    assert "Sun Mar 29, 2026, 03:00:00 CEST" in page
    assert page.count("the clocks change on this day") == 1


@pytest.mark.parametrize(
    ("verb", "after", "told"),
    [("pause", "paused", "is paused: its ticks are skipped"), ("resume", "on", "goes on")],
)
def test_pause_and_resume_are_done_told_and_logged(boss, verb, after, told):
    if verb == "resume":
        people.pause(people.find(NAME, inspect.get_reader()))

    response = boss.post(f"/admin/jobs/schedules/{NAME}/{verb}/", follow=True)

    assert state() == after
    assert told in messages(response)
    assert LogEntry.objects.get().object_repr == NAME
    assert told in LogEntry.objects.get().get_change_message()


def test_run_now_makes_a_job_and_refuses_a_second_one_while_it_has_not_ended(store, boss):
    response = boss.post(f"/admin/jobs/schedules/{NAME}/run/", follow=True)
    [job_id] = SampleQueue(store, "mine").ids("ready")
    assert job_id in messages(response)

    response = boss.post(f"/admin/jobs/schedules/{NAME}/run/", follow=True)
    assert "the run before has not ended" in messages(response)
    assert LogEntry.objects.count() == 2
    assert SampleQueue(store, "mine").ids("ready") == [job_id]


@pytest.mark.parametrize(("codename", "is_offered"), [("control_schedule", True), ("", False)])
def test_list_lets_those_run_a_schedule_who_may(log_in, codename, is_offered):
    page = text(log_in("view_jobs", *filter(None, [codename])).get("/admin/jobs/schedules/"))

    assert (f'action="/admin/jobs/schedules/{NAME}/run/"' in page) is is_offered


def test_every_ending_has_words():
    words = {ending.name.lower() for ending in Ending}

    assert words | {"fired", "overlap", "paused", "missed"} == set(WORDS)


@pytest.mark.parametrize("verb", ["pause", "resume", "run"])
def test_changes_need_their_permission(log_in, verb):
    client = log_in("view_jobs", "pause_queue", "control_worker", "retry_job")

    assert client.post(f"/admin/jobs/schedules/{NAME}/{verb}/").status_code == 403
    page = text(client.get(f"/admin/jobs/schedules/{NAME}/"))
    assert "Run now" not in page
    assert f"/{verb}/" not in page


def test_schedules_of_queues_out_of_sight_are_not_there(log_in, settings):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": "tests.jobs.admin.test_schedules.sees_mine"}
    client = log_in("view_jobs", "control_schedule")

    page = text(client.get("/admin/jobs/schedules/"))
    assert NAME in page
    assert OTHER not in page
    assert client.get(f"/admin/jobs/schedules/{OTHER}/").status_code == 404
    assert client.post(f"/admin/jobs/schedules/{OTHER}/pause/").status_code == 404
    assert client.get(f"/admin/jobs/schedules/{NAME}/").status_code == 200


def sees_mine(user, queue):
    """Let everybody see one queue."""
    return queue == "mine"


def test_metrics_tell_when_a_schedule_last_went_well(store, boss):
    Schedules(store).note_run("mine", NAME, int(store.now() * 1000), "id", "done", is_success=True)

    lines = text(boss.get("/admin/jobs/metrics.txt")).splitlines()

    name = "jobs_schedule_last_success_timestamp_seconds"
    [line] = [each for each in lines if each.startswith(f"{name}{{")]
    assert line.startswith(f'{name}{{schedule="{NAME}"}} ')
    assert abs(float(line.split()[-1]) - store.now()) < 5


@pytest.mark.parametrize("path", ["schedules/tests.NoJob/", "schedules/tests.NoJob/run/"])
def test_schedule_that_is_not_there_is_not_found(boss, path):
    call = boss.post if "run" in path else boss.get

    assert call(f"/admin/jobs/{path}").status_code == 404


def test_unknown_verb_is_not_found(boss):
    assert boss.post(f"/admin/jobs/schedules/{NAME}/delete/").status_code == 404


def test_page_without_schedules_says_how_to_write_one(boss, store, monkeypatch):
    store.client.flushall()
    monkeypatch.setattr(people, "entries", list)

    assert "Write one on a job class" in text(boss.get("/admin/jobs/schedules/"))


def test_schedule_that_only_redis_knows_is_shown_as_resting(boss, store):
    Schedules(store).announce(int(store.now() * 1000) + 1, [(OTHER, "other", "")])

    page = text(boss.get(f"/admin/jobs/schedules/{NAME}/"))

    assert "resting" in page
    assert "Run now" not in page
    assert f"/schedules/{NAME}/run/" not in text(boss.get("/admin/jobs/schedules/"))


# Another time until the code changes


@pytest.fixture
def overridden(boss):
    """Give the schedule another time."""
    data = {"cron": "15 4 * * *", "timezone": "Asia/Tokyo"}
    return boss.post(f"/admin/jobs/schedules/{NAME}/override/", data, follow=True)


def seen():
    return people.find(NAME, inspect.get_reader())


def test_override_is_told_shown_previewed_and_logged(boss, overridden):
    assert "ticks by its new time" in messages(overridden)
    page = text(overridden)
    assert "15 4 * * * Asia/Tokyo" in page
    assert "30 2 * * * Europe/Berlin" in page
    assert page.count(", 04:15:00 JST") == 10
    assert "holds until the schedule changes in the code" in page
    assert "overridden" in text(boss.get("/admin/jobs/schedules/"))
    entry = LogEntry.objects.get()
    assert entry.object_repr == NAME
    message = entry.get_change_message()
    assert "From 30 2 * * * Europe/Berlin to 15 4 * * * Asia/Tokyo." in message


def test_period_is_told_in_words_on_the_page_and_in_the_log(boss):
    url = f"/admin/jobs/schedules/{OTHER}/override/"
    page = text(boss.post(url, {"every_seconds": "5400"}, follow=True))

    assert "<code>every 90 minutes</code>" in page
    assert "<code>every hour</code>" in page
    assert "From every hour to every 90 minutes." in LogEntry.objects.get().get_change_message()


def test_override_is_taken_back(boss, overridden):
    response = boss.post(f"/admin/jobs/schedules/{NAME}/restore/", follow=True)

    assert "by the time of its code again" in messages(response)
    assert seen().by_code is None
    assert seen().clock == "30 2 * * * Europe/Berlin"
    assert LogEntry.objects.count() == 2

    # Another person, whose page was older.
    response = boss.post(f"/admin/jobs/schedules/{NAME}/restore/", follow=True)
    assert "ticks by the time of its code already" in messages(response)


def test_run_now_of_an_overridden_schedule_is_made_once_supervisors_know_it(
    store, boss, overridden
):
    response = boss.post(f"/admin/jobs/schedules/{NAME}/run/", follow=True)
    assert "another version" in messages(response)

    Clockwork(lambda: entries_of(NAME)).look(store)
    response = boss.post(f"/admin/jobs/schedules/{NAME}/run/", follow=True)
    assert "made job" in messages(response)


@pytest.mark.parametrize(
    "data", [{}, {"cron": "61 * * * *"}, {"cron": "* * * * *", "every_seconds": "5"}]
)
def test_override_that_is_no_time_is_refused_beside_what_was_entered(boss, data):
    response = boss.post(f"/admin/jobs/schedules/{NAME}/override/", data)

    page = text(response)
    assert "<details open>" in page
    assert 'class="jobs-problem" role="alert"' in page
    for value in data.values():
        assert f'value="{value}"' in page
    assert seen().by_code is None
    assert LogEntry.objects.count() == 0


def test_override_of_another_version_than_the_workers_have_is_refused(boss, store):
    boot = int(store.now() * 1000) + 1
    Schedules(store).announce(boot, [(NAME, "mine", ""), (OTHER, "other", "")], {NAME: "newer"})

    data = {"every_seconds": "60"}
    response = boss.post(f"/admin/jobs/schedules/{NAME}/override/", data, follow=True)

    assert "another version" in messages(response)
    assert seen().by_code is None


@pytest.mark.parametrize("verb", ["override", "restore"])
def test_override_needs_its_own_permission(log_in, verb):
    client = log_in("view_jobs", "control_schedule")

    data = {"every_seconds": "60"}
    assert client.post(f"/admin/jobs/schedules/{NAME}/{verb}/", data).status_code == 403
    assert "/override/" not in text(client.get(f"/admin/jobs/schedules/{NAME}/"))
