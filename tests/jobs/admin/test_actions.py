"""What actions do to one job, to the ticked, to all that match.

And what they tell, and what the admin log keeps.
"""

import pytest
from django.contrib.admin.models import CHANGE, DELETION, LogEntry

from jobs import control, inspect
from jobs.control import Sweep
from jobs.store.requests import Requests
from tests.jobs.admin.conftest import messages, text
from tests.jobs.inspect.filling import WORKER, beat, failure, fetch, push, put


def act(client, route, **data):
    """Post and follow to the page that tells what was done."""
    return client.post(f"/admin/jobs/{route}", data, follow=True)


def place(job_id):
    found = inspect.find(job_id)
    return found and found.place


@pytest.mark.parametrize(
    ("verb", "source", "destination", "told"),
    [
        ("retry", "dead", "ready", "1 job is ready to run."),
        ("retry", "scheduled", "ready", "1 job is ready to run."),
        ("kill", "retry", "dead", "1 job was killed."),
        ("kill", "ready", "dead", "1 job was killed."),
        ("delete", "done", None, "1 job was deleted."),
    ],
)
def test_one_job_is_changed_told_and_logged(store, boss, verb, source, destination, told):
    job_id = put(store, source, at=4e9)

    response = act(boss, f"job/{job_id}/{verb}/")

    assert place(job_id) == destination
    assert messages(response) == told
    entry = LogEntry.objects.get()
    assert entry.object_id == job_id
    assert entry.get_change_message().endswith(told)
    assert entry.action_flag == (DELETION if verb == "delete" else CHANGE)
    assert job_id in entry.object_repr


def test_one_job_is_rescheduled_in_the_time_zone_of_the_project(store, boss, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    job_id = put(store, "scheduled", at=4e9)

    act(boss, f"job/{job_id}/reschedule/", at="2031-07-01T12:00")

    assert inspect.find(job_id).at.isoformat() == "2031-07-01T10:00:00+00:00"


def test_a_time_that_is_none_changes_nothing(store, boss):
    job_id = put(store, "scheduled", at=4e9)

    assert "Enter the date and time" in messages(act(boss, f"job/{job_id}/reschedule/", at="soon"))
    assert inspect.find(job_id).at.timestamp() == 4e9


@pytest.mark.parametrize("at", ["9999-12-31T23:59", "0001-01-01T00:00", "1969-01-01T00:00"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_time_at_the_end_of_time_changes_nothing(store, boss, settings, at, zone):
    settings.TIME_ZONE = zone
    job_id = put(store, "scheduled", at=4e9)

    told = messages(act(boss, f"job/{job_id}/reschedule/", at=at))

    assert told == "The time must lie between 1970 and 100 years from now."
    assert inspect.find(job_id).at.timestamp() == 4e9
    assert not LogEntry.objects.exists()


def test_a_job_that_has_moved_on_is_left_alone(store, boss):
    job_id = put(store, "ready")

    assert "moved on meanwhile" in messages(act(boss, f"job/{job_id}/retry/"))
    assert "moved on meanwhile" in LogEntry.objects.get().change_message


def test_ticked_jobs_are_changed_and_others_not(store, boss):
    ids = [put(store, "dead") for _ in range(4)]

    response = act(boss, "dead/act/", verb="retry", scope="ticked", job=[*ids[:2], "gone"])

    assert [place(job_id) for job_id in ids] == ["ready", "ready", "dead", "dead"]
    assert (
        messages(response) == "2 jobs are ready to run. 1 of the ticked jobs were no longer there."
    )


def test_nothing_ticked_changes_nothing(store, boss):
    job_id = put(store, "dead")

    assert "No job is ticked" in messages(act(boss, "dead/act/", verb="delete", scope="ticked"))
    assert place(job_id) == "dead"


@pytest.mark.parametrize(
    ("verb", "scope"), [("delete", "ticked"), ("delete", "all"), ("retry", "all")]
)
def test_what_destroys_or_is_for_all_asks_first(store, boss, verb, scope):
    ids = [put(store, "dead") for _ in range(3)]
    data = {"verb": verb, "scope": scope, "job": ids}

    asked = act(boss, "dead/act/", **data)

    assert {place(job_id) for job_id in ids} == {"dead"}
    assert "3 jobs" in text(asked)
    assert f'name="verb" value="{verb}"' in text(asked)
    act(boss, "dead/act/", **data, confirmed="yes")
    assert {place(job_id) for job_id in ids} == {"ready" if verb == "retry" else None}


def test_rescheduling_asks_for_the_time(store, boss):
    ids = [put(store, "retry", at=4e9) for _ in range(2)]

    assert 'type="datetime-local"' in text(act(boss, "retry/act/", verb="reschedule", job=ids))
    assert 'role="alert"' in text(
        act(boss, "retry/act/", verb="reschedule", job=ids, at="x", confirmed="yes")
    )
    act(boss, "retry/act/", verb="reschedule", job=ids, at="2031-07-01T12:00", confirmed="yes")

    assert {inspect.find(job_id).at.year for job_id in ids} == {2031}


def test_all_that_match_the_filter_in_the_address_are_changed_and_the_way_back_keeps_it(
    store, boss
):
    odd = [put(store, "dead", job_class="a.Odd") for _ in range(3)]
    even = put(store, "dead", job_class="a.Even")

    response = act(boss, "dead/act/?job_class=a.Odd", verb="retry", scope="all", confirmed="yes")

    assert {place(job_id) for job_id in odd} == {"ready"}
    assert place(even) == "dead"
    assert messages(response) == "3 jobs are ready to run."
    assert response.redirect_chain[-1][0] == "/admin/jobs/dead/?job_class=a.Odd"
    assert LogEntry.objects.get().object_repr == "Dead"


def test_all_ready_jobs_of_one_queue_are_killed_and_no_other(store, boss):
    push(store, "low", count=3)
    push(store, "high")

    act(boss, "queues/low/act/", verb="kill", scope="all", confirmed="yes")

    assert {
        queue.name: (queue.ready, queue.dead)
        for queue in inspect.queues()
        if queue.name in {"low", "high"}
    } == {
        "low": (0, 3),
        "high": (1, 0),
    }


def test_a_sweep_that_ran_out_of_time_says_so(store, boss, monkeypatch):
    put(store, "dead")
    monkeypatch.setattr(
        control, "retry_all", lambda name, jobs, reader: Sweep(5, 7000, is_finished=False)
    )

    told = messages(act(boss, "dead/act/", verb="retry", scope="all", confirmed="yes"))

    assert "7,000 jobs were looked through. Do it again to go on." in told


@pytest.mark.parametrize(
    ("name", "verb"), [("dead", "kill"), ("done", "retry"), ("dead", "reschedule"), ("dead", "")]
)
def test_a_verb_that_is_not_for_a_set_is_refused(store, boss, name, verb):
    put(store, name)

    assert boss.post(f"/admin/jobs/{name}/act/", {"verb": verb, "scope": "all"}).status_code == 404


def test_a_group_of_failures_is_changed_in_both_sets(store, boss):
    alike = [failure("E", "Order 1 is gone")]
    ids = [put(store, name, at=4e9, errors=alike) for name in ("retry", "dead")]
    other = put(store, "dead", errors=[failure("E", "no such thing")])
    data = {
        "verb": "retry",
        "job_class": "tests.AnyJob",
        "error_class": "E",
        "shape": "Order … is gone",
    }

    asked = act(boss, "failures/act/", **data)
    told = messages(act(boss, "failures/act/", **data, confirmed="yes"))

    assert asked.context["page"].count == 2
    assert {job.id for job in asked.context["page"].first} == set(ids)
    assert told == "2 jobs are ready to run."
    assert [place(job_id) for job_id in (*ids, other)] == ["ready", "ready", "dead"]


@pytest.mark.parametrize("data", [{"verb": "reschedule", "job_class": "x"}, {"verb": "retry"}, {}])
def test_a_group_must_be_named_and_the_verb_be_for_groups(boss, data):
    assert boss.post("/admin/jobs/failures/act/", data).status_code == 404


def test_a_queue_is_paused_resumed_and_cleared(store, boss):
    push(store, "low", count=2)

    assert messages(act(boss, "queues/low/pause/")) == "Queue low is paused."
    assert next(queue for queue in inspect.queues() if queue.name == "low").is_paused
    assert messages(act(boss, "queues/low/resume/")) == "Queue low goes on."
    assert "2 jobs" in text(act(boss, "queues/low/clear/"))
    assert messages(act(boss, "queues/low/clear/", confirmed="yes")) == "2 jobs were deleted."
    assert LogEntry.objects.count() == 3


def test_a_clearing_that_ran_out_of_time_says_so(store, boss, monkeypatch):
    push(store, "low")
    monkeypatch.setattr(control, "clear", lambda queue: Sweep(5, 5, is_finished=False))

    assert "Do it again to go on" in messages(act(boss, "queues/low/clear/", confirmed="yes"))


@pytest.mark.parametrize("verb", ["quiet", "unquiet", "stop"])
def test_a_worker_gets_its_order(store, boss, verb):
    beat(store)

    assert f"Worker {WORKER} will" in messages(act(boss, f"workers/{WORKER}/{verb}/"))
    assert Requests(store).take(WORKER) == [verb]
    assert "no sign of life" in messages(act(boss, f"workers/gone/{verb}/"))


def test_a_running_job_is_cancelled_and_another_cannot_be(store, boss):
    (job_id,) = push(store)
    waiting = put(store, "dead")
    fetch(store)

    assert "was asked to cancel" in messages(act(boss, f"job/{job_id}/cancel/"))
    assert Requests(store).take(WORKER) == [f"cancel {job_id}"]
    assert "nothing to cancel" in messages(act(boss, f"job/{waiting}/cancel/"))
