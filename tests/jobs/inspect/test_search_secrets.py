"""A search tells nothing about what is hidden.

Whoever may only look could otherwise try one letter after the other. So a right guess must be
answered as a wrong one, and must take the same steps: what takes other steps takes another time.
"""

import sys
from collections import Counter
from dataclasses import dataclass

import pytest

from jobs import control
from jobs.inspect import job_sets
from jobs.inspect.filter import Filter
from jobs.inspect.job_sets import JobPage, job_set
from jobs.payload import Payload
from jobs.store.reader import Reader
from tests.jobs.inspect.filling import failure

JOBS, LIMIT = 1_000, 600
SECRET = "hunter2"
#: A right and a wrong guess for each field, of the same length.
GUESSES = {
    "text": ("hunter2", "hunter3"),
    "beginning of text": ("hunt", "hunz"),
    "words of text": ("password hunt", "password hunz"),
    "error": ("hunter2", "hunter3"),
    "job_class": (
        'tests.AnyJob","queue":"default","args":[{"password":"hunter2',
        'tests.AnyJob","queue":"default","args":[{"password":"hunter3',
    ),
    "error_class": ("hunter2", "hunter3"),
    "shape": ("hunter2", "hunter3"),
}


@dataclass(frozen=True)
class Answer:
    """What a search told, and its steps in Redis and in our code."""

    page: JobPage
    commands: dict[str, int]
    bytes_sent: int
    steps: Counter[str]


@pytest.fixture
def fill(store):
    """Return what fills the dead set with jobs.

    Some of them have the same secret.
    """

    def filled(sharing: int) -> None:
        # The worker of an earlier test may have left a fetch in Redis: it runs when its time ends.
        store.client.client_kill_filter(_type="normal", skipme=True)
        keys = store.keys("default")
        with store.client.pipeline(transaction=False) as pipe:
            for n in range(JOBS):
                secret = SECRET if n < sharing else f"secret{n}"
                payload = Payload(
                    0,
                    f"job{n}",
                    "tests.AnyJob",
                    "default",
                    [{"password": secret}, {"token": {"job_class": secret, "class": secret}}],
                    enqueued_at=1.0,
                    errors=[failure("E", "boom", 1.0)],
                )
                pipe.hset(keys.payloads, payload.id, payload.encode())
                pipe.zadd(keys.dead, {payload.id: n})
            pipe.execute()
        store.intake.announce_queues(["default"])

    return filled


def ask(store, wanted: Filter) -> Answer:
    """Search, and count the steps.

    How often we read from a socket depends on chance, so the steps of the client are not counted.
    """
    steps: Counter[str] = Counter()

    def count(frame, event, arg):
        path = frame.f_code.co_filename
        if event in {"call", "c_call"} and "/jobs/" in path and "/store/" not in path:
            steps[f"{path}:{frame.f_code.co_name}:{getattr(arg, '__name__', '')}"] += 1

    store.client.config_resetstat()
    sys.setprofile(count)
    try:
        page = job_set("dead", wanted, reader=Reader(store))
    finally:
        sys.setprofile(None)
    told = store.client.info("all")
    commands = {
        name.removeprefix("cmdstat_"): facts["calls"]
        for name, facts in told.items()
        if name.startswith("cmdstat_") and name != "cmdstat_info"
    }
    return Answer(page, commands, told["total_net_output_bytes"], steps)


@pytest.mark.parametrize("sharing", [1, 50, 300, 1_000])
@pytest.mark.parametrize("name", GUESSES)
def test_a_right_guess_takes_the_same_steps_as_a_wrong_one(store, fill, monkeypatch, name, sharing):
    monkeypatch.setattr(job_sets, "SEARCH_LIMIT", LIMIT)
    monkeypatch.setattr(job_sets, "PATIENCE", 60.0)
    fill(sharing)
    field = name.rpartition(" ")[2]
    right, wrong = (Filter(**{field: guess}) for guess in GUESSES[name])
    ask(store, right), ask(store, wrong)  # scripts and caches are filled now

    answers = ask(store, right), ask(store, wrong)

    assert answers[0] == answers[1]
    assert answers[0].page.jobs == ()
    assert answers[0].page.searched == LIMIT
    assert sum(answers[0].steps.values()) > 50


def test_a_sweep_finds_what_the_page_shows(store, fill):
    fill(300)

    assert control.retry_all("dead", Filter(text=SECRET)).changed == 0
    assert control.retry_all("dead", Filter(text="password [redacted]")).changed == JOBS
