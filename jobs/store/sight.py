"""What the one who asks may see: which queues, and whether arguments too."""

from collections.abc import Callable
from dataclasses import dataclass


def _all_queues(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader shows.

    Queues that it does not see are as if they were not there. Without `sees_arguments` a job is
    shown without its arguments, context and result, and without the words of its errors.
    """

    sees_queue: Callable[[str], bool] = _all_queues
    sees_arguments: bool = True

    @property
    def sees_all_queues(self) -> bool:
        """Whether no queue is ever hidden."""
        return self.sees_queue is _all_queues


#: What commands and programs see.
EVERYTHING = Sight()
#: All queues, and no words of any job.
WORDLESS = Sight(sees_arguments=False)
