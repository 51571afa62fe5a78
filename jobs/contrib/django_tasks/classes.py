"""Finds the job class of a task by the path of its function.

The registry asks here for names that it does not know: a worker has seen no task before it is told
to run one.
"""

import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from jobs.contrib.django_tasks.ledger import ledger
from jobs.contrib.django_tasks.results import ALIAS, METADATA, may_import, task_at
from jobs.contrib.django_tasks.task import stated_options
from jobs.contrib.django_tasks.task_job import TaskJob, perform_of
from jobs.contrib.django_tasks.versions import AnyTask
from jobs.errors import InvalidJob, UnknownJob
from jobs.options import JobOptions, Option, check_fit, declare_option
from jobs.parameters import Parameters
from jobs.registry import registry
from jobs.text import shown_error

declare_option(ALIAS, Option(lambda v: isinstance(v, str), "the alias of a backend in TASKS"))
declare_option(METADATA, Option(lambda v: isinstance(v, dict), "a dict of JSON"))


class TaskClasses:
    """The job classes of tasks, each made once."""

    def __init__(self) -> None:
        """Start without any."""
        self._made: dict[str, tuple[AnyTask, type[TaskJob]]] = {}
        #: The paths of tasks that tick, whose classes supervisors must know.
        self._periodic: set[str] = set()

    def find(self, path: str) -> type[TaskJob] | None:
        """Return the class of the task at a path, or None.

        Raise UnknownJob, with the cause, if its module cannot be imported, or if it is a task of
        another backend that cannot be a job.
        """
        if not may_import(path):
            return None
        try:
            task = task_at(path)
            return None if task is None else self._class_of(path, task)
        except (Exception, SystemExit) as error:  # a module that is a script may end the process
            raise UnknownJob(path, shown_error(error)) from error

    def known(self, path: str) -> AnyTask | None:
        """Return the task of a path if its class is made."""
        made = self._made.get(path)
        return None if made is None else made[0]

    def expect(self, task: AnyTask) -> None:
        """Have the class of a periodic task made once all modules are imported."""
        if getattr(task, "schedule", None) or getattr(task, "schedulable", None):
            self._periodic.add(task.module_path)

    def make_periodic(self) -> None:
        """Make the classes of tasks with a schedule.

        Tasks that cannot be jobs are left out.
        """
        for path in self._periodic:
            with suppress(UnknownJob, InvalidJob):
                self.find(path)

    def _class_of(self, path: str, task: AnyTask) -> type[TaskJob]:
        known = self._made.get(path)
        if known is not None and known[0] is task:
            return known[1]
        made = task, _make(path, task)
        self._made[path] = made
        ledger.know(path)
        return made[1]


class _Shape:
    """What features look at in a job class, before there is one."""

    def __init__(self, task: AnyTask) -> None:
        self.__qualname__ = task.name
        self._task = task

    @cached_property
    def _parameters(self) -> Parameters:
        return Parameters(TaskJob, perform_of(self._task))  # it takes longer than an enqueue

    def check_signature(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self._parameters.check(args, kwargs)

    def parameter_names(self) -> tuple[str, ...]:
        return self._parameters.names


def check_fits(task: AnyTask, options: JobOptions) -> None:
    """Raise InvalidJob where options do not suit the function of a task."""
    check_fit(_Shape(task), options)  # type: ignore[arg-type]  # it is all that features look at


def _make(path: str, task: AnyTask) -> type[TaskJob]:
    """Return a job class for a task, stored under the path of its function."""

    def fill(namespace: dict[str, Any]) -> None:
        namespace |= stated_options(task)
        namespace |= {
            "__module__": task.func.__module__,
            "__qualname__": task.func.__qualname__,
            "__doc__": task.func.__doc__,
            "_task": task,
            "perform": perform_of(task),
        }

    made: type[TaskJob] = types.new_class(task.func.__name__, (TaskJob,), {"stored_as": path}, fill)
    return made


task_classes = TaskClasses()
registry.ask_also(task_classes.find)
