"""What is wrong with a `JOBS` setting, in sentences that name the remedy."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import fields

from jobs.capsule import problem_of as capsules_problem
from jobs.habits import SETTINGS
from jobs.options import QUEUE_NAME
from jobs.problem import KINDS
from jobs.settings_values import DEFAULT_REDIS_URL, LEAST, JobsSettings, bounds_broken
from jobs.text import brief

#: Fewer characters could be guessed. `secrets.token_urlsafe(32)` makes a good one.
SHORTEST_TOKEN = 16
_TOKEN = re.compile(r"[!-~]+\Z")
#: It does not quote the token, which is a secret.
_TOKEN_PROBLEM = (
    "JOBS['METRICS_TOKEN'] must be empty, or a secret of at least "
    f"{SHORTEST_TOKEN} printable ASCII characters without spaces. Make one with: "
    'python -c "import secrets; print(secrets.token_urlsafe(32))"'
)
_QUEUE = re.compile(QUEUE_NAME.pattern.removesuffix(r"\Z") + r"(,[1-9][0-9]*)?\Z")
#: The settings that are lists of strings.
LISTS = frozenset(
    {
        "queues",
        "capsules",
        "middleware",
        "error_handlers",
        "death_handlers",
        "context",
        "redact",
        "check_ignore",
    }
)
#: How other systems, and other places for our settings, begin their names.
_PREFIX = re.compile(r"(CELERY|CELERYD|RQ|DRAMATIQ|HUEY|Q|JOBS)_")
#: No setting of any system has a longer name.
_MOST_KEY = 100
_MAY_BE_EMPTY = frozenset({"queue_access"})
#: When a job is pushed.
_WHEN = frozenset({"on_commit", "immediate"})
#: How payloads are signed.
_SIGN = frozenset({"off", "sign", "require"})
_DEFAULTS = JobsSettings(redis_url=DEFAULT_REDIS_URL)
_KEYS = tuple(f.name.upper() for f in fields(JobsSettings))


def problems(values: object) -> list[str]:
    """Return a sentence for everything that is wrong in a `JOBS` setting.

    The list is empty when the setting is good.
    """
    if not isinstance(values, Mapping):
        return [f"JOBS must be a dictionary, not {type(values).__name__}."]
    unknown = [
        f"JOBS has an unknown key {brief(key)}. {_hint(key)}" for key in values if key not in _KEYS
    ]
    wrong = [p for key, value in values.items() if key in _KEYS and (p := _problem(key, value))]
    if values.get("CAPSULES") and "QUEUES" in values:
        wrong.append("JOBS has QUEUES and CAPSULES. Leave QUEUES out: the capsules name queues.")
    lease = values.get("LEASE", _DEFAULTS.lease)
    beat = values.get("HEARTBEAT", _DEFAULTS.heartbeat)
    if not wrong and lease < 2 * beat:
        wrong.append(
            f"JOBS['LEASE'] ({lease} s) must be at least twice JOBS['HEARTBEAT'] ({beat} s)."
        )
    return unknown + wrong


def _hint(key: object) -> str:
    """Return what to write instead of an unknown key."""
    name = _PREFIX.sub("", key.upper()) if isinstance(key, str) and len(key) <= _MOST_KEY else ""
    if advice := SETTINGS.get(name):
        return advice
    near = difflib.get_close_matches(name, _KEYS, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(_KEYS)}."


def _problem(key: str, value: object) -> str | None:
    name = key.lower()
    if name in _CHECKED_APART:
        return _CHECKED_APART[name](value)
    expected = _expected(name, value)
    return expected and f"JOBS[{key!r}] must be {expected}, not {value!r}."


def _expected(name: str, value: object) -> str | None:
    """Return what a value must be, None where it is right."""
    if name in LEAST:
        return _number_problem(name, value)
    if name in LISTS:
        return _list_problem(name, value)
    if name == "enqueue":
        return None if _is_one_of(value, _WHEN) else "'on_commit' or 'immediate'"
    if name == "sign":
        return None if _is_one_of(value, _SIGN) else "'off', 'sign' or 'require'"
    return None if _is_text(name, value) else "a name or URL as a string"


def _is_one_of(value: object, words: frozenset[str]) -> bool:
    return isinstance(value, str) and value in words


def _is_text(name: str, value: object) -> bool:
    if not isinstance(value, str):
        return False
    if name == "namespace":
        return QUEUE_NAME.match(value) is not None
    return bool(value) or name in _MAY_BE_EMPTY


def _token_problem(value: object) -> str | None:
    """Return what is wrong with what is neither empty nor a good token.

    A header can carry such a token, and nobody can guess it.
    """
    if not isinstance(value, str):
        return _TOKEN_PROBLEM
    is_good = len(value) >= SHORTEST_TOKEN and _TOKEN.match(value) is not None
    return None if is_good or not value else _TOKEN_PROBLEM


def _list_problem(name: str, value: object) -> str | None:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        return "a list of strings"
    if name == "queues" and not (value and all(_QUEUE.match(item) for item in value)):
        return 'a list of queue names such as ["high", "default"] or ["high,5", "default,1"]'
    if name == "check_ignore" and not all(item.partition(":")[0] in KINDS for item in value):
        return f"a list of kinds of problems, alone or as 'kind:name'. Kinds: {', '.join(KINDS)}"
    return None


def _limits_problem(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return (
            "JOBS['QUEUE_LIMITS'] must be a dictionary of queues and their limits such as "
            f'{{"imports": 10_000}}, not {brief(value)}.'
        )
    for queue, limit in value.items():
        if not (isinstance(queue, str) and QUEUE_NAME.match(queue)):
            return f"JOBS['QUEUE_LIMITS'] names {brief(queue)}, which is no name of a queue."
        if type(limit) is not int or limit < 1:
            return (
                f"JOBS['QUEUE_LIMITS'][{queue!r}] must be a whole number of at least 1, not "
                f"{brief(limit)}. To have no limit, leave {queue!r} out; to let nothing run, pause "
                f"the queue: manage.py jobs pause {queue}"
            )
    return None


def _outbox_problem(value: object) -> str | None:
    named = value if isinstance(value, list | tuple) else [value]
    if isinstance(value, bool) or (named and all(each and isinstance(each, str) for each in named)):
        return None
    return (
        "JOBS['OUTBOX'] must be True, False, the alias of a database such as 'default', or a list "
        f"of aliases, not {brief(value)}."
    )


def _switch_problem(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    return f"JOBS['COUNT_QUERIES'] must be True or False, not {brief(value)}."


#: What says itself what is wrong with a setting, or None.
_CHECKED_APART: Mapping[str, Callable[[object], str | None]] = {
    "capsules": capsules_problem,
    "count_queries": _switch_problem,
    "metrics_token": _token_problem,
    "outbox": _outbox_problem,
    "queue_limits": _limits_problem,
}


def _number_problem(name: str, value: object) -> str | None:
    kinds = (int, float) if isinstance(getattr(_DEFAULTS, name), float) else int
    if not isinstance(value, kinds) or isinstance(value, bool):
        return f"a number of at least {LEAST[name]}"
    broken = bounds_broken(name, value)
    return broken and f"a number of {broken}"
