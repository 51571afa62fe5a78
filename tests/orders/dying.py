"""A process that can die at any moment that matters.

Before and after each call of a service and each commit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from orders.services.http import ServiceClient

WRITES = ("INSERT", "UPDATE", "DELETE")


class Died(BaseException):
    """The process is gone: nothing that it meant to do next happens."""


class Mortal:
    """Counts the moments of the shop's code in this thread.

    It dies once, at the moment it was told.
    """

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.moments = 0

    @contextmanager
    def living(self) -> Iterator[None]:
        """Watch over services and commits, as long as the block lasts."""
        with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(self._write):
            patch.setattr(ServiceClient, "request", self._around(ServiceClient.request))
            patch.setattr(
                connection,
                "commit",
                self._around(connection.commit, connection.rollback, _forget_hooks),
            )
            yield

    def _pass(self, cleanup: Callable[[], object] | None = None) -> None:
        self.moments += 1
        if self.moments == self.at:
            if cleanup:
                cleanup()
            raise Died

    def _around(
        self, function: Callable[..., Any], *cleanups: Callable[[], object]
    ) -> Callable[..., Any]:
        before, after = cleanups or (None, None)

        def mortal(*args: Any, **kwargs: Any) -> Any:
            self._pass(before)
            result = function(*args, **kwargs)
            self._pass(after)
            return result

        return mortal

    def _write(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        """Take a write outside of a transaction for what it is, a commit."""
        is_commit = sql.startswith(WRITES) and not connection.in_atomic_block
        return (self._around(execute) if is_commit else execute)(sql, *args)


def _forget_hooks() -> None:
    """Lose what was to happen after the commit.

    The commit itself stands.
    """
    connection.run_on_commit = []
    connection.run_commit_hooks_on_set_autocommit_on = False
