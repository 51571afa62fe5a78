"""What happens in a process that a job has forked.

`os.fork`, and `multiprocessing` where it forks, copy the thread that calls them with all that the
worker owns. The copy may do what the job wants of it. It must not answer the worker's signals,
write on its board or record the job's end.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from jobs.events import ForkCameBack, emit

#: How many forks lie between this process and the first. Cheaper to ask than the pid.
generation = 0
_cleanings: list[Callable[[], None]] = []


def leave_behind(clean: Callable[[], None]) -> None:
    """Have `clean` called at once in each process that this one forks.

    It closes what only this one may use.
    """
    _cleanings.append(clean)


def keep(clean: Callable[[], None]) -> None:
    """Take back what `leave_behind` was told."""
    with suppress(ValueError):
        _cleanings.remove(clean)


def end_copy(
    error: BaseException | None = None, *, job_id: str | None = None, queue: str | None = None
) -> NoReturn:
    """End a process that a job forked and that came back from its code.

    `sys.exit()` means what it means in any process. Whatever else brought it back is reported.
    """
    if not isinstance(error, SystemExit):
        emit(
            ForkCameBack(id=job_id, queue=queue, pid=os.getpid(), parent=os.getppid(), raised=error)
        )
    code = _exit_code(error)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)


def _exit_code(error: BaseException | None) -> int:
    """Return the code with which Python would end."""
    if not isinstance(error, SystemExit):
        return 1
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    with suppress(Exception):
        sys.stderr.write(f"{error.code}\n")
    return 1


def _clean() -> None:
    """Close each thing once.

    A grandchild must not close a descriptor that its parent has opened since.
    """
    global generation  # noqa: PLW0603  # a process learns it from the fork alone
    generation += 1
    while _cleanings:
        with suppress(Exception):
            _cleanings.pop()()


os.register_at_fork(after_in_child=_clean)
