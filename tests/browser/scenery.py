"""What stands on the pages of the whole example while somebody looks at them.

Orders and bots that a real worker has seen to, and beside them something in every place.
Import it only after Django was set up.
"""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from io import StringIO

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from bots.models import Kind
from bots.runs import start_run
from jobs import control
from jobs.conf import get_settings
from jobs.ids import new_job_id
from jobs.models import OutboxEntry
from jobs.payload import Payload
from jobs.store import Store, Terms
from jobs.store.metrics import ALL_RUNS, ALL_WAITS, WAITS, Measure, MetricStore
from orders.models import Order
from rehearsals.practice_orders import DECLINED, place_order
from tests.browser.photographs import JOB_CLASS
from tests.jobs.inspect.filling import WORKER, beat, failure, put
from tests.jobs.unique_jobs import PlaceJob

#: The class, its share of the runs, how long one takes in seconds, and one failure in how many.
TRAFFIC = (
    (JOB_CLASS, 5, 0.4, 9),
    ("orders.SendOrderNotificationEmailJob", 3, 0.08, 40),
    ("orders.NapJob", 2, 1.7, 1_000),
    ("bots.PicardJob", 1, 0.2, 3),
)
#: For how long the workers give a sign of life, in seconds: longer than anybody looks.
OUTLASTS = 7_200
TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/.venv/lib/python3.12/site-packages/jobs/worker/executor.py", line 88, in run
    result = job.perform(*args, **kwargs)
  File "/srv/shop/orders/jobs.py", line 44, in perform
    complete_order(Order.objects.get(pk=order_id))
  File "/srv/shop/orders/order_creator.py", line 61, in complete_order
    raise Declined(charge.reason)
orders.Declined: Card 4242 was declined
"""


def fill(work: Callable[[], None]) -> dict[str, str]:
    """Put something onto every page.

    `work` lets a worker run what there is to do. Returns the id of a job for each place, and of an
    order in each state.
    """
    with closing(Store(get_settings().redis_url)) as store:
        _trade()
        work()
        _play_last_hour(store)
        places = {**_wait(store), "running": _run(store)}
        places |= {name: _fail_in_several_ways(store, name) for name in ("retry", "dead")}
        _slow_worker(store)
    control.queues.pause("newsletter")
    _leave_in_outbox()
    place_order()
    for row in range(3):
        PlaceJob.using(commit="immediate").enqueue(row, "Wallaby Way, Sydney " * row)
    orders = Order.objects.order_by("-pk")
    return places | {str(order.state): str(order.pk) for order in orders}


def spoil() -> None:
    """Put a key of a wrong type in the place of a set."""
    with closing(Store(get_settings().redis_url)) as store:
        key = store.keys("default").retry
        store.client.delete(key)
        store.client.set(key, "what no job has written")


def log_in() -> str:
    """Log the administrator in, and return the key of the session."""
    client = Client()
    client.force_login(get_user_model().objects.get(username="admin"))
    return str(client.cookies["sessionid"].value)


def _trade() -> None:
    call_command("load_jobs", orders=12, products=3, pause=0, nap=0.05, stdout=StringIO())
    place_order(DECLINED)
    for kind in Kind:
        start_run(kind)


def _play_last_hour(store: Store) -> None:
    """Measure runs of the last hour, and a deploy in the middle of it."""
    now, measures = time.time(), []
    for minute in range(60):
        at = now - 60 * minute
        for n, (job_class, share, seconds, one_in) in enumerate(TRAFFIC):
            measure = Measure()
            for run in range(share * (1 + (minute * 7 + n) % 4)):
                is_failure = (minute * share + run) % one_in == one_in - 1
                measure.add(seconds * (1 + (run + minute) % 5 / 3), is_failure=is_failure)
            queue = "high" if job_class == JOB_CLASS else "default"
            names = (f"job:{job_class}", f"queue:{queue}", ALL_RUNS, f"{WAITS}{queue}", ALL_WAITS)
            measures += [(name, at, measure) for name in names]
    MetricStore(store).add(measures)
    control.mark_deploy("v2026.11.3")


def _wait(store: Store) -> dict[str, str]:
    """Put jobs where nothing has failed, and return the last one of each place."""
    now, jobs = time.time(), {}
    put(store, "ready", "newsletter", job_class="orders.NapJob", args=[1], at=now - 7_500)
    for n in range(3):
        work = {"job_class": JOB_CLASS, "args": [n], "kwargs": {"token": "x"}}
        jobs["ready"] = put(store, "ready", at=now - 4 + n, **work)
        jobs["scheduled"] = put(store, "scheduled", at=now + 3_600 * (n + 1), **work)
        began = now - 60 * (n + 1)
        ended = {"started_at": began, "finished_at": began + 3, "result": {"n": n}}
        jobs["done"] = put(store, "done", at=now + 86_400, **work, **ended, enqueued_at=began - 1)
    return jobs


def _run(store: Store) -> str:
    """Let a worker have a job in its hands, and return its id."""
    enqueued_at = time.time() - 95
    job_id = put(
        store, "ready", "low", job_class="orders.NapJob", args=[600], enqueued_at=enqueued_at
    )
    store.running.fetch("low", WORKER, 1, terms=Terms(OUTLASTS), first=1)
    running = f"{job_id} low {time.time() - 94:.3f}"
    beat(
        store,
        busy=1,
        running=running,
        queues="high,default,low",
        host="app1.example",
        pid=97,
        ttl=OUTLASTS,
    )
    return job_id


def _fail_in_several_ways(store: Store, name: str) -> str:
    kinds = (
        ("orders.Declined", "Card 4242 was declined", TRACEBACK),
        ("httpx.ReadTimeout", "No answer from https://mail.example/v1/send within 10 s", ""),
        ("KeyError", "'fulfillment_request_id'", TRACEBACK),
    )
    job_id = ""
    for n, (error_class, message, traceback) in enumerate(kinds):
        for row in range(1 + n * 3):
            at = time.time() - 600 * (row + 1)
            errors = [{**failure(error_class, message, at), "traceback": traceback}]
            job_id = put(
                store,
                name,
                at=time.time() + 90 * (row + 1) if name == "retry" else at,
                job_class=TRAFFIC[n][0],
                args=[1_000 + row],
                errors=errors,
                failures=1 + row,
                enqueued_at=at - 5,
            )
    return job_id


def _slow_worker(store: Store) -> None:
    """Show a second worker, which is to end."""
    beat(
        store,
        "app2.example:811:9f3e",
        ttl=OUTLASTS,
        host="app2.example",
        pid=811,
        queues="default,newsletter",
        quiet=1,
        peak_memory_bytes=731_000_000,
        started_at=time.time() - 86_400 * 3,
    )


def _leave_in_outbox() -> None:
    """Leave jobs that could not be pushed, one of them with an error."""
    refused = "OOM command not allowed when used memory > 'maxmemory'."
    for n, error in ((1, refused), (0, "")):
        payload = Payload(0, new_job_id(), JOB_CLASS, "high", args=[71 + n])
        with transaction.atomic():
            OutboxEntry.objects.create(
                queue="high",
                job_id=payload.id,
                push=new_job_id(),
                payload=payload.encode().decode(),
                priority=0,
                due="+0",
                created_at=timezone.now() - timedelta(minutes=4 * n + 1),
                next_at=timezone.now() + timedelta(minutes=1),
                attempts=3 * n,
                error=error,
            )
