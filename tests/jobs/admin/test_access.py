"""Who may see and do what, at every address that there is."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from jobs.admin.access import is_guarded
from jobs.admin.urls import PATHS

#: Address, the permission it needs besides view_jobs, and what to post.
ACTIONS = [
    ("queues/default/pause/", "pause_queue", {}),
    ("queues/default/resume/", "pause_queue", {}),
    ("queues/default/clear/", "clear_queue", {"confirmed": "yes"}),
    ("queues/default/act/", "kill_job", {"verb": "kill", "scope": "all", "confirmed": "yes"}),
    ("workers/host:1:abcd/quiet/", "control_worker", {}),
    ("workers/host:1:abcd/unquiet/", "control_worker", {}),
    ("workers/host:1:abcd/stop/", "control_worker", {}),
    ("schedules/tests.FullJob/pause/", "control_schedule", {}),
    ("schedules/tests.FullJob/resume/", "control_schedule", {}),
    ("schedules/tests.FullJob/override/", "override_schedule", {"every_seconds": "60"}),
    ("schedules/tests.FullJob/restore/", "override_schedule", {}),
    ("job/{dead}/retry/", "retry_job", {}),
    ("job/{retry}/reschedule/", "reschedule_job", {"at": "2030-01-01T10:00"}),
    ("job/{ready}/kill/", "kill_job", {}),
    ("job/{dead}/delete/", "delete_job", {}),
    ("job/{running}/cancel/", "cancel_job", {}),
    ("dead/act/", "retry_job", {"verb": "retry", "scope": "all", "confirmed": "yes"}),
    (
        "retry/act/",
        "reschedule_job",
        {"verb": "reschedule", "scope": "all", "confirmed": "yes", "at": "2030-01-01"},
    ),
    ("scheduled/act/", "kill_job", {"verb": "kill", "scope": "all", "confirmed": "yes"}),
    ("done/act/", "delete_job", {"verb": "delete", "scope": "all", "confirmed": "yes"}),
    (
        "failures/act/",
        "retry_job",
        {"verb": "retry", "job_class": "tests.AnyJob", "confirmed": "yes"},
    ),
]
PAGES = [
    "",
    "?in=3d",
    "?in=180d",
    "queues/",
    "queues/default/",
    "running/",
    "workers/",
    "schedules/",
    "schedules/tests.FullJob/",
    "scheduled/",
    "retry/",
    "dead/",
    "done/",
    "job/{ready}/",
    "job/{scheduled}/",
    "job/{retry}/",
    "job/{dead}/",
    "job/{done}/",
    "job/{running}/",
    "failures/",
    "unique/",
    "metrics/",
    "metrics.txt",
    "stats.json",
]
FOR_PROGRAMS = {"metrics.txt", "stats.json"}
CONTROLS = ("control_worker", "control_schedule", "override_schedule")
ALL = (
    "view_jobs view_job_arguments retry_job kill_job delete_job reschedule_job run_job_again "
    "cancel_job pause_queue clear_queue"
)


def dump(store):
    """Return everything in Redis."""
    return {key: store.client.dump(key) for key in store.client.scan_iter()}


def at(route, full):
    return f"/admin/jobs/{route.format(**full)}"


def test_every_view_states_its_permission():
    assert all(is_guarded(view) for _, view, _ in PATHS)


def test_every_action_is_in_this_table():
    actions = {route for route, _, name in PATHS if name.endswith("_action")}
    tried = {re.sub(r"[^/]+", "*", route) for route, _, _ in ACTIONS}

    assert {re.sub(r"[^/]+", "*", route) for route in actions} == tried


@pytest.mark.django_db
@pytest.mark.parametrize("route", [*PAGES, *(route for route, _, _ in ACTIONS)])
def test_nobody_sees_anything_without_logging_in(full, route):
    for call in (Client().get, Client().post):
        response = call(at(route, full))

        if route in FOR_PROGRAMS:
            assert response.status_code == 401
            assert full["dead"] not in response.content.decode()
            continue
        assert response.status_code == 302
        assert response.url.startswith("/admin/login/")


@pytest.mark.parametrize("route", [*PAGES, *(route for route, _, _ in ACTIONS)])
def test_staff_without_permission_sees_nothing_and_changes_nothing(store, log_in, full, route):
    client, before = log_in(), dump(store)

    for call in (client.get, client.post):
        response = call(at(route, full))
        assert response.status_code == 403
        assert full["dead"] not in response.content.decode()

    assert dump(store) == before
    assert "/admin/jobs/" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("route", PAGES)
def test_who_may_see_sees_every_page_and_looking_changes_nothing(store, log_in, full, route):
    client, before = log_in("view_jobs"), dump(store)

    response = client.get(at(route, full))

    assert response.status_code == 200
    assert dump(store) == before
    if response["Content-Type"].startswith("text/html"):
        page = response.content.decode()
        assert "Content-Security-Policy" in response.headers
        assert re.findall(r'<form[^>]*method="post"[^>]*action="/admin/jobs[^"]*', page) == []


@pytest.mark.parametrize("route", PAGES)
def test_pages_are_not_for_posting(boss, full, route):
    assert boss.post(at(route, full)).status_code == 405


@pytest.mark.parametrize(("route", "permission", "data"), ACTIONS)
def test_an_action_needs_its_own_permission(store, log_in, full, route, permission, data):
    before = dump(store)
    others = [name for name in (*ALL.split(), *CONTROLS) if name != permission]

    response = log_in(*others).post(at(route, full), data)

    assert response.status_code == 403
    assert dump(store) == before


@pytest.mark.parametrize(("route", "permission", "data"), ACTIONS)
def test_an_action_is_done_with_its_permission_and_only_by_posting(
    store, log_in, full, route, permission, data
):
    client, before = log_in("view_jobs", permission), dump(store)

    for call in (client.get, client.head):
        response = call(at(route, full))
        assert response.status_code == 302
        assert client.get(response.url).status_code == 200
    assert client.put(at(route, full)).status_code == 405
    assert dump(store) == before
    assert client.post(at(route, full), data).status_code == 302
    changes_nothing = ("/resume/", "/override/", "/restore/")  # the code has no such schedule
    assert dump(store) != before or route.endswith(changes_nothing)


@pytest.mark.parametrize(("route", "permission", "data"), ACTIONS)
def test_the_permission_alone_without_seeing_is_not_enough(log_in, full, route, permission, data):
    assert log_in(permission).post(at(route, full), data).status_code == 403


@pytest.mark.parametrize(("route", "permission", "data"), ACTIONS)
def test_a_post_from_elsewhere_is_refused(store, log_in, full, route, permission, data):
    before, logged_in = dump(store), log_in("view_jobs", permission)
    client = Client(enforce_csrf_checks=True)
    client.cookies = logged_in.cookies

    assert client.post(at(route, full), data).status_code == 403
    assert dump(store) == before


@pytest.mark.parametrize("others", ["view_job_arguments retry_job", "run_job_again"])
def test_running_again_needs_its_permission_and_sight_of_arguments(log_in, full, others):
    client = log_in("view_jobs", *others.split())
    data = {"args": "[]", "kwargs": "{}"}

    assert client.post(at("job/{dead}/run-again/", full), data).status_code == 403
    assert "Enqueue a copy" not in client.get(at("job/{dead}/", full)).content.decode()


@pytest.mark.parametrize("name", ["jobs_overview", "jobs_controlroom_changelist"])
def test_the_index_leads_to_the_overview(log_in, name):
    page = log_in("view_jobs").get("/admin/").content.decode()

    assert reverse(f"admin:{name}") == "/admin/jobs/"
    assert 'href="/admin/jobs/"' in page


def test_a_superuser_finds_every_permission_for_others(boss):
    of_jobs = Permission.objects.filter(content_type__app_label="jobs")
    names = set(of_jobs.values_list("codename", flat=True))

    rows = {f"{verb}_scheduleentry" for verb in ("add", "change", "delete", "view")}
    assert names == {*ALL.split(), *CONTROLS, *rows}
