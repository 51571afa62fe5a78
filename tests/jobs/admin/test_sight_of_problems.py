"""Problems and the trail on pages, for those who see only some queues."""

import json
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from jobs.store.reader import Reader
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import beat, push, put

TOKEN = "a-token-that-nobody-guesses"
LATE = ["queue_late:mine", "queue_late:other"]


def only_mine(user, queue):
    """Let everybody see the queue `mine` alone."""
    return queue == "mine"


@pytest.fixture(autouse=True)
def mine(settings):
    """Let people see one of two queues."""
    access = f"{__name__}.only_mine"
    ours = {"QUEUES": ["mine", "other"], "QUEUE_ACCESS": access, "METRICS_TOKEN": TOKEN}
    settings.JOBS = {**settings.JOBS, **ours}


@pytest.fixture
def late(store, monkeypatch):
    """Have both queues be late."""
    # A server that has just been started has not heard of its workers yet.
    facts = {**Reader(store).info(), "uptime_in_seconds": 3600}
    monkeypatch.setattr(Reader, "info", lambda reader: facts)
    beat(store, queues="mine,other")
    for queue in ("mine", "other"):
        push(store, queue, ago=300)


def named(found):
    """Return the problems with queues, as their kind and their name."""
    return [f"{each['kind']}:{each['key']}" for each in found if each["kind"] == "queue_late"]


def test_the_overview_tells_of_queues_in_sight(boss, late):
    page = boss.get("/admin/jobs/").context["page"]

    names = [told.problem.name for told in page.problems]
    assert LATE[0] in names
    assert LATE[1] not in names
    assert page.verdict == f"{len(names)} problem{'s' if len(names) > 1 else ''}"


def test_exports_tell_people_of_queues_in_sight_and_programs_of_all(boss, late):
    program = Client(headers={"authorization": f"Bearer {TOKEN}"})

    def told(client):
        return named(json.loads(text(client.get("/admin/jobs/stats.json")))["problems"])

    assert told(boss) == LATE[:1]
    assert told(program) == LATE
    sample = 'jobs_problem{kind="queue_late",key="other"}'
    assert sample not in text(boss.get("/admin/jobs/metrics.txt"))
    assert sample in text(program.get("/admin/jobs/metrics.txt"))


def test_the_log_names_only_jobs_and_queues_that_the_actor_sees(store, boss):
    seen, hidden = put(store, "dead", "mine"), put(store, "dead", "other")
    data = {"verb": "kill", "scope": "all", "confirmed": "yes", "job": [seen, hidden]}

    boss.post("/admin/jobs/dead/act/", data | {"verb": "retry"})
    boss.post("/admin/jobs/dead/act/", data | {"verb": "delete", "scope": "ticked"})
    boss.post(f"/admin/jobs/job/{seen}/kill/", {"confirmed": "yes"})

    told = "\n".join(LogEntry.objects.values_list("change_message", flat=True))
    assert "Jobs of queue mine: 1" in told
    assert seen in told
    assert hidden not in told
    assert "other" not in told


@pytest.mark.parametrize("verb", ["quiet", "unquiet", "stop"])
def test_a_refused_request_to_a_worker_leaves_no_entry(store, boss, verb):
    beat(store, "shared", ttl=60, queues="mine,other", started_at=time.time())

    assert boss.post(f"/admin/jobs/workers/shared/{verb}/").status_code == 403
    assert not LogEntry.objects.exists()


def test_the_queues_page_leaves_queues_out_of_sight_alone(store, boss):
    for queue in ("mine", "other", "left"):
        push(store, queue)

    page = boss.get("/admin/jobs/queues/?all").context["page"]

    assert [row.queue.name for row in page.rows] == ["mine"]
    assert (page.total, page.left) == (1, 0)
