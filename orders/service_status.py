"""How the things that the shop depends on are doing, for the home page.

These are the database, Redis, and the four services. The services are asked at the same time and
briefly, so that a slow one delays the page by two seconds at most. It only looks: nothing in the
shop decides anything by it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.db import DatabaseError, connection

from orders.models import Order
from orders.redis_status import read_redis_status
from orders.services.email import EmailClient
from orders.services.error_catcher import ErrorCatcherClient
from orders.services.fulfillment import FulfillmentClient
from orders.services.http import ServiceClient, ServiceError
from orders.services.payments import PaymentsClient

#: How long the home page waits for a service.
TIMEOUT_SECONDS = 2.0
#: What a fake service tells in its status about when it misbehaves.
LIMIT_KEYS = ("when", "what", "remaining_requests")
#: All that a fake service tells in its status about its misbehavior.
BEHAVIOR_KEYS = frozenset({"throttle", "crash", "sleep_seconds", *LIMIT_KEYS})


@dataclass(frozen=True, slots=True)
class Behavior:
    """How a fake service has been told to misbehave."""

    throttle: bool
    crash: bool
    sleep_seconds: float
    #: What else was said about it, in words for the page.
    limits: dict[str, object]
    manage_url: str


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What the home page shows of one service: facts, or the problem."""

    #: Its name in addresses, such as `?open=payments`; the database is `postgres`, whatever it is.
    name: str
    title: str
    info: dict[str, object] = field(default_factory=dict)
    problem: str = ""
    behavior: Behavior | None = None


def check_services() -> list[ServiceStatus]:
    """Look at everything once."""
    checks: list[Callable[[], ServiceStatus]] = [
        _check_redis,
        lambda: _check_api("error-catcher", "Error catcher", ErrorCatcherClient()),
        lambda: _check_api("payments", "Payments", PaymentsClient()),
        lambda: _check_api("order-fulfillment", "Order fulfillment", FulfillmentClient()),
        lambda: _check_api("email", "Email", EmailClient()),
    ]
    with ThreadPoolExecutor(len(checks)) as pool:
        answers = [pool.submit(check) for check in checks]
        # Here and not in the pool: a thread of its own would open a database connection of its own.
        return [_check_database(), *(answer.result() for answer in answers)]


def _check_database() -> ServiceStatus:
    try:
        orders = Order.objects.count()
    except DatabaseError as error:
        return ServiceStatus("postgres", "Database", problem=str(error))
    places = connection.settings_dict
    info = {
        "Engine": connection.display_name,
        "Version": ".".join(str(part) for part in connection.get_database_version()),
        "Host": places["HOST"],
        "Port": places["PORT"],
        "Database": places["NAME"],
        "Orders": orders,
    }
    return ServiceStatus(
        "postgres", "Database", {key: value for key, value in info.items() if value != ""}
    )


def _check_redis() -> ServiceStatus:
    try:
        return ServiceStatus("redis", "Redis", read_redis_status(TIMEOUT_SECONDS))
    except ConnectionError as error:
        return ServiceStatus("redis", "Redis", problem=str(error))


def _check_api(name: str, title: str, client: ServiceClient) -> ServiceStatus:
    try:
        told = client.status(TIMEOUT_SECONDS)
    except ServiceError as error:
        return ServiceStatus(name, title, {"URL": client.url}, problem=str(error))
    behavior = _behavior(told, client.url)
    facts = {
        _words(key): value
        for key, value in told.items()
        if not behavior or key not in BEHAVIOR_KEYS
    }
    return ServiceStatus(name, title, {"URL": client.url, **facts}, behavior=behavior)


def _behavior(told: dict[str, Any], url: str) -> Behavior | None:
    """Return the part of a status that only a fake service tells.

    None for a real one.
    """
    if "throttle" not in told:
        return None
    misbehaves = told["throttle"] or told["crash"] or told["sleep_seconds"]
    limits = (
        {_words(key): told[key] for key in LIMIT_KEYS if told.get(key) is not None}
        if misbehaves
        else {}
    )
    # Only the path: the shop may reach the fakes under a host name that the reader's browser does
    # not know.
    prefix, _, slug = urlsplit(url).path.rpartition("/")
    return Behavior(
        told["throttle"],
        told["crash"],
        told["sleep_seconds"],
        limits,
        f"{prefix}/behaviors/{slug}/edit",
    )


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()
