"""Every exception of the library.

All layers raise them. Nothing here catches any. NoResult and its kinds stand in `result_errors.py`.

JobsError
 ├─ ConfigurationError    a wrong setting or an unsuitable Redis
 ├─ InvalidJob            a job class that cannot work as it is written
 ├─ InvalidArguments      arguments that do not fit `perform` or do not survive JSON
 ├─ InvalidPayload        bytes in Redis that are no payload
 │   └─ UntrustedPayload  their signature is wrong or missing
 ├─ DuplicateJob          another job holds the place of a unique one
 ├─ QueueFull             a queue holds as many jobs as it may
 ├─ UnknownJob            a payload whose job class nobody defines
 ├─ JobCancelled          somebody cancelled the job while it ran
 ├─ StoreUnavailable      Redis did not answer in time
 ├─ StoreCorrupt          a key in Redis is not what it should be
 ├─ WorkerCrashed         the process that ran the job died, again and again
 ├─ ProblemFound          `jobs check` found a problem; error handlers get it
 ├─ ScheduleRefused       a schedule cannot be paused, resumed or run as asked
 ├─ TransientError        wraps an error that will heal by itself
 ├─ NoResult              there is no result to be had of a job
 │   ├─ ResultTimeout     the job has not ended in time
 │   ├─ JobDied           the job is in the dead set
 │   ├─ KeepsNoResult     what the job returns is not kept
 │   ├─ JobNotPushed      its transaction has not committed yet
 │   └─ JobGone           there is no job of this id, or no more
 ├─ LimitExceeded         too many hold the limit at this moment
 │   └─ LockNotAcquired   somebody else holds the lock
 └─ LockLost              the lease of a lock or limit ran out while it was held

Snooze, Discard          raised by a job to end its run without a failure
 └─ Expired              the job was to start earlier, or not at all

JobInterrupted and TimeLimitExceeded are BaseExceptions: `except Exception` in a job must not
swallow them. A stop is no failure, and a run that takes too long is one.
"""

from jobs.redis_url import advice


class JobsError(Exception):
    """Any error that this library raises on purpose."""


class ConfigurationError(JobsError):
    """A setting is wrong or Redis is unsuitable.

    The message says what to change.
    """


class InvalidJob(JobsError):
    """A job class cannot work as it is written.

    Raised when the class is defined.
    """


class InvalidArguments(JobsError):
    """The arguments of an enqueue cannot be used.

    They do not fit `perform`, are not JSON, or are too large.
    """


class InvalidPayload(JobsError):
    """The bytes stored for a job are no payload.

    Also raised when a middleware made a payload that cannot be stored.
    """


class UntrustedPayload(InvalidPayload):
    """The signature of a payload is wrong, or missing where it must stand."""


class DuplicateJob(JobsError):
    """Another job has the place that a unique job wanted.

    `job_id` is the id of that job, `job_class` the name of the class of both.
    """

    def __init__(self, job_class: str, job_id: str) -> None:
        """Keep the name of the class, and the id of that job."""
        self.job_class, self.job_id = job_class, job_id
        super().__init__(
            f"{job_class} is unique, and job {job_id} has its place. "
            'Catch DuplicateJob, or choose on_conflict="return".'
        )


class QueueFull(JobsError):
    """A queue has no room for these jobs.

    It holds `size` that have not ended, and may hold `limit`. None of the `jobs` that were to be
    added is enqueued. Of a call for many the first `pushed` are, and no other.
    """

    def __init__(self, queue: str, size: int, limit: int, jobs: int = 1) -> None:
        """Keep what the queue holds and may hold, and how many it should take."""
        self.queue, self.size, self.limit, self.jobs = queue, size, limit, jobs
        self.pushed = 0
        super().__init__(queue, size, limit, jobs)

    def __str__(self) -> str:
        """Say what is full, and what to do."""
        remedy = "Enqueue fewer at a time." if self.jobs > self.limit else "Try again later."
        known = f" The first {self.pushed:,} are enqueued." if self.pushed else ""
        return (
            f"Queue {self.queue!r} holds {self.size:,} jobs that have not ended and may hold "
            f"{self.limit:,}, so there is no room for {self.jobs:,} more. {remedy}{known}"
        )


class UnknownJob(JobsError):
    """No job class of this name is registered in this process."""

    def __init__(self, name: str, why: str = "") -> None:
        """Keep the name. `why` is what keeps its code from being used."""
        self.name = name
        is_gone = f"No such job class: {name}. Deploy the code that defines it"
        problem = f"{name} cannot be used: {why}. Mend that" if why else is_gone
        super().__init__(f"{problem}, then retry the job.")


class StoreUnavailable(JobsError):
    """Redis could not be reached or did not answer within the bound.

    Where jobs were pushed, `jobs` is how many it was about. The first `pushed` of them are
    enqueued. Whether the next ones are is not known, since an answer may have been lost. An
    `enqueue_many` counts what it had read by then, without what a middleware vetoed. `is_answer`
    where Redis said so itself, as one that is full.
    """

    def __init__(self, url: str, cause: object, *, is_answer: bool = False) -> None:
        """Keep the URL (without password) and the cause."""
        self.url, self.is_answer = url, is_answer
        self.pushed = self.jobs = 0
        reason = str(cause).rstrip(".")
        super().__init__(f"Redis at {url} cannot be used: {reason}. {advice(url, reason)}")

    def __str__(self) -> str:
        """Say also what is known of the jobs, if they were several."""
        if self.jobs < 2:
            return super().__str__()
        known = f"Of {self.jobs:,} jobs the first {self.pushed:,} are enqueued"
        return f"{super().__str__()} {known}; whether the next ones are is not known."


class StoreCorrupt(JobsError):
    """A key in Redis cannot be used as it is.

    It is of another type, holds what it should not, or may not be touched by our user.
    """

    def __init__(
        self,
        cause: object,
        remedy: str = "Find the key and its remedy with: python manage.py jobs doctor",
    ) -> None:
        """Keep what Redis says, and what to do about it."""
        super().__init__(f"Redis refuses this: {cause}. {remedy}")


class ProblemFound(JobsError):
    """`jobs check` found that something is wrong.

    Error handlers get it. Nobody raises it.
    """


class ScheduleRefused(JobsError):
    """A schedule cannot be paused, resumed or run as somebody asked."""

    def __init__(self, name: str, reason: str) -> None:
        """Keep the name of the schedule, and why."""
        self.name, self.reason = name, reason
        super().__init__(
            f"Schedule {name}: {reason}. See all with: python manage.py jobs schedules"
        )


class WorkerCrashed(JobsError):
    """The process that ran the job has died too often.

    It has crashed as many times as are allowed. The message says how.
    """


class JobCancelled(JobsError):
    """A person cancelled the job while it ran.

    The dead set keeps this as the last error of the job.
    """


class TransientError(JobsError):
    """Wraps an error that will heal by itself.

    It has the message of that error, and keeps it as `__cause__`. An error catcher that ignores
    this one class stays silent about what a retry will mend, and about nothing else.
    """

    @property
    def original(self) -> BaseException:
        """The error that it wraps.

        It is itself if a job has raised it without a cause.
        """
        # Not `or`: an error may have a truth value of its own.
        return self if self.__cause__ is None else self.__cause__


class LimitExceeded(JobsError):
    """The limit is fully taken, and no slot came free in time."""

    def __init__(self, name: str, slots: int) -> None:
        """Keep the name of the limit and how many may hold it."""
        self.name, self.slots = name, slots
        super().__init__(
            f"{name!r} is held by {slots} already. "
            "Raise Snooze to try later, or wait longer for it."
        )


class LockNotAcquired(LimitExceeded):
    """Somebody else holds the lock, and it did not come free in time."""


class LockLost(JobsError):
    """The lease of a lock or limit ran out while it was held.

    Somebody else may hold it now.
    """


class Snooze(Exception):  # it is no error
    """Raised by a job that wants to run later.

    It spends no attempt and is no failure.
    """

    def __init__(self, seconds: float) -> None:
        """Take the seconds to wait, 0 or more."""
        if seconds < 0:
            raise ValueError(f"A job cannot snooze into the past: {seconds} s.")
        self.seconds = float(seconds)
        super().__init__(f"again in {seconds:g} s")


class Discard(Exception):  # it is no error
    """Raised by a job that has become pointless.

    The job is dropped, counted and logged. It is no failure.
    """


class Expired(Discard):
    """The job starts later than its option `expires_in` allows."""


class JobInterrupted(BaseException):
    """Raised inside a running job when its worker must stop now.

    The job goes back to its queue.
    """


class TimeLimitExceeded(BaseException):
    """Raised inside a running job whose time limit has passed.

    It is a failure like any other.
    """

    def __init__(self, seconds: float | None = None) -> None:
        """Take the limit in seconds."""
        super().__init__()
        self.name_limit(seconds)

    def name_limit(self, seconds: float | None) -> None:
        """Say what the limit was.

        Who strikes a thread names a class only, so this comes later.
        """
        of = "" if seconds is None else f" of {seconds:g} s"
        self.seconds = seconds
        self.args = (f"The job ran longer than its time limit{of}.",)


#: What may be raised in a thread from outside, wherever its job is.
STRIKES = (JobInterrupted, TimeLimitExceeded)
