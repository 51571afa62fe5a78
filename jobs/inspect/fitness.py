"""Whether a job in Redis suits the code of this process.

A worker with this code parks what does not, or fails it. `misfits` asks about many jobs. Nothing
of a project runs here but the rules of its options, and no value of an argument is ever told.
"""

import difflib
from dataclasses import dataclass
from typing import Literal, get_args

from jobs.enqueue import options_of
from jobs.errors import (
    ConfigurationError,
    InvalidArguments,
    InvalidPayload,
    UnknownJob,
    UntrustedPayload,
)
from jobs.job import Job
from jobs.middleware.chain import declared_options
from jobs.options import is_declared
from jobs.payload import Payload, decode_for
from jobs.protection import opened
from jobs.registry import registry
from jobs.text import shortened, shown

#: Why a job may not suit the code.
FaultKind = Literal["unknown_class", "options", "arguments", "unreadable"]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
#: Longest name of a class, and longest reason, that is told.
MOST_NAME, MOST_REASON = 200, 500
#: What reading may raise for bytes that something else has written.
_UNREADABLE = (InvalidPayload, ArithmeticError, RecursionError, TypeError, ValueError)
_KEEP_OPTION = "Keep the option, or the middleware that declares it, until these jobs have run."
_KEEP_PARAMETERS = (
    "Give a new parameter a default value, and keep an old one until these jobs have run."
)
_MEND = "No worker with this code can run these jobs: mend it before it is released."
_LOOK = (
    "Look at it with: python manage.py jobs explain {id}. "
    "If nobody needs it, run: python manage.py jobs delete {id}"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a job does not suit the code here, and the remedy."""

    kind: FaultKind
    job_class: str
    reason: str
    remedy: str


def fault_of(raw: bytes, job_id: str, queue: str) -> Fault | None:
    """Return why a job does not suit the code.

    Return None if it does. What middleware wants of its context is not judged. Redis is not
    asked.
    """
    try:
        payload = decode_for(raw, job_id, queue)
    except _UNREADABLE as error:
        return _unreadable(job_id, error)
    if "unreadable" in payload.extra:  # a worker has parked it for that
        return _unreadable(job_id, "a worker has parked it for that")
    try:
        job_class = registry.find(payload.job_class)
    except UnknownJob as error:
        if error.__cause__ is not None:  # its code is here, and raises
            reason = shortened(str(error), MOST_REASON)
            return Fault("unknown_class", shortened(payload.job_class, MOST_NAME), reason, _MEND)
        return _unknown_class(payload.job_class)
    try:
        payload = opened(payload)
    except (ConfigurationError, InvalidPayload) as error:
        return _unreadable(job_id, error)
    name = shortened(payload.job_class, MOST_NAME)
    return _options_fault(name, job_class, payload) or _arguments_fault(name, job_class, payload)


def _unreadable(job_id: str, why: Exception | str) -> Fault:
    is_readable = isinstance(why, UntrustedPayload)
    what = "It is not trusted" if is_readable else "Its payload cannot be read"
    reason = f"{what}: {shortened(str(why), MOST_REASON).rstrip('.')}."
    return Fault("unreadable", "", reason, _LOOK.format(id=shown(job_id)))


def _unknown_class(name: str) -> Fault:
    known = registry.names()
    alike = [each for each in known if _last(each) == _last(name)]
    alike = alike or difflib.get_close_matches(shortened(name, MOST_NAME), known, n=1)
    remedy = "Ship the class with this release, and remove it when none of its jobs is left."
    name = shortened(name, MOST_NAME)
    if alike:
        remedy += f" If it is {alike[0]} now, keep a subclass of that as {name} until then."
    return Fault("unknown_class", name, "No job class of this name is known here.", remedy)


def _last(name: str) -> str:
    """Return the name of a class without its app."""
    return name.rpartition(".")[2]


def _options_fault(name: str, job_class: type[Job], payload: Payload) -> Fault | None:
    """Judge what `using()` changed, by the rules that hold now."""
    if not payload.options or _has_valid_options(job_class, payload):
        return None
    each = {option: {option: value} for option, value in payload.options.items()}
    wrong = [
        option
        for option, alone in each.items()
        if not _has_valid_options(job_class, payload.changed(options=alone))
    ]
    # Those that are right alone exclude each other.
    reason = " ".join(map(_wrong_option, wrong)) or (
        f"Its options exclude each other: {', '.join(payload.options)}."
    )
    return Fault("options", name, shortened(reason, MOST_REASON), _KEEP_OPTION)


def _has_valid_options(job_class: type[Job], payload: Payload) -> bool:
    try:
        options_of(job_class, payload)
    except Exception:  # noqa: BLE001  # whatever a rule of the project raises parks the job
        return False
    return True


def _wrong_option(option: str) -> str:
    told = shortened(option, MOST_NAME)
    if is_declared(option) or option in declared_options():
        return f"Its option {told!r} has a value that is not right any more."
    return f"Nothing here declares its option {told!r}."


def _arguments_fault(name: str, job_class: type[Job], payload: Payload) -> Fault | None:
    try:
        job_class.check_signature(payload.args, payload.kwargs)
    except InvalidArguments as error:
        reason = shortened(str(error), MOST_REASON)
        return Fault("arguments", name, reason, _KEEP_PARAMETERS)
    return None
