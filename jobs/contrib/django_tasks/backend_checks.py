"""System checks of one entry of TASKS."""

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.utils.module_loading import import_string

from jobs.conf import get_settings
from jobs.contrib.django_tasks.task import is_attempts
from jobs.errors import ConfigurationError, InvalidArguments, InvalidJob
from jobs.options import check_commit, check_queue_name
from jobs.text import brief

if TYPE_CHECKING:
    from jobs.contrib.django_tasks.backend import JobsBackend

_OPTIONS = ("commit",)


def check_backend(backend: "JobsBackend") -> list[CheckMessage]:
    """Return what is wrong.

    jobs.E005 is the app that is missing, E006 a wrong option, E007 the name of a queue that cannot
    be one, W007 a queue that `runjobs` does not serve.
    """
    name = f"TASKS[{backend.alias!r}]"
    return [
        *_check_app(name),
        *_check_options(name, backend),
        *_check_attempts(name, backend),
        *_check_queues(name, backend),
    ]


def _check_app(name: str) -> Iterator[CheckMessage]:
    if not apps.is_installed("jobs"):
        yield Error(
            f"{name} runs tasks as jobs, but the app 'jobs' is not installed.",
            hint="Add 'jobs' to INSTALLED_APPS.",
            id="jobs.E005",
        )


def _check_options(name: str, backend: "JobsBackend") -> Iterator[CheckMessage]:
    for option in backend.options:
        if option not in _OPTIONS:
            near = difflib.get_close_matches(str(option).lower(), _OPTIONS, n=1)
            advice = f"Did you mean {near[0]!r}? " if near else ""
            yield Error(
                f"{name}['OPTIONS'] has the unknown option {option!r}.",
                hint=f"{advice}Known options: {', '.join(_OPTIONS)}. Others belong into JOBS.",
                id="jobs.E006",
            )
    try:
        if "commit" in backend.options:
            check_commit(backend.options["commit"], f"{name}['OPTIONS']")
    except InvalidArguments as error:
        yield Error(
            str(error), hint="Without it, the setting JOBS['ENQUEUE'] counts.", id="jobs.E006"
        )


def _check_attempts(name: str, backend: "JobsBackend") -> Iterator[CheckMessage]:
    if backend.max_attempts is not None and not is_attempts(backend.max_attempts):
        yield Error(
            f"{name}['MAX_ATTEMPTS'] must be a whole number, 1 or more, not "
            f"{brief(backend.max_attempts)}.",
            hint="Without it, the setting JOBS['MAX_RETRIES'] counts.",
            id="jobs.E006",
        )
    backoff = backend.backoff
    try:
        found = import_string(backoff) if isinstance(backoff, str) else backoff
    except ImportError as error:
        yield Error(f"{name}['BACKOFF']: {error}", hint="Correct the path.", id="jobs.E006")
        return
    if found is not None and not callable(found):
        yield Error(
            f"{name}['BACKOFF'] must be a function or the path of one, not {brief(found)}.",
            hint="It gets the error and the result of a run, and returns seconds, or None.",
            id="jobs.E006",
        )


def _check_queues(name: str, backend: "JobsBackend") -> Iterator[CheckMessage]:
    try:
        served = get_settings().served_queues
    except ConfigurationError:  # another check says what is wrong
        return
    for queue in sorted(backend.queues, key=str):
        try:
            check_queue_name(queue)
        except InvalidJob as error:
            yield Error(f"{name}['QUEUES']: {error}", hint="Rename the queue.", id="jobs.E007")
            continue
        if queue not in served:
            yield CheckWarning(
                f"{name}['QUEUES'] names {queue!r}, which neither JOBS['QUEUES'] nor "
                "JOBS['CAPSULES'] names.",
                hint=(
                    "Add the queue there. If workers get it by runjobs -q or --capsule, add "
                    "jobs.W007 to SILENCED_SYSTEM_CHECKS."
                ),
                id="jobs.W007",
            )
