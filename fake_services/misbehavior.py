"""What goes wrong with one request, by its headers and the service's switches.

The gate (`endpoint.py`) asks once per request and carries it out.
"""

import random
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest

from fake_services.body import Body
from fake_services.models.behavior import MAX_SLEEP_SECONDS, When
from fake_services.service import Service


@dataclass(frozen=True, slots=True)
class Misbehavior:
    """Say what goes wrong with one request."""

    throttle: bool = False
    crash: When | None = None
    sleep_seconds: float = 0.0

    @classmethod
    def of(cls, request: HttpRequest, service: Service, body: Body) -> Self:
        """Return what goes wrong by the headers, and on top by the switches.

        Takes one of the next N requests if the switches count them.
        """
        ordered, switched = cls._ordered(request, service), cls._switched(request, service, body)
        return cls(
            throttle=ordered.throttle or switched.throttle,
            crash=ordered.crash or switched.crash,
            sleep_seconds=ordered.sleep_seconds or switched.sleep_seconds,
        )

    @classmethod
    def _ordered(cls, request: HttpRequest, service: Service) -> Self:
        # A crash by header loses the answer only of a request that makes something, and only where
        # the service is of that kind.
        when = service.default_when if request.method in {"POST", "PUT"} else When.BEFORE
        return cls(
            throttle=request.headers.get("X-Throttle") == "true",
            crash=when if request.headers.get("X-Crash") == "true" else None,
            sleep_seconds=_sleep_seconds(request.headers.get("X-Be-Slow", "")),
        )

    @classmethod
    def _switched(cls, request: HttpRequest, service: Service, body: Body) -> Self:
        behavior = service.behavior()
        if not behavior.take(request.method or "", body.get("author", request.GET.get("author"))):
            return cls()
        return cls(
            throttle=behavior.throttle,
            crash=When(behavior.when) if behavior.crash else None,
            sleep_seconds=behavior.sleep_seconds,
        )


def _sleep_seconds(header: str) -> float:
    if header == "true":
        return random.uniform(1, 10)
    try:
        # max() first: it turns "nan" into 0.
        return min(max(0.0, float(header)), MAX_SLEEP_SECONDS)
    except ValueError:
        return 0.0
