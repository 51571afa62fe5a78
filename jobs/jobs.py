"""The jobs of the library itself."""

from jobs.errors import ProblemFound
from jobs.handlers import tell
from jobs.job import Job


class TellProblemJob(Job):
    """Tells an error handler of a problem that it failed to hear of.

    Its failures are those of the handler. They heal by themselves, so they are transient.
    """

    transient_errors = (Exception,)

    def perform(self, handler: str, message: str, context: dict[str, str]) -> None:
        """Call the handler, and raise what it raises."""
        tell(handler, ProblemFound(message), context)
