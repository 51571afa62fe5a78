"""Every exception of the library. Raised by all layers; catches nothing itself.

JobsError
 ├─ ConfigurationError    a wrong setting or an unsuitable Redis
 ├─ InvalidJob            a job class that cannot work as it is written
 ├─ InvalidArguments      arguments that do not fit `perform` or do not survive JSON
 ├─ InvalidPayload        bytes in Redis that are no payload
 ├─ UnknownJob            a payload whose job class nobody defines
 ├─ JobCancelled          somebody cancelled the job while it ran
 ├─ StoreUnavailable      Redis did not answer in time
 ├─ WorkerCrashed         the process that ran the job died, again and again
 ├─ LeaseLapsed           the worker was silent for too long; others have its jobs
 ├─ TransientError        wraps an error that will heal by itself
 ├─ LimitExceeded         too many hold the limit at this moment
 │   └─ LockNotAcquired   somebody else holds the lock
 └─ LockLost              the lease of a lock or limit ran out while it was held

Snooze, Discard          raised by a job to end its run without a failure
 └─ Expired              the job was to start earlier, or not at all

JobInterrupted is a BaseException: a stop is not a failure, and `except Exception` in a job must not swallow it.
"""


class JobsError(Exception):
    """Any error that this library raises on purpose."""


class ConfigurationError(JobsError):
    """A setting is wrong or Redis is unsuitable; the message says what to change."""


class InvalidJob(JobsError):
    """A job class cannot work as it is written; raised when the class is defined."""


class InvalidArguments(JobsError):
    """The arguments of an enqueue do not fit `perform`, are not JSON, or are too large."""


class InvalidPayload(JobsError):
    """The bytes stored for a job are not a payload."""


class UnknownJob(JobsError):
    """No job class of this name is registered in this process."""

    def __init__(self, name: str) -> None:
        """Keep the name that was looked for."""
        self.name = name
        super().__init__(f"No such job class: {name}. Deploy the code that defines it, then retry the job.")


class StoreUnavailable(JobsError):
    """Redis could not be reached or did not answer within the bound."""

    def __init__(self, url: str, cause: object) -> None:
        """Keep the URL (without password) and the cause."""
        self.url = url
        super().__init__(
            f"Redis at {url} cannot be used: {str(cause).rstrip('.')}. "
            "Is it running, and does JOBS_REDIS_URL name it? In development, start one with: python manage.py devredis"
        )


class WorkerCrashed(JobsError):
    """The process that ran the job died, in as many crashes as are allowed; the message says how."""


class JobCancelled(JobsError):
    """The job was cancelled by a person while it ran; kept in the dead set as its last error."""


class LeaseLapsed(JobsError):
    """This worker's lease ran out and its jobs were given to others; it must go on under a new name."""

    def __init__(self, worker: str) -> None:
        """Keep the name under which nothing can be done any more."""
        self.worker = worker
        super().__init__(f"The lease of worker {worker} ran out.")


class TransientError(JobsError):
    """Wraps an error that will heal by itself, with its message, and keeps it as `__cause__`.

    An error catcher that ignores this one class stays silent about what a retry will mend, and about nothing else.
    """


class LimitExceeded(JobsError):
    """As many as are allowed hold the limit, and it did not come free in time."""

    def __init__(self, name: str, slots: int) -> None:
        """Keep the name of the limit and how many may hold it."""
        self.name, self.slots = name, slots
        super().__init__(f"{name!r} is held by {slots} already. Raise Snooze to try later, or wait longer for it.")


class LockNotAcquired(LimitExceeded):
    """Somebody else holds the lock, and it did not come free in time."""


class LockLost(JobsError):
    """The lease of a lock or limit ran out while it was held: somebody else may hold it now."""


class Snooze(Exception):  # it is no error
    """Raised by a job that wants to run later; spends no attempt and is no failure."""

    def __init__(self, seconds: float) -> None:
        """Take the seconds to wait, 0 or more."""
        if seconds < 0:
            raise ValueError(f"A job cannot snooze into the past: {seconds} s.")
        self.seconds = float(seconds)
        super().__init__(f"again in {seconds:g} s")


class Discard(Exception):  # it is no error
    """Raised by a job that has become pointless: it is dropped, counted and logged, and is no failure."""


class Expired(Discard):
    """The job starts later than its option `expires_in` allows."""


class JobInterrupted(BaseException):
    """Raised inside a running job when its worker must stop now; the job goes back to its queue."""
