"""Every exception of the library. Raised by all layers; catches nothing itself.

JobsError
 ├─ ConfigurationError    a wrong setting or an unsuitable Redis
 ├─ InvalidJob            a job class that cannot work as it is written
 ├─ InvalidArguments      arguments that do not fit `perform` or do not survive JSON
 ├─ InvalidPayload        bytes in Redis that are no payload
 ├─ UnknownJob            a payload whose job class nobody defines
 ├─ StoreUnavailable      Redis did not answer in time
 └─ LeaseLapsed           the worker was silent for too long; others have its jobs

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
            f"Redis at {url} cannot be used: {str(cause).rstrip(chr(46))}. Is it running, and does JOBS_REDIS_URL name it? "
            "In development, start one with: python manage.py devredis"
        )


class LeaseLapsed(JobsError):
    """This worker's lease ran out and its jobs were given to others; it must go on under a new name."""

    def __init__(self, worker: str) -> None:
        """Keep the name under which nothing can be done any more."""
        self.worker = worker
        super().__init__(f"The lease of worker {worker} ran out.")


class JobInterrupted(BaseException):
    """Raised inside a running job when its worker must stop now; the job goes back to its queue."""
