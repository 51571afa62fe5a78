"""Who may see which queues, and who may see arguments, at every address."""

import json
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from jobs import Job, control, inspect
from jobs.admin.urls import PATHS
from jobs.registry import registry
from jobs.store.metrics import Measure, MetricStore
from jobs.store.requests import Requests
from tests.jobs.admin.conftest import messages, text
from tests.jobs.admin.test_access import ALL
from tests.jobs.inspect.filling import WORKER, beat, failure, fetch, push, put

SECRET_WORDS = ("needle", "haystack", "boom-words", "traced", "tenant-words", "kept-result")
EVERY_PAGE = [
    "",
    "?in=3d",
    "queues/",
    "queues/other/",
    "workers/",
    "scheduled/",
    "retry/",
    "dead/",
    "done/",
    "failures/",
    "unique/",
    "metrics/",
    f"metrics/{__name__}.OtherJob/",
    f"metrics/{__name__}.MineJob/",
    "metrics.txt",
    "stats.json",
    "job/{ready}/",
    "job/{scheduled}/",
    "job/{retry}/",
    "job/{dead}/",
    "job/{done}/",
    "job/{running}/",
    "find/?id={dead}",
]


class MineJob(Job):
    queue = "mine"

    def perform(self) -> None:
        pass


class OtherJob(Job):
    queue = "other"

    def perform(self, word: str = "", **named: object) -> None:
        pass


def only_mine(user, queue):
    """Let everybody see the queue `mine` alone."""
    return queue == "mine"


def broken(user, queue):
    """Fail, as code of a project may."""
    raise ValueError("no database")


def granting(settings, name, **others):
    settings.JOBS = {**settings.JOBS, "QUEUE_ACCESS": f"{__name__}.{name}", **others}


@pytest.fixture
def other(store, settings):
    """Fill the queue `other` with words everywhere.

    Returns the ids of its jobs by place.
    """
    settings.JOBS = {**settings.JOBS, "QUEUES": ["mine", "other"]}
    name = registry.name_of(OtherJob)
    error = failure("some.Error", "boom-words needle", at=1_764_000_000)
    fields = {
        "job_class": name,
        "args": ["needle"],
        "kwargs": {"note": "haystack"},
        "context": {"tenant": "tenant-words"},
        "errors": [error | {"traceback": "traced"}],
        "failures": 1,
    }
    jobs = {
        place: put(
            store, place, "other", at=4e9 if place in {"scheduled", "retry"} else None, **fields
        )
        for place in ("ready", "scheduled", "retry", "dead")
    }
    jobs["done"] = put(
        store, "done", "other", at=4e9, finished_at=1.7e9, result="kept-result", **fields
    )
    push(store, "other", priority=50)
    [jobs["running"]] = fetch(store, "other")
    beat(store, queues="other", busy=1, running=f"{jobs['running']} other 1764000000.000")
    measure = Measure()
    measure.add(0.1, is_failure=True)
    now = inspect.get_reader().now()
    MetricStore(store).add([(f"job:{name}", now, measure), ("queue:other", now, measure)])
    MetricStore(store).add([("job:gone.Class", now, measure)])
    return jobs


def dump(store):
    return {key: store.client.dump(key) for key in store.client.scan_iter()}


def at(route, jobs):
    return f"/admin/jobs/{route.format(**jobs)}"


# Queues


def test_every_page_is_in_this_table():
    pages = {route for route, view, name in PATHS if not name.endswith("_action")}
    tried = {re.sub(r"\?.*", "", route) for route in EVERY_PAGE}

    def shape(route):
        return re.sub(r"[^/.]+(?=/)|\{\w+\}", "*", route)

    sets = {"scheduled/", "retry/", "dead/", "done/"}
    assert {shape(route) for route in pages} - {"*/"} <= {shape(route) for route in tried}
    assert sets <= tried


@pytest.mark.parametrize("who", ["viewer", "superuser"])
@pytest.mark.parametrize("route", EVERY_PAGE)
def test_a_queue_out_of_sight_is_nowhere(log_in, settings, other, route, who):
    granting(settings, "only_mine")
    is_superuser = who == "superuser"
    client = (
        log_in(is_superuser=True) if is_superuser else log_in("view_jobs", "view_job_arguments")
    )

    response = client.get(at(route, other), follow=True)

    page = text(response)
    is_of_other = any(part in route for part in ("job/", "find/", "queues/other", "OtherJob"))
    assert response.status_code == (404 if is_of_other else 200)
    if not is_of_other:
        for hidden in (*SECRET_WORDS, "some.Error", "gone.Class", "OtherJob", *other.values()):
            assert hidden not in page
        assert not re.search(r"\bother\b", page)


def test_counts_are_those_of_queues_in_sight(store, boss, settings, other):
    granting(settings, "only_mine")
    put(store, "dead", "mine")

    stats = json.loads(text(boss.get("/admin/jobs/stats.json")))
    tiles = boss.get("/admin/jobs/").context["page"].sets
    dead = boss.get("/admin/jobs/dead/").context["page"]

    assert list(stats["queues"]) == ["mine"]
    assert (stats["dead"], stats["ready"], stats["workers"]) == (1, 0, [])
    assert {str(tile.title): tile.value for tile in tiles}["Dead"] == "1"
    assert dead.found.total == 1
    assert dead.queue_names == ["mine"]
    assert registry.name_of(OtherJob) not in dead.class_names
    assert boss.get("/admin/jobs/dead/?queue=other").context["page"].found.total == 0
    assert boss.get("/admin/jobs/dead/?page=after:other:1").context["page"].found.total == 1


@pytest.mark.parametrize(
    ("route", "data"),
    [
        ("queues/other/pause/", {}),
        ("queues/other/resume/", {}),
        ("queues/other/clear/", {"confirmed": "yes"}),
        ("queues/other/act/", {"verb": "kill", "scope": "all", "confirmed": "yes"}),
        ("job/{dead}/retry/", {}),
        ("job/{retry}/reschedule/", {"at": "2030-01-01T10:00"}),
        ("job/{ready}/kill/", {}),
        ("job/{dead}/delete/", {}),
        ("job/{running}/cancel/", {}),
        ("job/{dead}/run-again/", {"args": "[]", "kwargs": "{}"}),
    ],
)
def test_nothing_is_done_to_a_queue_out_of_sight(store, boss, settings, other, route, data):
    granting(settings, "only_mine")
    before = dump(store)

    assert boss.post(at(route, other), data).status_code == 404
    assert dump(store) == before


@pytest.mark.parametrize(
    ("route", "verb"),
    [
        ("dead/act/", "retry"),
        ("dead/act/?queue=other", "delete"),
        ("retry/act/", "reschedule"),
        ("scheduled/act/", "kill"),
        ("done/act/", "delete"),
        ("failures/act/", "retry"),
    ],
)
def test_a_sweep_leaves_queues_out_of_sight_alone(store, boss, settings, other, route, verb):
    granting(settings, "only_mine")
    before = dump(store)
    data = {"verb": verb, "job": list(other.values()), "at": "2030-01-01T10:00"}
    data["job_class"] = registry.name_of(OtherJob)

    for scope in ("all", "ticked"):
        asked = boss.post(at(route, other), data | {"scope": scope})
        boss.post(at(route, other), data | {"scope": scope, "confirmed": "yes"})
        assert asked.context is None or asked.context["page"].count in {0, len(other)}

    assert dump(store) == before
    told = "".join(LogEntry.objects.values_list("change_message", flat=True))
    assert not any(named in told for named in ("Jobs of queue", *other.values()))


def test_all_that_match_means_those_in_sight(store, boss, settings, other):
    granting(settings, "only_mine")
    mine = put(store, "dead", "mine")

    boss.post("/admin/jobs/dead/act/", {"verb": "retry", "scope": "all", "confirmed": "yes"})

    assert inspect.find(mine).place == "ready"
    assert inspect.find(other["dead"]).place == "dead"


def test_a_worker_of_several_queues_is_shown_but_not_stopped(store, boss, settings, other):
    granting(settings, "only_mine")
    running = f"{other['running']} other 1764000000.000"
    beat(store, queues="mine,other", busy=1, running=running)

    page = text(boss.get("/admin/jobs/workers/"))
    refused = boss.post(f"/admin/jobs/workers/{WORKER}/stop/")

    assert WORKER in page
    assert f"{WORKER}/stop/" not in page
    assert other["running"] not in page
    assert not re.search(r">other<", page)
    assert refused.status_code == 403
    assert Requests(store).take(WORKER) == []


def test_a_worker_of_ones_own_queue_is_stopped_and_one_out_of_sight_is_not_there(
    store, boss, settings, other
):
    granting(settings, "only_mine")
    assert boss.post(f"/admin/jobs/workers/{WORKER}/stop/").status_code == 403
    beat(store, queues="mine")

    told = messages(boss.post(f"/admin/jobs/workers/{WORKER}/stop/", follow=True))

    assert "will stop" in told
    assert Requests(store).take(WORKER) == ["stop"]
    gone = boss.post("/admin/jobs/workers/gone/stop/", follow=True)
    assert "no sign of life" in messages(gone)


def test_a_program_with_the_token_sees_every_queue(settings, other, db):
    granting(settings, "only_mine", METRICS_TOKEN="s3cret-token-of-programs")
    client = Client(headers={"authorization": "Bearer s3cret-token-of-programs"})

    assert 'queue="other"' in text(client.get("/admin/jobs/metrics.txt"))


def test_classes_nobody_knows_are_measured_for_those_who_see_all_queues(boss, settings, other):
    assert "gone.Class" in text(boss.get("/admin/jobs/metrics/"))
    granting(settings, "everything")
    assert "gone.Class" in text(boss.get("/admin/jobs/metrics/"))


def everything(user, queue):
    """Let everybody see everything."""
    return True


def test_the_function_is_asked_for_the_user_who_looks(log_in, settings, other):
    granting(settings, "by_name")

    assert log_in("view_jobs").get("/admin/jobs/queues/other/").status_code == 200
    assert log_in("view_jobs").get("/admin/jobs/queues/other/").status_code == 404


def by_name(user, queue):
    """Let only the first user of a test see anything."""
    return user.username == "user0"


def test_a_function_that_raises_lets_nobody_in_and_says_so(boss, settings, other, caplog):
    granting(settings, "broken")

    assert boss.get("/admin/jobs/queues/other/").status_code == 404
    assert boss.get("/admin/jobs/").context["page"].sets[0].value == "0"
    assert "no database" in caplog.text


# Arguments


@pytest.mark.parametrize("route", EVERY_PAGE)
def test_without_their_permission_no_page_shows_arguments_results_or_messages(log_in, other, route):
    response = log_in("view_jobs").get(at(route, other), follow=True)

    assert response.status_code == 200
    for hidden in SECRET_WORDS:
        assert hidden not in text(response)


@pytest.mark.parametrize("route", ["dead/", "retry/", "job/{dead}/", "failures/", "job/{done}/"])
def test_with_it_they_are_shown(log_in, other, route):
    page = text(log_in("view_jobs", "view_job_arguments").get(at(route, other)))

    assert any(word in page for word in SECRET_WORDS)


@pytest.mark.parametrize("field", ["text", "error", "shape"])
@pytest.mark.parametrize("word", ["needle", "nothing like it"])
def test_without_it_nobody_searches_by_words(store, log_in, other, field, word):
    everything_else = [name for name in ALL.split() if name != "view_job_arguments"]
    client, before = log_in(*everything_else), dump(store)
    data = {"verb": "delete", "scope": "all", "confirmed": "yes"}

    assert client.get("/admin/jobs/dead/", {field: word}).status_code == 403
    assert client.get("/admin/jobs/queues/other/", {field: word}).status_code == 403
    assert client.post(f"/admin/jobs/dead/act/?{field}={word}", data).status_code == 403
    group = {"job_class": registry.name_of(OtherJob), "error_class": "some.Error", "shape": word}
    if field == "shape":
        assert client.post("/admin/jobs/failures/act/", data | group).status_code == 403
    assert dump(store) == before
    assert f'name="{field}"' not in text(client.get("/admin/jobs/dead/"))


def test_without_it_failures_are_grouped_by_their_class_and_changed_by_it(store, log_in, other):
    more = failure("some.Error", "quite another message", at=1_764_000_001)
    put(store, "dead", "other", job_class=registry.name_of(OtherJob), errors=[more])
    client = log_in("view_jobs", "retry_job")

    response = client.get("/admin/jobs/failures/")
    [row] = response.context["page"].rows
    jobs = client.get(row.dead_url)

    assert (row.group.count, row.group.shape) == (3, "")
    assert "another" not in text(response)
    assert len(jobs.context["page"].rows) == 2
    assert "One group of failures: some.Error" in text(jobs)
    data = {"verb": "retry", "job_class": row.group.job_class, "error_class": "some.Error"}
    told = client.post("/admin/jobs/failures/act/", data | {"confirmed": "yes"}, follow=True)
    assert messages(told) == "3 jobs are ready to run."


def test_a_job_says_that_its_arguments_are_hidden_and_can_still_be_repaired(log_in, other):
    client = log_in("view_jobs", "retry_job")

    page = text(client.get(f"/admin/jobs/job/{other['dead']}/"))
    client.post(f"/admin/jobs/job/{other['dead']}/retry/")

    assert "your account lacks the permission to see them" in page
    assert "some.Error" in page
    assert "&quot;args&quot;" not in page
    found = inspect.find(other["dead"])
    assert (found.place, found.args) == ("ready", ["needle"])


def test_options_and_context_are_shown_without_secrets(store, boss):
    secret = {"api_key": "s3cret", "note": "seen"}
    job_id = put(store, "dead", options=secret, context=secret)

    page = text(boss.get(f"/admin/jobs/job/{job_id}/"))

    assert page.count("seen") == 2
    assert "s3cret" not in page


def test_a_job_of_an_unknown_class_shows_no_argument_by_position_and_says_why(store, boss):
    job_id = put(store, "dead", job_class="gone.Job", args=["needle"], kwargs={"note": "seen"})

    page = text(boss.get(f"/admin/jobs/job/{job_id}/"))

    assert "needle" not in page
    assert "seen" in page
    assert "no job class of this name is known here" in page
    assert "needle" not in text(boss.get("/admin/jobs/dead/"))
    assert boss.get("/admin/jobs/dead/?text=needle").context["page"].rows == ()


def test_commands_and_control_see_everything(settings, other):
    granting(settings, "only_mine")

    assert inspect.find(other["dead"]).args == ["needle"]
    assert control.retry_all("dead", inspect.Filter()).changed == 1
