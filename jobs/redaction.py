"""Hides the values of secrets among arguments, by their names, wherever people may read them.

Which names are secret is the setting REDACT. A name matches by whole words: `token` hides `accessToken`, `X-Auth-Token`
and `refresh_tokens`, but not `tokenizer`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.payload import Payload

#: What stands in the place of a secret.
REDACTED = "[redacted]"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def redact(value: Any, names: Sequence[str]) -> Any:
    """Return a copy of JSON in which everything under a secret name is hidden."""
    if isinstance(value, Mapping):
        return {key: REDACTED if is_secret(key, names) else redact(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item, names) for item in value]
    return value


def is_secret(key: object, names: Sequence[str]) -> bool:
    """Whether the words of one of these names stand in a row in a key, in any style of writing."""
    words = _words(str(key))
    return any(_is_in(_words(name), words) for name in names)


def redacted_arguments(
    payload: Payload, parameters: Sequence[str], names: Sequence[str]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the named arguments of a job without secrets.

    `parameters` are the names of the positional ones, as `Job.parameter_names()` returns them; arguments beyond them go
    by the last.
    """
    args = [
        REDACTED if parameters and is_secret(parameters[min(n, len(parameters) - 1)], names) else redact(arg, names)
        for n, arg in enumerate(payload.args)
    ]
    return args, redact(payload.kwargs, names)


def _words(text: str) -> list[str]:
    return [word.lower().removesuffix("s") for word in _WORD.findall(text)]


def _is_in(wanted: list[str], words: list[str]) -> bool:
    width = len(wanted)
    return width > 0 and any(words[n : n + width] == wanted for n in range(len(words) - width + 1))
