"""The pace of restarts, which grows slower as children die at once."""

import time

#: A child that lived for so long is replaced at once; before that with a growing pause. Seconds.
HEALTHY_AFTER = 5.0
#: The pause after the second quick death. Each further one is twice the last. Seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.4, 30.0


class Pace:
    """When the next child may be forked."""

    def __init__(self) -> None:
        """Start with no pause."""
        self._quick_deaths = 0
        #: By the monotonic clock.
        self.starts_at = 0.0

    def note_death(self, lived: float, *, is_fault: bool) -> None:
        """Note that a child ended after so many seconds.

        `is_fault`: it ended as none should. The first quick death costs no pause; the second 0.4 s,
        the third 0.8 s.
        """
        is_quick = is_fault and lived < HEALTHY_AFTER
        self._quick_deaths = self._quick_deaths + 1 if is_quick else 0
        pause = 0.0
        if self._quick_deaths > 1:
            pause = min(FIRST_PAUSE * 2 ** (self._quick_deaths - 2), LONGEST_PAUSE)
        self.starts_at = time.monotonic() + pause
