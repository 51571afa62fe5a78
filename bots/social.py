"""The client of the social service: publish, read, and ask how it is.

    SocialError         the service did not do what it was asked
    ├── SocialTrouble   no answer, 429 or 5xx: asking again will help
    └── SocialRefusal   any other answer that is no success: asking again will not help

After `SocialTrouble` the work may have been done all the same. After `SocialRefusal` the
request is wrong and will stay wrong.

The jobs and the page call it. Nothing else of this app ever sees `requests`.
"""

from typing import Any

import requests
from django.conf import settings

#: How much of an answer's body goes into an error message, in characters.
MAX_BODY_IN_MESSAGE = 200
#: How long a person who pressed a button waits for a switch.
SWITCH_TIMEOUT_SECONDS = 3.0


class SocialError(Exception):
    """The social service did not do what it was asked."""


class SocialTrouble(SocialError):
    """The service is in trouble or out of reach: asking again will help."""


class SocialRefusal(SocialError):
    """The request is wrong: asking again will not help."""


def address() -> str:
    """Return the URL of the service, without a slash at the end."""
    return str(settings.SOCIAL_API_URL).rstrip("/")


def publish(author: str, text: str, metadata: dict[str, Any]) -> str:
    """Publish a post and return its id.

    A key `idempotency_key` in the metadata makes a second call publish nothing.
    """
    body = _request("POST", "/posts", json={"author": author, "text": text, "metadata": metadata})
    return str(body["post_id"])


def newest_posts(timeout_seconds: float) -> list[dict[str, Any]]:
    """Return the newest posts of all authors, newest first.

    They come as they were published, each with its `post_id`.
    """
    posts = _request("GET", "/posts", timeout_seconds=timeout_seconds)
    return posts if isinstance(posts, list) else []


def status(timeout_seconds: float) -> dict[str, Any]:
    """Ask the service how it is.

    A fake tells how it misbehaves. Another service may tell anything.
    """
    told = _request("GET", "/status", timeout_seconds=timeout_seconds)
    return told if isinstance(told, dict) else {}


def switch_behavior(switches: dict[str, Any]) -> None:
    """Tell a fake service to misbehave in this way and no other.

    `{}` makes it behave.
    """
    _request("PUT", "/behavior", json=switches, timeout_seconds=SWITCH_TIMEOUT_SECONDS)


def _request(
    method: str,
    path: str,
    *,
    json: dict[str, Any] | None = None,
    timeout_seconds: float | None = None,
) -> Any:
    """Send one request and return the JSON of its answer.

    An empty answer is None. Raise `SocialError` if the service did not do what it was asked.
    """
    what = f"{method} {path}"
    try:
        response = requests.request(
            method,
            address() + path,
            json=json,
            headers={"Accept": "application/json"},
            timeout=timeout_seconds or settings.SERVICE_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        if 200 <= response.status_code < 300:
            return response.json() if response.content else None
    except requests.RequestException as error:  # JSON that is none is among them
        raise SocialTrouble(f"The social service did not answer {what}: {_why(error)}.") from error
    raise _error_of(response, what)


def _why(error: requests.RequestException) -> str:
    """Return in a few words why there is no answer.

    People read it on the page. The error itself stands in the traceback.
    """
    if isinstance(error, requests.Timeout):
        return "it took too long"
    if isinstance(error, requests.ConnectionError):
        return "there was no connection"
    return f"the request ended with {type(error).__name__}"


def _error_of(response: requests.Response, what: str) -> SocialError:
    code = response.status_code
    kind = (
        SocialTrouble if code == requests.codes.too_many_requests or code >= 500 else SocialRefusal
    )
    return kind(
        f"The social service answered {code} to {what}: {response.text[:MAX_BODY_IN_MESSAGE]}"
    )
