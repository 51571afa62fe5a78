"""The sub-commands of `manage.py jobs` that change a queue: pause, resume and limit."""

from argparse import ArgumentTypeError
from collections.abc import Sequence
from difflib import get_close_matches

from django.core.management.base import CommandError, OutputWrapper

from jobs import control, inspect
from jobs.management.job_commands import Add
from jobs.management.terminal import counted
from jobs.options import check_queue_name
from jobs.store.reader import Reader

#: What takes the limit of a queue away.
NO_LIMIT = "none"


class QueueCommands:
    """The part of the command that declares and runs them."""

    stdout: OutputWrapper
    reader: Reader

    def add_queue_commands(self, add: Add) -> None:
        """Declare the sub-commands by means of `add`."""
        pause = "Let no worker take jobs from these queues; what runs goes on."
        resume = "Let workers take jobs from these queues again."
        limit = (
            "Let at most N jobs of a queue run at a time, in all workers together. How many it may "
            "hold is another thing: JOBS['QUEUE_LIMITS']."
        )
        commands = [add("pause", self.pause, pause), add("resume", self.resume, resume)]
        for command in commands:
            command.add_argument("queues", nargs="+", metavar="QUEUE")
        limiting = add("limit", self.limit, limit)
        limiting.add_argument("queue", metavar="QUEUE")
        limiting.add_argument(
            "most", type=_limit, metavar="N", help=f"1: one by one; {NO_LIMIT}: as many as can."
        )
        for command in (*commands, limiting):
            command.add_argument(
                "--force", action="store_true", help="Do it also to queues that nobody has used."
            )

    def pause(self, *, queues: Sequence[str], force: bool, **options: object) -> None:
        """Pause queues.

        Raise CommandError for one that nobody has used.
        """
        self._check_known(queues, force=force)
        for queue in queues:
            control.pause(queue)
            remedy = f"python manage.py jobs resume {queue}"
            self.stdout.write(f"Queue {queue} is paused. Resume it with: {remedy}")

    def resume(self, *, queues: Sequence[str], force: bool, **options: object) -> None:
        """Resume queues.

        Raise CommandError for one that nobody has used.
        """
        self._check_known(queues, force=force)
        for queue in queues:
            control.resume(queue)
            self.stdout.write(f"Workers take jobs from queue {queue} again.")

    def limit(self, *, queue: str, most: int | None, force: bool, **options: object) -> None:
        """Limit how many jobs of a queue run at a time.

        Raise CommandError for a queue that nobody has used, and for a wrong number.
        """
        self._check_known([queue], force=force)
        try:
            control.limit(queue, most)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if most is None:
            self.stdout.write(f"Queue {queue} runs any number of jobs at a time again.")
            return
        jobs = counted(most, "job")
        self.stdout.write(f"Queue {queue} runs at most {jobs} at a time, in all workers together.")

    def _check_known(self, queues: Sequence[str], *, force: bool) -> None:
        """Raise CommandError for a queue that nobody has used, before anything is changed."""
        known = inspect.known_queues(self.reader)
        unknown = [queue for queue in map(check_queue_name, queues) if queue not in known]
        if not unknown or force:
            return
        near = [name for queue in unknown for name in get_close_matches(queue, known)]
        hint = f" Did you mean {' or '.join(dict.fromkeys(near))}?" if near else ""
        raise CommandError(
            f"There is no queue {', '.join(unknown)}: no job was enqueued there, no worker served "
            f"it, and neither JOBS nor a job class names it.{hint} Nothing was changed. To do it "
            "all the same, add --force."
        )


def _limit(text: str) -> int | None:
    """Return the limit in an argument, None for none."""
    if text == NO_LIMIT:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is no limit: write a whole number of at least 1, or {NO_LIMIT!r}"
        ) from error
