"""Claims: what a new job wants of Redis beyond its place in a queue.

Most jobs want nothing. A feature makes claims with `makes_claims`, under an option that job
classes set, and the caller of one job may choose its unique key or its id. `making` asks here, and
knows no feature by name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from jobs.errors import InvalidArguments, InvalidJob
from jobs.ids import new_job_id
from jobs.options import JobOptions, Option, declare_option
from jobs.outbox import OPTION as OUTBOX
from jobs.protection import OPTION as ENCRYPTED
from jobs.protection import guarded_key, is_sealed
from jobs.store import Claim
from jobs.text import brief

if TYPE_CHECKING:
    from jobs.enqueue import ConfiguredJob
    from jobs.job import Job

#: The longest key that a caller may choose, in characters.
MOST_KEY = 1_000
#: The ids that a caller may choose.
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")


class Claimer(Protocol):
    """Makes the claims of the jobs of one configured class.

    `delay` is how long each of its jobs waits at first, None for not at all.
    """

    delay: timedelta | None

    def claim(self, args: Sequence[Any], kwargs: Mapping[str, Any], key: str | None) -> Claim:
        """Return the claim of one job.

        `key` is what the caller chose, if it did.
        """


#: Gets the value of the option, the job class, its name, and the options of the job.
ClaimerMaker = Callable[[Any, "type[Job]", str, JobOptions], Claimer]
_makers: dict[str, ClaimerMaker] = {}


def makes_claims(option: str, rule: Option) -> Callable[[ClaimerMaker], ClaimerMaker]:
    """Return a decorator for what makes the claims of classes that set an option.

    This declares the option too, with None for "no claim". It belongs to the class: `using()`
    cannot change it.
    """
    declare_option(option, rule)

    def add(maker: ClaimerMaker) -> ClaimerMaker:
        _makers[option] = maker
        return maker

    return add


def unique_key(job_class: str, kind: str, what: bytes) -> str:
    """Return a unique key of bounded length.

    It is the name of the class and a digest of what is unique.
    """
    digest = blake2b(what, digest_size=16, person=kind.encode()).hexdigest()
    return f"{job_class}:{digest}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the caller has chosen for one job: its unique key and its id."""

    key: str | None = None
    id: str | None = None

    def changed(self, key: object, job_id: object, owner: str) -> "Chosen":
        """Return a copy with these, or raise InvalidArguments, which names the `owner`."""
        if key is None and job_id is None:
            return self
        return Chosen(
            self.key if key is None else _checked_key(key, owner),
            self.id if job_id is None else _checked_id(job_id, owner),
        )

    def refuse_many(self) -> None:
        """Raise InvalidArguments where several jobs would be given the same key or id."""
        if self.key or self.id:
            raise InvalidArguments(
                "enqueue_many would give each job the same key or id, so that only the first is "
                "new. Call using(…).enqueue(…) for each."
            )


def _checked_key(key: object, owner: str) -> str:
    if isinstance(key, str) and 1 <= len(key) <= MOST_KEY:
        return key
    raise InvalidArguments(
        f"{owner}: key must be a text of 1 to {MOST_KEY:,} characters, not {brief(key)}."
    )


def _checked_id(job_id: object, owner: str) -> str:
    if isinstance(job_id, str) and _ID.match(job_id):
        return job_id
    raise InvalidArguments(
        f"{owner}: id must be 1 to 64 letters, digits, '_', '.', ':' or '-', "
        f"not {brief(job_id)}. A longer text may be the key instead."
    )


NOTHING_CHOSEN = Chosen()


def claimed_by(options: JobOptions) -> str | None:
    """Return the option by which jobs with these options make claims, None for most."""
    if not options.others:  # the way of most jobs
        return None
    return next((name for name in _makers if options.others.get(name) is not None), None)


def check_choice(configured: "ConfiguredJob", options: Mapping[str, Any], owner: str) -> None:
    """Raise an error for what does not go together in `using()`.

    It is InvalidJob or InvalidArguments.
    """
    for name in (_makers.keys() | {OUTBOX, ENCRYPTED}) & options.keys():
        raise InvalidJob(f"{owner}: option {name!r} belongs to the class, and cannot be changed.")
    option = claimed_by(configured.options)
    is_elsewhere = configured.options.queue != configured.job_class.options.queue
    if is_elsewhere and (option or configured.chosen != NOTHING_CHOSEN):
        what = f"the option {option!r}" if option else "a key or id"
        raise InvalidJob(
            f"{owner}: queue={configured.options.queue!r} does not go with {what}: a job is unique "
            f"within one queue only. Leave it in {configured.job_class.options.queue!r}, or give "
            "the job a class of its own."
        )
    if configured.run_after is None:
        return
    claimer = claimer_for(configured, configured.job_class.__name__)
    if claimer is not None and claimer.delay is not None:
        raise InvalidArguments(
            f"{owner}: run_after does not go with a class that is debounced: its delay decides."
        )


def claimer_for(configured: "ConfiguredJob", name: str) -> "ChoiceClaimer | None":
    """Return what makes the claims of a configured class.

    `name` is that of the class. Most classes have none.
    """
    chosen = configured.chosen
    option = claimed_by(configured.options)
    if option is None and chosen == NOTHING_CHOSEN:
        return None
    options = configured.options
    claimer: Claimer
    if option is None:
        claimer = KeyClaimer(name, options)
    else:
        claimer = _makers[option](options.others[option], configured.job_class, name, options)
    return ChoiceClaimer(claimer, chosen, is_guarded=is_sealed(options))


def expires_in(options: JobOptions) -> int | None:
    """Return after how many ms jobs with these options expire, None for never."""
    duration = options.others.get("expires_in")
    return round(duration.total_seconds() * 1000) if isinstance(duration, timedelta) else None


class KeyClaimer:
    """Makes claims for classes that are not unique.

    The key of the caller is, until the job is done.
    """

    delay: timedelta | None = None

    def __init__(self, name: str, options: JobOptions) -> None:
        """Take the name of the class, and the options of the job."""
        self._name = name
        self._expires_in = expires_in(options)

    def claim(self, args: Sequence[Any], kwargs: Mapping[str, Any], key: str | None) -> Claim:
        """Return the claim of one job, whatever its arguments are."""
        if key is None:
            return Claim()
        return Claim(unique_key(self._name, "key", key.encode()), expires_in=self._expires_in)


class ChoiceClaimer:
    """Makes claims with what the caller has chosen."""

    def __init__(self, claimer: Claimer, chosen: Chosen, *, is_guarded: bool) -> None:
        """Take who makes them, what was chosen, and whether keys must tell nothing."""
        self._is_guarded = is_guarded
        self._claimer = claimer
        self._chosen = chosen
        self.delay = claimer.delay

    def claim(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Claim:
        """Return the claim of one job."""
        claim = self._claimer.claim(args, kwargs, self._chosen.key)
        if self._is_guarded and claim.key:
            claim = replace(claim, key=guarded_key(claim.key))
        if self._chosen.id is None:
            return claim
        # Each call is a push of its own, and no repetition of an earlier one.
        return replace(claim, push=new_job_id())
