"""What the control room costs Redis.

The number of commands and answers is the same, however many jobs there are.
"""

import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from redis.connection import AbstractConnection

from jobs import inspect
from jobs.inspect import failures, job_sets
from jobs.payload import Payload
from jobs.store.reader import TIME_BITS
from tests.jobs.inspect.filling import failure, put

FEW, MANY = 600, 5_000
SETS = ("ready", "scheduled", "retry", "dead", "done")
PAGES = [
    "",
    "?in=3d",
    "?in=180d",
    "queues/",
    "queues/default/",
    "running/",
    "running/?order=unusual&q=x",
    "workers/",
    *(f"{name}/" for name in SETS[1:]),
    "dead/?queue=default",
    "dead/?since=2020-01-01",
    "dead/?job_class=tests.AnyJob",
    "failures/",
    "unique/",
    "metrics/",
    "job/{id}/",
    "metrics.txt",
    "stats.json",
]
pytestmark = pytest.mark.django_db


class Meter:
    """Counts what goes to Redis and what comes back."""

    def __init__(self, monkeypatch) -> None:
        self.commands = self.elements = 0
        read = AbstractConnection.read_response

        def reading(connection, *args, **kwargs):
            answer = read(connection, *args, **kwargs)
            self.commands += 1
            self.elements += size_of(answer)
            return answer

        monkeypatch.setattr(AbstractConnection, "read_response", reading)

    def of(self, call):
        """Return (commands, elements) of a call."""
        self.commands = self.elements = 0
        call()
        return self.commands, self.elements


def size_of(answer):
    return sum(map(size_of, answer)) if isinstance(answer, list | tuple) else 1


@pytest.fixture
def meter(monkeypatch):
    monkeypatch.setattr(failures, "LOOK_AT", 100)
    return Meter(monkeypatch)


@pytest.fixture
def client():
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


def fill(store, count):
    """Put so many jobs into each set of one queue.

    Returns the id of one.
    """
    keys, now = store.keys("default"), round(time.time() * 1000)
    with store.client.pipeline(transaction=False) as pipe:
        for name in SETS:
            for n in range(count):
                job_id = f"{SETS.index(name)}{n:031}"
                errors = [failure("E", "boom", 1.0)] if name in {"retry", "dead"} else []
                payload = Payload(
                    0, job_id, "tests.AnyJob", "default", errors=errors, enqueued_at=1.0
                )
                pipe.hset(keys.payloads, job_id, payload.encode())
                pipe.zadd(
                    getattr(keys, name),
                    {job_id: now + n + ((100 << TIME_BITS) if name == "ready" else 0)},
                )
        pipe.execute()
    store.intake.announce_queues(["default"])
    return f"3{0:031}"


def test_every_page_costs_the_same_with_many_jobs_as_with_few(store, client, meter):
    costs: dict[str, list[tuple[int, int]]] = {}
    for count in (FEW, MANY):
        store.client.flushall()
        job_id = fill(store, count)
        for page in PAGES:
            path = f"/admin/jobs/{page.format(id=job_id)}"
            assert client.get(path).status_code == 200
            costs.setdefault(page, []).append(meter.of(lambda path=path: client.get(path)))

    assert {page: cost for page, cost in costs.items() if cost[0] != cost[1]} == {}
    assert max(elements for (_, elements), _ in costs.values()) < 2_500


def test_a_search_in_many_jobs_is_bounded(store, meter, monkeypatch):
    monkeypatch.setattr(job_sets, "SEARCH_LIMIT", 3_000)
    fill(store, MANY)

    commands, elements = meter.of(lambda: inspect.job_set("dead", inspect.Filter(text="needle")))

    assert commands <= 16
    assert elements < 5 * 3_000  # each job is read once
    assert inspect.job_set("dead", inspect.Filter(text="needle")).is_bounded


def test_the_judgement_takes_few_round_trips_however_much_there_is(store, monkeypatch):
    trips = []
    send = AbstractConnection.send_packed_command

    def sending(connection, *args, **kwargs):
        trips.append(1)
        return send(connection, *args, **kwargs)

    for queue in range(30):
        store.intake.announce_queues([f"q{queue}"])
    fill(store, MANY)
    reader = inspect.get_reader()
    reader.ping()
    stats = inspect.stats(reader)
    monkeypatch.setattr(AbstractConnection, "send_packed_command", sending)

    inspect.problems(reader, stats)

    assert len(trips) <= 5


@pytest.mark.parametrize(
    ("page", "most"), [("stats.json", 12), ("queues/q7/", 1), ("job/{id}/", 2), ("dead/", 4)]
)
def test_an_idle_queue_costs_few_questions(store, client, meter, page, most):
    job_id = put(store, "dead", "q7")
    path = f"/admin/jobs/{page.format(id=job_id)}"
    costs = []
    for count in (10, 60):
        store.intake.announce_queues([f"q{n}" for n in range(count)])
        client.get(path)
        commands, _ = meter.of(lambda: client.get(path))
        costs.append(commands)

    assert (costs[1] - costs[0]) / 50 < most
