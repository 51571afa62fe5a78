"""Hides the values of secrets among arguments, by their names, wherever people may read them.

Which names are secret is the setting REDACT. A name matches by whole words: `token` hides `accessToken`, `X-Auth-Token`
and `refresh_tokens`, but not `tokenizer`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jobs.payload import Payload

#: What stands in the place of a secret.
REDACTED = "[redacted]"
#: Deeper values are hidden whole: enqueue takes no such thing, and whatever else wrote it shall break no page.
DEEPEST = 200
_BOUNDARY = re.compile(
    r"[\W_]+|(?<=[^\W\dA-Z_])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][^\W\dA-Z_])|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)"
)


def redact(value: Any, names: Sequence[str]) -> Any:
    """Return a copy of JSON in which everything under a secret name is hidden."""
    return _redact(value, _pattern(tuple(names)), DEEPEST)


def _redact(value: Any, secret: re.Pattern[str], depth: int) -> Any:
    if isinstance(value, Mapping | list | tuple) and not depth:
        return REDACTED
    if isinstance(value, Mapping):
        return {
            key: REDACTED if secret.search(_spaced(str(key))) else _redact(item, secret, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact(item, secret, depth - 1) for item in value]
    return value


def is_secret(key: object, names: Sequence[str]) -> bool:
    """Whether the words of one of these names stand in a row in a key, in any style of writing."""
    return _pattern(tuple(names)).search(_spaced(str(key))) is not None


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


def _spaced(text: str) -> str:
    """Return the words of a name in any style as `access token`."""
    return _BOUNDARY.sub(" ", text).casefold()


@lru_cache(maxsize=32)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds one of these names, singular or plural, in spaced words; `api_key` finds `apikey` too."""
    letters = [_spaced(name).replace(" ", "").removesuffix("s") for name in names]
    choices = "|".join(" *".join(map(re.escape, name)) for name in letters if name)
    return re.compile(rf"(?<!\S)(?:{choices}) *s?(?!\S)" if choices else r"(?!)")
