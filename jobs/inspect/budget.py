"""The budget: what one look at many jobs may cost."""

import math
import time


class Budget:
    """So many seconds and so many jobs, or bytes, whichever is spent first.

    A look asks after each job. So it ends soon after its time, however large the jobs are.
    """

    def __init__(self, seconds: float, units: float = math.inf) -> None:
        """Start the clock."""
        self._deadline = time.monotonic() + seconds
        #: How many more jobs or bytes may be looked at.
        self.left = units

    def spend(self, units: int) -> None:
        """Take off what was looked at."""
        self.left -= units

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be looked at."""
        return self.left <= 0 or time.monotonic() >= self._deadline
