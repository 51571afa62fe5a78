"""Waits for the result of a job.

Whoever waits looks now and then: soon at first, and more seldom the longer it takes. So a job that
nobody waits for pays nothing, many may wait for one, and a lost connection costs one look. A key to
block on would need a connection for each who waits.
"""

import asyncio
import time
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.utils.asyncio import async_unsafe

from jobs import returns
from jobs.abilities import abilities, awaits_commit
from jobs.conf import get_settings
from jobs.enqueue import options_of
from jobs.errors import (
    InvalidArguments,
    InvalidJob,
    StoreUnavailable,
    UnknownJob,
    UntrustedPayload,
)
from jobs.features.results.desks import named_queues, switch
from jobs.making import EnqueuedJob
from jobs.payload import Payload, decode_for
from jobs.registry import registry
from jobs.result_errors import JobDied, JobGone, JobNotPushed, KeepsNoResult, ResultTimeout
from jobs.shield import shielded
from jobs.store.bounded import time_limited
from jobs.store.whereabouts import Glance
from jobs.text import brief

#: How long one waits who does not say. Seconds.
PATIENCE = 10.0
#: The longest wait, in seconds: a day. What takes longer had better be told than asked for.
LONGEST_WAIT = 86_400.0
#: The shortest and the longest pause between two looks, in seconds.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.005, 0.25
#: A pause is this part of the time that was waited, so that nobody waits much longer than needed.
PART = 0.15

_KEEPS_NONE = (
    "its result is not kept. Write keep_result_for = timedelta(hours=1) in its class, "
    "or using(keep_result_for=…) at the call."
)
_NOT_PUSHED = (
    "it is not there yet: it is pushed when the transaction that is open in this thread commits. "
    "Ask for its result after that."
)
_UNKNOWN = (
    "there is no such job. It is done and its result was not kept, or no longer; or it was "
    "discarded or deleted; or its transaction has not committed; or it never existed."
)
_ENDED = "it ended without a result while it was waited for: it was discarded or deleted."


def result(job_id: str, *, timeout: float = PATIENCE) -> Any:
    """Wait until a job has ended, and return what its `perform` returned.

    It does what `EnqueuedJob.result` does, for whoever has only the id. Its first look takes two
    round trips more, O(queues).
    """
    return _wait(_Wait(job_id, timeout))


async def aresult(job_id: str, *, timeout: float = PATIENCE) -> Any:  # noqa: ASYNC109  # as `result` has it
    """Do what `result` does, from a coroutine."""
    return await _await(_Wait(job_id, timeout))


def _result_of(enqueued: EnqueuedJob, timeout: float) -> Any:
    return _wait(_wait_for(enqueued, timeout))


async def _aresult_of(enqueued: EnqueuedJob, timeout: float) -> Any:  # noqa: ASYNC109
    return await _await(_wait_for(enqueued, timeout))


abilities.result = _result_of
abilities.aresult = _aresult_of


def _wait_for(enqueued: EnqueuedJob, timeout: float) -> "_Wait":
    """Return the wait for a job. Raise what is known without asking Redis."""
    wait = _Wait(enqueued.id, timeout, enqueued.queue)
    if enqueued.is_vetoed:
        raise JobGone(enqueued.id, "it was not enqueued: a client middleware vetoed it.")
    if not enqueued.keeps_result:
        raise KeepsNoResult(enqueued.id, _KEEPS_NONE)
    return wait


@async_unsafe(
    "Waiting here for a result would block the event loop. Write await enqueued.aresult(…), "
    "or await jobs.aresult(job_id)."
)
def _wait(wait: "_Wait") -> Any:
    wait.check_commit()
    while not wait.look():
        time.sleep(wait.pause())
    return wait.value


async def _await(wait: "_Wait") -> Any:
    await sync_to_async(wait.check_commit)()  # in the thread of Django's ORM, as an `aenqueue`
    loop = asyncio.get_running_loop()
    while not await loop.run_in_executor(None, wait.look):  # noqa: ASYNC110  # it ends elsewhere
        await asyncio.sleep(wait.pause())
    return wait.value


class _Wait:
    """One wait for one job. Between two looks its caller sleeps."""

    def __init__(self, job_id: str, timeout: float, queue: str | None = None) -> None:
        """Begin to wait.

        Raise InvalidArguments for an id or a timeout that cannot be one.
        """
        if not isinstance(job_id, str):
            raise InvalidArguments(
                f"The id of a job is a text, not {brief(job_id)}; enqueue() returns it as `.id`."
            )
        _check_timeout(timeout)
        self._job_id = job_id
        self._timeout = timeout
        self._queue = queue
        self._begun = time.monotonic()
        self._has_seen_it = False
        #: Whether the next look is to bring the payload, since the options in it are not known yet.
        self._has_to_check = queue is None
        self._desk = switch.current()
        #: What the job returned, once a look has been true.
        self.value: Any = None

    def check_commit(self) -> None:
        """Raise JobNotPushed if this thread holds the job back."""
        if awaits_commit(self._job_id):
            raise JobNotPushed(self._job_id, _NOT_PUSHED)

    def look(self) -> bool:
        """Look whether the job has ended, and tell whether its result is here.

        Raise why there will be none, or none in time.
        """
        try:
            # A stop that struck in here would leave the time limit with the thread.
            with shielded(), time_limited(get_settings().enqueue_timeout):
                glance = self._glance()
        except StoreUnavailable:
            if self._left() <= 0:
                raise
            return False
        return self._judge(glance)

    def pause(self) -> float:
        """Return for how many seconds to sleep before the next look."""
        wanted = PART * (time.monotonic() - self._begun)
        return max(0.0, min(max(SHORTEST_PAUSE, wanted), LONGEST_PAUSE, self._left()))

    def _left(self) -> float:
        return self._timeout - (time.monotonic() - self._begun)

    def _glance(self) -> Glance:
        if self._queue is None:
            self._queue = self._desk.queue_of(self._job_id, named_queues())
            if self._queue is None:
                raise JobGone(self._job_id, _UNKNOWN)
        wanted = partial(self._desk.look, self._queue, self._job_id)
        return wanted("always") if self._has_to_check else wanted()

    def _judge(self, glance: Glance) -> bool:
        if glance.place == "gone":
            raise JobGone(self._job_id, _ENDED if self._has_seen_it else _UNKNOWN)
        self._has_seen_it = True
        if glance.place == "done" and glance.payload is not None:
            self.value = _result_in(self._read(glance.payload))
            return True
        if glance.place == "dead" and glance.payload is not None:
            raise self._death(glance.payload)
        if self._has_to_check and glance.payload is not None:
            _check_keeps(self._read(glance.payload))
            self._has_to_check = False
        if self._left() <= 0 or not self._desk.moves:
            raise ResultTimeout(self._job_id, glance.place, self._timeout)
        return False

    def _read(self, raw: bytes) -> Payload:
        """Return the payload of the job. Raise InvalidPayload where nobody may trust it."""
        return decode_for(raw, self._job_id, self._queue or "")

    def _death(self, raw: bytes) -> JobDied:
        try:
            errors = self._read(raw).errors
        except UntrustedPayload as error:  # a worker has parked it for that
            return JobDied(self._job_id, type(error).__name__, str(error))
        last = errors[-1] if errors else {}
        return JobDied(self._job_id, last.get("class", ""), last.get("message", ""))


def _check_timeout(timeout: object) -> None:
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or not 0 <= timeout <= LONGEST_WAIT:  # type: ignore[operator]  # it is a number
        raise InvalidArguments(
            f"timeout is in seconds, 0 to {LONGEST_WAIT:,.0f}, not {brief(timeout)}. A wait has an "
            "end: what may take longer is told by the job, or shown by {% job_progress %}."
        )


def _result_in(payload: Payload) -> Any:
    if payload.result_lost:
        reason = f"what it returned was not kept: {payload.result_lost}."
        raise KeepsNoResult(payload.id, reason)
    return payload.result


def _check_keeps(payload: Payload) -> None:
    """Raise KeepsNoResult for a job whose result nobody wants.

    A process that does not know its class waits all the same.
    """
    try:
        options = options_of(registry.find(payload.job_class), payload)
    except (UnknownJob, InvalidJob):
        return
    if not returns.are_wanted(options):
        raise KeepsNoResult(payload.id, _KEEPS_NONE)
