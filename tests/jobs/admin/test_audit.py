"""What the admin log keeps of a change, and that nothing changes without it."""

from hashlib import sha256

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.urls import resolve

from jobs import control, inspect
from jobs.admin.urls import PATHS
from jobs.control.touched import MOST_LISTED
from jobs.errors import StoreUnavailable
from tests.jobs.admin.conftest import messages, text
from tests.jobs.inspect.filling import beat, push, put

#: An action of each kind: its address, and what to post.
ACTIONS = [
    ("job/{dead}/delete/", {}),
    ("job/{dead}/retry/", {}),
    ("job/{scheduled}/reschedule/", {"at": "2031-07-01T12:00"}),
    ("job/{running}/cancel/", {}),
    ("dead/act/", {"verb": "retry", "scope": "ticked", "job": "{dead}"}),
    ("dead/act/", {"verb": "delete", "scope": "all", "confirmed": "yes"}),
    ("failures/act/", {"verb": "delete", "job_class": "tests.AnyJob", "confirmed": "yes"}),
    ("queues/default/act/", {"verb": "kill", "scope": "all", "confirmed": "yes"}),
    ("queues/default/pause/", {}),
    ("queues/default/clear/", {"confirmed": "yes"}),
    ("workers/host:1:abcd/stop/", {}),
    ("job/{dead}/run-again/", {"args": "[]", "kwargs": "{{}}"}),
]


def act(client, route, **data):
    return client.post(f"/admin/jobs/{route}", data, follow=True)


def lines():
    """Return the lines of the only entry."""
    return LogEntry.objects.get().change_message.splitlines()


def filled(route, data, full):
    return route.format(**full), {key: value.format(**full) for key, value in data.items()}


def dump(store):
    return {key: store.client.dump(key) for key in store.client.scan_iter()}


def refuse(*args, **kwargs):
    raise OperationalError("the database is away")


@pytest.mark.parametrize(("route", "data"), ACTIONS)
def test_nothing_is_changed_when_the_log_cannot_be_written(
    store, boss, full, monkeypatch, route, data
):
    route, data = filled(route, data, full)
    before = dump(store)
    monkeypatch.setattr(LogEntry, "save", refuse)

    response = act(boss, route, **data)

    assert response.status_code == 503
    assert "Nothing was changed" in text(response)
    assert "the database is away" in text(response)
    assert dump(store) == before


@pytest.mark.parametrize(("route", "data"), ACTIONS)
def test_the_intent_is_in_the_log_before_the_deed(boss, full, monkeypatch, route, data):
    route, data = filled(route, data, full)
    save, kept = LogEntry.save, []

    def look(entry, *args, **kwargs):
        save(entry, *args, **kwargs)
        kept.append((LogEntry.objects.get().change_message, dict(place_of(full))))

    before = dict(place_of(full))
    monkeypatch.setattr(LogEntry, "save", look)
    act(boss, route, **data)

    [(intent, places), (result, _)] = kept
    assert "the result is not known yet" in intent
    assert places == before
    assert "not known" not in result


def place_of(jobs):
    """Yield where each job is."""
    for job_id in jobs.values():
        found = inspect.find(job_id)
        yield job_id, found and found.place


def test_a_deed_whose_result_cannot_be_written_is_done_and_says_so(store, boss, monkeypatch):
    job_id = put(store, "dead")
    save = LogEntry.save

    def once(entry, *args, **kwargs):
        return refuse() if kwargs.get("update_fields") else save(entry, *args, **kwargs)

    monkeypatch.setattr(LogEntry, "save", once)

    told = messages(act(boss, f"job/{job_id}/retry/"))

    assert "the admin log lacks its result: OperationalError(" in told
    assert "1 job is ready to run." in told
    assert "the result is not known yet" in lines()[-1]


def test_a_deed_that_breaks_off_leaves_why(store, boss, monkeypatch):
    put(store, "dead")

    def break_off(name, jobs, *, reader):
        raise StoreUnavailable("redis://host", "no answer")

    monkeypatch.setattr(control, "retry_all", break_off)

    assert act(boss, "dead/act/", verb="retry", scope="all", confirmed="yes").status_code == 503
    assert "may be done in part: StoreUnavailable" in lines()[-1]


def test_ticked_jobs_are_named_with_the_queue_of_each_and_its_time_before(store, boss, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    low = put(store, "retry", "low", at=1_900_000_000)
    high = put(store, "retry", "high", at=1_900_000_060)

    act(
        boss,
        "retry/act/",
        verb="reschedule",
        scope="ticked",
        job=[low, high],
        at="2031-07-01T12:00",
    )

    assert LogEntry.objects.get().object_repr == "Retries: high, low"
    assert lines() == [
        "Reschedule",
        "Sets: retry",
        "New time: 2031-07-01T12:00:00+02:00",
        "Jobs of queue high: 1",
        "Jobs of queue low: 1",
        f"- {low} in queue low, time before: 2030-03-17T18:46:40+01:00",
        f"- {high} in queue high, time before: 2030-03-17T18:47:40+01:00",
        "2 jobs were rescheduled.",
    ]


def test_a_job_ticked_on_the_page_of_another_queue_is_logged_under_its_own(store, boss):
    job_id = put(store, "ready", "default")

    act(boss, "queues/high/act/", verb="kill", scope="ticked", job=job_id, confirmed="yes")

    entry = LogEntry.objects.get()
    assert entry.object_repr == "Ready: default"
    assert "Jobs of queue default: 1" in entry.change_message
    assert "high" not in entry.change_message


def test_one_job_is_logged_with_its_set_its_queue_and_both_times(store, boss, settings):
    settings.TIME_ZONE = "UTC"
    job_id = put(store, "scheduled", "low", at=1_900_000_000)

    act(boss, f"job/{job_id}/reschedule/", at="2031-07-01T12:00")

    assert lines() == [
        "Reschedule",
        "Sets: scheduled",
        "Jobs of queue low: 1",
        f"- {job_id} in queue low, time before: 2030-03-17T17:46:40+00:00",
        "New time: 2031-07-01T12:00:00+00:00",
        "1 job was rescheduled.",
    ]


def test_all_that_match_are_logged_with_the_filter_and_the_jobs_of_each_queue(store, boss):
    jobs = [put(store, "dead", queue, job_class="a.Odd") for queue in ("low", "high", "low")]
    put(store, "dead", "low")

    query = "job_class=a.Odd&since=2001-01-01"
    act(boss, f"dead/act/?{query}", verb="retry", scope="all", confirmed="yes")

    what, sets, wanted, result, *told = lines()
    assert (what, sets, result) == ("Retry now", "Sets: dead", "3 jobs are ready to run.")
    assert wanted.startswith("Filter: job_class='a.Odd', since=2001-01-01T00:00:00")
    assert told[:2] == ["Jobs of queue high: 1", "Jobs of queue low: 2"]
    assert {line.split()[1] for line in told[2:]} == set(jobs)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("time", ["since=0001-01-01T00:00", "until=9999-12-31T23:59"])
def test_a_filter_at_the_end_of_time_breaks_neither_page_nor_log(store, boss, settings, zone, time):
    settings.TIME_ZONE = zone
    job_id = put(store, "dead")

    assert job_id in text(boss.get(f"/admin/jobs/dead/?{time}"))
    act(boss, f"dead/act/?{time}", verb="delete", scope="all", confirmed="yes")

    assert inspect.find(job_id) is None
    assert time[:6] in lines()[2]


def test_an_empty_filter_is_logged_as_everything(store, boss):
    put(store, "dead")

    act(boss, "dead/act/", verb="delete", scope="all", confirmed="yes")

    assert "Filter: none, so every job matches" in lines()


def test_of_many_jobs_the_log_keeps_the_number_the_digest_and_the_first(store, boss):
    jobs = [put(store, "dead") for _ in range(MOST_LISTED + 20)]

    act(boss, "dead/act/", verb="delete", scope="all", confirmed="yes")

    digest = sum(int.from_bytes(sha256(job_id.encode()).digest()) for job_id in jobs) % 2**256
    assert f"Jobs of queue default: {MOST_LISTED + 20}" in lines()
    assert f"Sum of the SHA-256 of all ids: {digest:064x}" in lines()
    listed = {line.split()[1] for line in lines() if line.startswith("- ")}
    assert len(listed) == MOST_LISTED
    assert listed < set(jobs)


def test_a_worker_and_a_queue_are_logged_with_what_was_done(store, boss):
    beat(store)
    push(store)

    act(boss, "workers/host:1:abcd/quiet/")
    act(boss, "workers/host:1:abcd/unquiet/")
    act(boss, "queues/default/pause/")

    names = LogEntry.objects.order_by("id").values_list("object_repr", "change_message")
    assert [(name, told.splitlines()) for name, told in names] == [
        ("host:1:abcd", ["Quiet", "Worker host:1:abcd will take no more jobs."]),
        ("host:1:abcd", ["Take jobs again", "Worker host:1:abcd will take jobs again."]),
        ("default", ["Pause", "Queue default is paused."]),
    ]


def test_no_value_forges_a_line_of_the_log(store, boss):
    put(store, "dead")

    act(boss, "dead/act/?text=a%0AFilter:+none", verb="retry", scope="all", confirmed="yes")

    assert [line for line in lines() if line.startswith("Filter")] == [
        "Filter: text='a\\nFilter: none'"
    ]


def test_who_did_it_is_logged(store, boss):
    act(boss, f"job/{put(store, 'dead')}/retry/")

    assert LogEntry.objects.get().user == User.objects.get(is_superuser=True)


def test_the_log_is_kept_when_requests_are_transactions():
    actions = {name for _, view, name in PATHS if getattr(view, "is_action", False)}

    assert actions == {name for _, _, name in PATHS if name.endswith("_action")}
    for route in ("dead/act/", "queues/low/pause/", "job/7/retry/"):
        assert connection.alias in resolve(f"/admin/jobs/{route}").func._non_atomic_requests
