"""A rolling restart: each worker is replaced, the successor first, one after the other."""

from collections.abc import Collection, Iterable

from jobs.worker.child import Child


class RollingRestart:
    """Which children are still to be replaced."""

    def __init__(self) -> None:
        """Start with nothing to do."""
        self._to_replace: list[Child] = []

    def begin(self, children: Iterable[Child]) -> None:
        """Replace all of these."""
        self._to_replace = list(children)

    def next(self, living: Collection[Child], wanted: int) -> Child | None:
        """Return the next child to replace.

        None while another is being replaced, or when none is left.
        """
        self._to_replace = list(filter(living.__contains__, self._to_replace))
        is_replacing = len(living) != wanted
        if is_replacing or not self._to_replace:
            return None
        return self._to_replace.pop(0)
