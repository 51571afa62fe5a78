"""Everything that may be wrong in Redis.

Each is a name and what does it to a store that holds something everywhere. The queue `default`
and the worker WORKER are harmed. The queue `other` and the worker `healthy` must be shown as ever.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from jobs.store import Store
from jobs.store.metrics import RESOLUTIONS, Measure, MetricStore
from tests.jobs.inspect.filling import WORKER, beat, failure, fill, put

SETS = ("ready", "scheduled", "retry", "dead", "done")
QUEUE_KEYS = (
    "payloads",
    *SETS,
    "running",
    "leases",
    "bell",
    "meta",
    "stats",
    "traits",
    "notes",
    "unique",
    "windows",
)
FACTS = (
    "host",
    "pid",
    "queues",
    "concurrency",
    "busy",
    "running",
    "quiet",
    "stopping",
    "started_at",
    "beat_at",
    "peak_memory_bytes",
)
CLASS = "tests.AnyJob"
ODD_ID = b"\xff\xfe"
GOOD = {
    "priority": 0,
    "id": "a",
    "job_class": CLASS,
    "queue": "default",
    "args": [],
    "enqueued_at": 1.7e9,
}


@dataclass(frozen=True)
class Filled:
    """A store with something everywhere.

    `jobs` are ids by place in the queue `default`, and `at` is when it was filled.
    """

    store: Store
    jobs: dict[str, str]
    at: float

    def key(self, name: str) -> str:
        return getattr(self.store.keys("default"), name)

    def shared(self, name: str) -> str:
        keys = self.store.shared
        return {
            "queues": keys.queues,
            "workers": keys.workers,
            "worker": keys.worker(WORKER),
            "requests": keys.requests(WORKER),
            "names": keys.metric_names,
            "deploys": keys.deploys,
            **{
                r.name: keys.metric(r.name, r.place(self.at)[0], f"job:{CLASS}")
                for r in RESOLUTIONS
            },
        }[name]


@dataclass(frozen=True)
class Corruption:
    """One thing that is wrong.

    `key` is the key that people must be told, and empty where all can be read.
    """

    name: str
    harm: Callable[[Filled], object]
    key: Callable[[Filled], str] = lambda filled: ""


def fill_everything(store: Store) -> Filled:
    """Put something onto every page."""
    jobs = fill(store)
    error = [failure("orders.Declined", "no money", at=1_764_000_000)]
    for name in SETS:
        jobs[name] = put(
            store, name, failures=1, errors=error, finished_at=1.764e9, at=time.time() + 600
        )
        put(store, name, "other", job_class="tests.OtherJob", errors=error, at=time.time() + 600)
    beat(store, busy=1, running=f"{jobs['running']} default 1764000000.000", stopping=0)
    beat(store, "healthy", host="healthyhost", queues="other")
    measure = Measure()
    measure.add(0.5, is_failure=True)
    names = (f"job:{CLASS}", "job:tests.OtherJob", "queue:default", "queue:other")
    metrics = MetricStore(store)
    now = time.time()
    metrics.add([(name, now, measure) for name in names])
    metrics.mark_deploy("v1")
    return Filled(store, jobs, now)


def corruptions() -> Iterator[Corruption]:
    """Yield them all."""
    yield from _types()
    yield from _heartbeats()
    yield from _payloads()
    yield from _scores()
    yield from _owners()
    yield from _names()
    yield from _numbers()


def _types() -> Iterator[Corruption]:
    for name in QUEUE_KEYS:
        yield _replaced(f"{name} is another type", lambda f, n=name: f.key(n))
    for name in (
        "queues",
        "workers",
        "worker",
        "requests",
        "names",
        "10s",
        "1",
        "10",
        "all",
        "deploys",
    ):
        yield _replaced(f"shared {name} is another type", lambda f, n=name: f.shared(n))
    yield Corruption(
        "every key of the queue is another type", _replace_all, lambda f: f.key("meta")
    )


def _replace_all(filled: Filled) -> None:
    for name in QUEUE_KEYS:
        _replace(filled.store, filled.key(name))


def _replaced(title: str, key: Callable[[Filled], str]) -> Corruption:
    return Corruption(title, lambda f: _replace(f.store, key(f)), key)


def _replace(store: Store, key: str) -> None:
    """Put a string where something else belongs, and a set where a string does."""
    is_text = store.client.type(key) == b"string"
    store.client.delete(key)
    if is_text:
        store.client.sadd(key, b"\xff")
    else:
        store.client.set(key, b"\xff")


def _heartbeats() -> Iterator[Corruption]:
    def worker(filled):
        return filled.shared("worker")

    def one_each(filled, harm):
        """Show a worker for each field, and harm that field."""
        for name in FACTS:
            beat(filled.store, f"without-{name}", stopping=0)
            harm(filled.store.shared.worker(f"without-{name}"), name)

    def odd_busy(filled):
        return filled.store.shared.worker("without-busy")

    yield Corruption("heartbeats without a field each", lambda f: one_each(f, f.store.client.hdel))
    odd = b"\xff \n -1e999"
    yield Corruption(
        "heartbeats with an odd field each",
        lambda f: one_each(f, lambda k, n: f.store.client.hset(k, n, odd)),
        odd_busy,
    )

    def strange(filled):
        filled.store.client.delete(worker(filled))
        filled.store.client.hset(worker(filled), b"\xff", b"\xff")

    yield Corruption("heartbeat of something else", strange, worker)
    empty = dict.fromkeys(FACTS, b"")
    yield Corruption(
        "heartbeat of empty fields", lambda f: f.store.client.hset(worker(f), mapping=empty)
    )
    newer = {"seq": "7", "mood": "good", "running": "0190aa default 1764000000.0 app.Job {} more"}
    yield Corruption(
        "heartbeat of a newer version", lambda f: f.store.client.hset(worker(f), mapping=newer)
    )


ODD_ERRORS: list[list[Any]] = [
    ["text"],
    [None],
    [{}],
    [{"class": None, "message": {"a": 1}, "at": "soon", "worker": 7, "traceback": []}],
    [{"class": "E", "message": "m", "at": 1e300}],
    [{"class": "E", "message": "m", "at": -1e17}, {"at": True}, {"at": None}, {"at": []}],
    [
        {
            "class": "E\udcff".encode("utf-8", "replace").decode(),
            "message": "\x1b[31m\x00",
            "at": 2**63,
        }
    ],
]
#: Payloads, and whether they can be read for all that.
PAYLOADS: dict[str, tuple[bytes, bool]] = {
    "empty": (b"", False),
    "no utf-8": (b"\xff\xfe", False),
    "cut": (b'{"priority":0,"id":"a', False),
    "null": (b"null", False),
    "a number": (b"7", False),
    "a list": (b"[1]", False),
    "an empty object": (b"{}", False),
    "nested too deep": (b"[" * 5000 + b"]" * 5000, False),
    "a lone surrogate": (b'{"priority":0,"id":"\\ud800"}', False),
    "self": (orjson.dumps(GOOD | {"self": 1}), True),
    "newer fields": (
        orjson.dumps(GOOD | {"lane": "fast", "sig": "x" * 22, "trace": {"a": [1]}}),
        True,
    ),
    "older, fewer fields": (
        orjson.dumps({k: GOOD[k] for k in ("priority", "id", "job_class", "queue")}),
        True,
    ),
    "extra is text": (orjson.dumps(GOOD | {"extra": "ab"}), True),
    "args is text": (orjson.dumps(GOOD | {"args": "abc"}), False),
    "options nested deep": (
        orjson.dumps(GOOD)[:-1] + b',"options":{"a":' + b"[" * 900 + b"]" * 900 + b"}}",
        True,
    ),
    "args nested deep": (
        orjson.dumps(GOOD)[:-1] + b',"kwargs":{"a":' + b"[" * 990 + b"]" * 990 + b"}}",
        True,
    ),
    "times without end": (
        orjson.dumps(GOOD | {"enqueued_at": 1e300, "run_after": -1e300, "finished_at": 1e17}),
        True,
    ),
    "class is odd": (orjson.dumps(GOOD | {"job_class": "../<b>\n\x1b[31m'"}), True),
    "numbers are huge": (
        orjson.dumps(GOOD | {"failures": 2**63, "priority": -(2**62), "crashes": -5}),
        True,
    ),
    "options are unknown": (
        orjson.dumps(GOOD | {"options": {"gone": {"a": 1}, "retry_for": "x"}}),
        True,
    ),
    **{
        f"errors with {odd!r}"[:60]: (
            orjson.dumps(GOOD | {"errors": odd}),
            isinstance(odd[0], dict),
        )
        for odd in ODD_ERRORS
    },
}


def _payloads() -> Iterator[Corruption]:
    for name, (raw, can_be_read) in PAYLOADS.items():
        told = (lambda f: "") if can_be_read else (lambda f: f.key("payloads"))
        yield Corruption(f"payload: {name}", lambda f, raw=raw: _overwrite(f, raw), told)
    yield Corruption(
        "payloads are gone",
        lambda f: f.store.client.delete(f.key("payloads")),
        lambda f: f.key("payloads"),
    )


def _overwrite(filled: Filled, raw: bytes) -> None:
    filled.store.client.hset(
        filled.key("payloads"), mapping=dict.fromkeys(filled.jobs.values(), raw)
    )


def _scores() -> Iterator[Corruption]:
    for score in (math.inf, -math.inf, 1e300, -1e300, 0.0, 253_402_300_800_000):
        yield Corruption(f"all scores are {score}", lambda f, s=score: _rescore(f, s))


def _rescore(filled: Filled, score: float) -> None:
    client = filled.store.client
    for name in SETS:
        client.zadd(filled.key(name), {filled.jobs[name]: score})
    client.zadd(filled.key("leases"), {WORKER: score})
    client.zadd(filled.shared("deploys"), {"1 v1": score})
    client.zadd(filled.shared("names"), {f"job:{CLASS}": score})


def _owners() -> Iterator[Corruption]:
    sound = (f"{WORKER}|7", f"{WORKER}#12|7")
    odd = (b"", b"x", b"|", b"w|x", b"w#|", b"w#1|nan", b"w#1#2|inf", b"\xff|\xfe", b"a|b|c|7e999")
    for value in (*(text.encode() for text in sound), *odd):
        told = (lambda f: f.key("running")) if value in odd else (lambda f: "")
        yield Corruption(
            f"running under {value!r}",
            lambda f, v=value: f.store.client.hset(f.key("running"), f.jobs["running"], v),
            told,
        )


def _names() -> Iterator[Corruption]:
    for name in (b"\xff", b"", b"a/b:1", b"a\nb", b"..", b"%FF<b>", b"n" * 5000):
        told = (lambda f: f.shared("queues")) if name == b"\xff" else (lambda f: "")
        yield Corruption(
            f"everything is named {name[:10]!r}", lambda f, n=name: _odd_name(f, n), told
        )
    yield Corruption("an id that is not utf-8", _odd_id, lambda f: f.key("payloads"))
    yield Corruption(
        "a deploy that is odd",
        lambda f: f.store.client.zadd(f.shared("deploys"), {b"\xff": 4e9, b"": 4e9}),
    )


def _odd_name(filled: Filled, name: bytes) -> None:
    """Give a queue, a worker and a metric this name."""
    client = filled.store.client
    client.sadd(filled.shared("queues"), name)
    client.hset(
        f"{filled.store.shared.worker('')}".encode() + name,
        mapping=client.hgetall(filled.shared("worker")),
    )
    client.zadd(filled.shared("workers"), {name: time.time()})

    now = time.time()
    client.zadd(filled.shared("names"), {b"job:" + name: now})
    for resolution in RESOLUTIONS:
        key = filled.shared(resolution.name).removesuffix(CLASS).encode() + name
        client.copy(filled.shared(resolution.name), key)


def _odd_id(filled: Filled) -> None:
    client = filled.store.client
    client.hset(filled.key("payloads"), ODD_ID, orjson.dumps(GOOD))
    for name in SETS:
        client.zadd(filled.key(name), {ODD_ID: time.time() * 1000})
    client.hset(filled.key("running"), ODD_ID, b"\xff#1|7")


def _numbers() -> Iterator[Corruption]:
    today = int(time.time() // 86_400)
    for field in ("processed", "failed", f"processed:{today}", f"failed:{today}"):
        for value in (b"\xff", b"9" * 5000):
            name = field.partition(":")[0] + (" today" if ":" in field else "")
            yield Corruption(
                f"{name} is {value[:5]!r}",
                lambda f, n=field, v=value: f.store.client.hset(f.key("stats"), n, v),
                lambda f: f.key("stats"),
            )
    yield Corruption(
        "paused is odd", lambda f: f.store.client.hset(f.key("meta"), "paused", b"\xff")
    )
    for resolution in ("1", "10", "all"):
        for raw in (b"\xff" * 160 * 144, b"nonsense" * 3):
            yield Corruption(
                f"metric {resolution} is {raw[:3]!r}",
                lambda f, r=resolution, v=raw: f.store.client.set(f.shared(r), v),
                lambda f, r=resolution: f.shared(r),
            )
