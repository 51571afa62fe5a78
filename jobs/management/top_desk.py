"""The keys of `jobs top`, and what they do.

Whatever changes something is asked for first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jobs import control
from jobs.errors import InvalidJob, StoreCorrupt, StoreUnavailable
from jobs.inspect import ORDERS, Filter, JobAtWork
from jobs.management.live_terminal import Line
from jobs.management.terminal import counted, printable
from jobs.management.top_look import Look, job_of
from jobs.store.reader import SetName

HELP = (
    "q quit  ↑↓ choose  Tab queues/jobs  s sort  / filter  "
    "p pause/resume  r retry  R retry dead  c cancel"
)
#: The longest text to search for.
MOST_CHARACTERS = 200
#: How the foot names the orders.
ORDER_NAMES: Mapping[str, str] = {
    "longest": "longest first",
    "unusual": "most unusual first",
    "class": "by class",
    "queue": "by queue",
    "worker": "by worker",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A change that waits for a yes. It returns what is told of it."""

    question: str
    act: Callable[[], str]


class Desk:
    """Remembers what was pressed, and acts.

    `wants_look` says that what was seen is no longer what is asked for.
    """

    def __init__(self) -> None:
        """Start at the first queue, with the longest jobs on top."""
        self.words = ""
        self.order = "longest"
        self.has_ended = False
        self.wants_look = False
        self._told = ""
        self._is_typing = False
        self._plan: Plan | None = None
        self._is_among_jobs = False
        self._queue = self._job_id = ""
        self._keys: Mapping[str, Callable[[Look], None]] = {
            "q": self._end,
            "end": self._end,
            "up": lambda look: self._move(look, -1),
            "k": lambda look: self._move(look, -1),
            "down": lambda look: self._move(look, 1),
            "j": lambda look: self._move(look, 1),
            "tab": self._swap_tables,
            "s": self._sort,
            "/": self._type,
            "escape": self._show_all,
            "p": self._plan_pause,
            "r": lambda look: self._plan_retry(look, "retry"),
            "R": lambda look: self._plan_retry(look, "dead"),
            "c": self._plan_cancel,
        }

    def press(self, key: str, look: Look) -> None:
        """Do what a key means for what is seen."""
        if self._plan is not None:
            self._answer(key, self._plan)
        elif self._is_typing:
            self._go_on_typing(key)
        elif key in self._keys:
            self._told = ""
            self._keys[key](look)

    def chosen(self, look: Look) -> tuple[str, str]:
        """Return which queue and which job are chosen, by name and id.

        One of the two is empty.
        """
        names = self._names(look)
        name = self._job_id if self._is_among_jobs else self._queue
        if name not in names:
            name = names[0] if names else ""
        return ("", name) if self._is_among_jobs else (name, "")

    def foot(self) -> list[Line]:
        """Return the last lines of the screen.

        They hold what is told or asked, and the keys.
        """
        if self._plan is not None:
            return [Line(printable(f"{self._plan.question} y/n"), is_chosen=True), Line(HELP)]
        if self._is_typing:
            asked = f"Words in class, queue, worker or id: {self.words}_"
            return [Line(printable(asked), is_chosen=True), Line("Enter keep  Esc show all")]
        state = f"Jobs {ORDER_NAMES[self.order]}"
        if self.words:
            state += f", with: {self.words} (Esc shows all)"
        return [Line(printable(self._told or state)), Line(HELP)]

    # Looking

    def _end(self, look: Look) -> None:
        self.has_ended = True

    def _move(self, look: Look, step: int) -> None:
        names = self._names(look)
        chosen = "".join(self.chosen(look))
        if not chosen:
            return
        name = names[min(max(0, names.index(chosen) + step), len(names) - 1)]
        if self._is_among_jobs:
            self._job_id = name
        else:
            self._queue = name

    def _swap_tables(self, look: Look) -> None:
        self._is_among_jobs = not self._is_among_jobs

    def _sort(self, look: Look) -> None:
        orders = list(ORDERS)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        self.wants_look = True

    def _type(self, look: Look) -> None:
        self._is_typing = True

    def _show_all(self, look: Look) -> None:
        self.words, self.wants_look = "", True

    def _go_on_typing(self, key: str) -> None:
        if key in {"enter", "escape", "end"}:
            self._is_typing = False
        if key == "escape":
            self.words = ""
        elif key == "end":
            self.has_ended = True
        elif key == "backspace":
            self.words = self.words[:-1]
        elif len(key) == 1 and key.isprintable() and len(self.words) < MOST_CHARACTERS:
            self.words += key
        self.wants_look = True

    # Changing

    def _answer(self, key: str, plan: Plan) -> None:
        self._plan = None
        self.has_ended = key == "end"
        if key != "y":
            self._told = "Nothing was changed."
            return
        try:
            self._told = plan.act()
        except (InvalidJob, StoreCorrupt, StoreUnavailable) as error:
            self._told = str(error)
        self.wants_look = True

    def _plan_pause(self, look: Look) -> None:
        queue = next((each for each in look.queues if each.name == self._queue_of(look)), None)
        if queue is None:
            self._told = "Choose a queue first."
        elif queue.is_paused:
            self._plan = Plan(f"Resume queue {queue.name}?", lambda: _resume(queue.name))
        else:
            self._plan = Plan(
                f"Pause queue {queue.name}? What runs goes on.", lambda: _pause(queue.name)
            )

    def _plan_retry(self, look: Look, name: SetName) -> None:
        queue = next((each for each in look.queues if each.name == self._queue_of(look)), None)
        if queue is None:
            self._told = "Choose a queue first."
            return
        count, place = getattr(queue, name), f"in the {name} set of queue {queue.name}"
        if count:
            question = f"Retry now {counted(count, 'job')} {place}?"
            self._plan = Plan(question, lambda: _retry(queue.name, name))
        else:
            self._told = f"No job is {place}."

    def _plan_cancel(self, look: Look) -> None:
        job = job_of(look, self.chosen(look)[1])
        if job is None:
            self._told = "Choose a running job first: Tab leads to them."
            return
        self._plan = Plan(
            f"Cancel {job.job_class or 'the job'} {job.running.job_id}?", lambda: _cancel(job)
        )

    def _queue_of(self, look: Look) -> str:
        """Return the chosen queue, or that of the chosen job."""
        queue, job_id = self.chosen(look)
        job = job_of(look, job_id)
        return job.running.queue if job else queue

    def _names(self, look: Look) -> Sequence[str]:
        if self._is_among_jobs:
            return [job.running.job_id for job in look.at_work.jobs]
        return [queue.name for queue in look.queues]


def _pause(queue: str) -> str:
    control.pause(queue)
    return f"Queue {queue} is paused."


def _resume(queue: str) -> str:
    control.resume(queue)
    return f"Workers take jobs from queue {queue} again."


def _retry(queue: str, name: SetName) -> str:
    sweep = control.retry_all(name, Filter(queue=queue))
    told = f"{counted(sweep.changed, 'job')} made ready."
    if sweep.barred:
        told += f" {counted(sweep.barred, 'job')} not: another job holds the unique key."
    return told if sweep.is_finished else f"{told} There was no time for more: do it again."


def _cancel(job: JobAtWork) -> str:
    if job.record is None or not control.cancel(job.record):
        return "The job does not run any more."
    return "The worker was asked to cancel it. A job in a thread ends when it looks."
