"""The client that the tests of the fake services call with.

And the types of their fixtures.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.test import Client

from tests.fake_services.sample_requests import SampleRequest


@dataclass(frozen=True)
class Answer:
    """What a fake service answered."""

    status_code: int
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class Caller:
    """Call the fake services as a program does: JSON, and no CSRF token."""

    def __call__(
        self, method: str, path: str, body: object = None, headers: dict | None = None
    ) -> Answer:
        data = "" if body is None else json.dumps(body)
        return self.raw(method, path, data, headers)

    def raw(self, method: str, path: str, data: str | bytes, headers: dict | None = None) -> Answer:
        client = Client(enforce_csrf_checks=True)
        answer = client.generic(
            method, f"/fake/{path}", data, content_type="application/json", headers=headers
        )
        return Answer(answer.status_code, answer.content)

    def sample(self, sample: SampleRequest, headers: dict | None = None) -> Answer:
        return self(sample.method, sample.path, sample.body, headers)


#: Make one call from so many threads at the same moment, and return all answers.
AtOnce: TypeAlias = Callable[[int, Callable[[], Answer]], list[Answer]]
