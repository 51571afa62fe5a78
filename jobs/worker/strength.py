"""The strength of a supervisor: how many workers are wanted and missing."""

from jobs.worker.child import Death


class Strength:
    """Counts the workers of one supervisor."""

    def __init__(self, wanted: int, *, burst: bool) -> None:
        """Miss all of them.

        In a burst nobody replaces a worker whose work is done.
        """
        self.wanted = wanted
        self.missing = wanted
        self._burst = burst

    def note_death(self, death: Death, *, was_told_to_stop: bool) -> None:
        """Note that a worker ended.

        One that was told to stop has its successor already.
        """
        if was_told_to_stop:
            return
        if death.is_by_request:
            self.wanted -= 1
        elif not (self._burst and death.is_well):
            self.missing += 1
