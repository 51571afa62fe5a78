"""What the browser tests of the control room share.

Data on every page, and who looks at it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import Permission, User
from django.test import Client
from playwright.sync_api import Browser, Page

from jobs.inspect import get_reader
from jobs.store import Store
from jobs.store.metrics import Measure, MetricStore
from tests.jobs.inspect.filling import WORKER, announce_schedule, beat, failure, fetch, push, put

JOB_CLASS = "orders.CompleteOrderJob"
#: Links that look like something else.
TABS_AND_BUTTONS = ".jobs-tabs a, a.jobs-tile, .jobs-choice a, .jobs-room .button"


def furnish(store: Store) -> dict[str, str]:
    """Put something onto every page.

    Returns the id of a job for each place.
    """
    push(store)
    [running] = fetch(store)
    errors = [
        {
            **failure("orders.Declined", "Card 4242 was declined", 1.7e9),
            "traceback": "Traceback\n  line",
        }
    ]
    jobs = {"running": running}
    for name in ("ready", "scheduled", "retry", "dead", "done"):
        failed = {"errors": errors, "failures": 1} if name in {"retry", "dead"} else {}
        for n in range(3):
            jobs[name] = put(
                store,
                name,
                at=4e9 + n,
                job_class=JOB_CLASS,
                args=[n],
                kwargs={"token": "x"},
                **failed,
            )
    beat(store, busy=1, running=f"{running} default 1764000000.000", queues="high,default,low")
    announce_schedule(store, JOB_CLASS, "high")
    measure = Measure()
    measure.add(0.2, is_failure=False)
    MetricStore(store).add([(f"job:{JOB_CLASS}", get_reader().now(), measure)])
    return jobs


def make_user(*codenames: str, is_superuser: bool = False) -> User:
    """Return somebody of the staff with some of our permissions."""
    user = User.objects.create_user(
        f"user{User.objects.count()}", is_staff=True, is_superuser=is_superuser
    )
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="jobs", codename__in=codenames)
    )
    return user


@contextmanager
def visit(
    chromium: Browser, url: str, user: User, *, complaints_wanted: bool = False, **options: object
) -> Iterator[Page]:
    """Open a browser in which somebody is logged in.

    Fails on any complaint of the browser, unless it is wanted.
    """
    client = Client()
    client.force_login(user)
    complaints: list[str] = []
    with chromium.new_context(base_url=url, **options) as context:
        context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: (
                complaints.append(line.text) if line.type in {"error", "warning"} else None
            ),
        )
        yield page
    unexpected = [line for line in complaints if "favicon" not in line and "404" not in line]
    assert complaints_wanted == bool(unexpected), unexpected


def underlined(page: Page) -> list[str]:
    """Return which tabs, tiles, pills and buttons are underlined, like links."""
    texts: list[str] = page.locator(TABS_AND_BUTTONS).evaluate_all(
        "links => links.filter(link => getComputedStyle(link).textDecorationLine !== 'none')"
        ".map(link => link.textContent.trim())"
    )
    return texts


def worker_name() -> str:
    """Return the name of the worker on the pages."""
    return WORKER
