"""What all clients of other companies share.

That is the address, the timeout, the session, and the tree of errors:

    ServiceError             anything that goes wrong with a service
    ├── ServiceUnavailable   no answer: connection refused or lost, or too slow
    ├── Throttled            429: too many requests, ask again later
    ├── ClientError          another 4xx: the request is wrong and will stay wrong
    └── ServerError          5xx: the service is in trouble

The clients beside this module build on it. The jobs never see `requests`.
"""

import threading
from typing import Any, ClassVar

import requests
from django.conf import settings

#: How much of an answer's body goes into an error message, in characters.
MAX_BODY_IN_MESSAGE = 500

_local = threading.local()


class ServiceError(Exception):
    """Anything that goes wrong with a service.

    `status_code` is None when it did not answer.
    """

    def __init__(self, message: str, *, status_code: int | None = None, body: str = "") -> None:
        """Keep the answer beside the message."""
        super().__init__(message)
        self.status_code = status_code
        self.body = body


class ServiceUnavailable(ServiceError):
    """No answer: the connection failed or the service took too long.

    The work may have been done all the same.
    """


class Throttled(ServiceError):
    """429: the service wants fewer requests."""


class ClientError(ServiceError):
    """4xx other than 429: the request is wrong.

    Sending it again will not help.
    """


class ServerError(ServiceError):
    """5xx: the service is in trouble.

    The work may have been done all the same.
    """


class ServiceClient:
    """Talk JSON with one service.

    A subclass names it and adds one method per endpoint.
    """

    #: What people call the service.
    name: ClassVar[str]
    #: The setting that holds its URL; read at each call, so that tests can point it elsewhere.
    url_setting: ClassVar[str]

    @property
    def url(self) -> str:
        """Return the address that all paths of the service start with.

        It has no slash at the end.
        """
        return str(getattr(settings, self.url_setting)).rstrip("/")

    def status(self, timeout_seconds: float) -> dict[str, Any]:
        """Ask the service how it is, and return what it tells.

        That is `{}` when it answers well but tells nothing.
        """
        body = self.request("GET", "/status", timeout_seconds=timeout_seconds)
        return body if isinstance(body, dict) else {}

    def clear(self, path: str) -> None:
        """Make the service forget everything it keeps under a path."""
        self.request("DELETE", path)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: dict[str, Any] | None = None,
        params: dict[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> Any:
        """Send one request and return the JSON of its answer.

        An empty answer is None. Raise `ServiceError` if anything goes wrong.
        """
        what = f"{method} {self.url}{path}"
        try:
            response = _session().request(
                method,
                self.url + path,
                json=json,
                params=params,
                timeout=timeout_seconds or settings.SERVICE_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ServiceUnavailable(f"{self.name} did not answer {what}: {_why(error)}") from error
        return self._body_of(response, what)

    def _body_of(self, response: requests.Response, what: str) -> Any:
        if not 200 <= response.status_code < 300:
            raise self._error(response, f"answered {response.status_code} to {what}")
        if not response.content:
            return None
        try:
            return response.json()
        except requests.JSONDecodeError as error:
            raise self._error(
                response, f"answered {what} with something that is not JSON"
            ) from error

    def _error(self, response: requests.Response, sentence: str) -> ServiceError:
        kind = _error_class(response.status_code)
        message = f"{self.name} {sentence}: {response.text[:MAX_BODY_IN_MESSAGE]}"
        return kind(message, status_code=response.status_code, body=response.text)


def _why(error: requests.RequestException) -> str:
    """Return in a few words why there is no answer.

    People read it on the home page. The error itself stands in the traceback.
    """
    if isinstance(error, requests.Timeout):
        return "it took too long"
    if isinstance(error, requests.ConnectionError):
        return "there was no connection"
    return f"the request ended with {type(error).__name__}"


def _error_class(status_code: int) -> type[ServiceError]:
    if status_code == requests.codes.too_many_requests:
        return Throttled
    if 400 <= status_code < 500:
        return ClientError
    return ServerError if status_code >= 500 else ServiceError


def _session() -> requests.Session:
    """Return the session of this thread.

    It keeps connections open, and must not be shared between threads.
    """
    session: requests.Session | None = getattr(_local, "session", None)
    if session is None:
        session = requests.Session()
        session.headers["Accept"] = "application/json"
        _local.session = session
    return session
