"""The JSON body of a request to a fake service, checked before any work.

What passes here can be stored by every database. What cannot is the caller's mistake (422), and
never a crash of ours.
"""

import hashlib
import json
from typing import TypeAlias

from django.http import HttpRequest

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
Body: TypeAlias = dict[str, JsonValue]


class BadBody(Exception):
    """The body is not a JSON object, or holds what no database stores."""


def read_body(request: HttpRequest) -> Body:
    """Return the JSON object of a request.

    It is empty if there is no body or the client asks for HTML.

    Raises `BadBody`, also for infinite numbers, half characters (lone surrogates) and NUL, and for
    a body that was cut short.
    """
    if len(request.body) < int(request.META.get("CONTENT_LENGTH") or 0):
        raise BadBody("the body is cut short")  # its sender died: nothing must be done for it
    if not request.body or "text/html" in request.headers.get("Accept", ""):
        return {}
    try:
        body = json.loads(request.body)
        text = json.dumps(body, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise BadBody("the body is not valid JSON") from error
    if not isinstance(body, dict):
        raise BadBody("the body must be a JSON object")
    if "\\u0000" in text:
        raise BadBody("the body holds a NUL character")
    return body


def is_blank(value: JsonValue) -> bool:
    """Tell whether a required value is missing, null or only white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def digest(value: JsonValue) -> str:
    """Return 64 characters that are equal for equal JSON values only.

    So that the number 44 is not the text "44".
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
