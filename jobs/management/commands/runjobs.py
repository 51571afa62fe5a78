"""The `runjobs` command: run jobs until told to stop."""

import os
import signal
import subprocess
import sys
import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import autoreload

from jobs.capsule import Capsule, parse_capsules
from jobs.conf import JobsSettings, bounds_broken, get_settings
from jobs.errors import ConfigurationError, StoreUnavailable
from jobs.log import log_to_stderr
from jobs.store import Store
from jobs.worker.plan import Plan
from jobs.worker.queue_order import QueueOrder
from jobs.worker.supervisor import Supervisor

#: The first and the longest pause between attempts to reach Redis. It doubles each time. Seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
#: How long `--reload` waits before it starts again what was stopped or killed. Seconds.
PAUSE_TO_START_AGAIN = 1.0
#: The options that the environment may set too, and what makes a number of each.
NUMBERS = {"concurrency": int, "processes": int, "timeout": float}
#: What each capsule says for itself.
OF_CAPSULES = ("concurrency", "processes")


class Command(BaseCommand):
    """Parse what the worker is to do and hand it to the supervisor."""

    help = (
        "Run jobs. TERM or INT stops within the timeout, TSTP takes no more, "
        "TTIN shows stacks, HUP restarts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options.

        The command line beats the environment, which beats the settings.
        """
        parser.add_argument(
            "-q",
            "--queue",
            action="append",
            metavar="NAME[,WEIGHT]",
            help=(
                "A queue to serve; repeat it. Without weights the first with work is served. "
                "Default: JOBS['QUEUES']."
            ),
        )
        parser.add_argument(
            "--capsule",
            action="append",
            metavar="QUEUES:THREADS",
            help=(
                "Queues with threads of their own, such as payments:1 or default,low:10; repeat "
                "it. Default: JOBS['CAPSULES']."
            ),
        )
        parser.add_argument("-c", "--concurrency", metavar="N", help="Threads in each process.")
        parser.add_argument("-p", "--processes", metavar="N", help="Worker processes.")
        parser.add_argument("-t", "--timeout", metavar="SECONDS", help="From TERM to the end.")
        parser.add_argument(
            "--burst", action="store_true", help="Exit when nothing is ready or running."
        )
        parser.add_argument(
            "--reload", action="store_true", help="Restart when code changes; for development."
        )
        parser.add_argument("--stop-at-eof", action="store_true", help=SUPPRESS)
        parser.add_argument(
            "--log-format", choices=["plain", "json"], default="plain", help="How log lines look."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until the end, with the exit code of the supervisor."""
        try:
            settings = _settings(options, os.environ)
            plans = _plans(options, os.environ, settings)
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
        if options["reload"]:
            autoreload.run_with_reloader(_run_in_subprocess)
            return
        log_to_stderr(options["log_format"])
        with _leaving_when_told():
            self._wait_for_redis(settings)
        stop_at_eof = sys.stdin.fileno() if options["stop_at_eof"] else None
        supervisor = Supervisor(settings, plans, burst=options["burst"], stop_at_eof=stop_at_eof)
        sys.exit(supervisor.run())

    def _wait_for_redis(self, settings: JobsSettings) -> None:
        """Return when Redis answers.

        Until then say where it was looked for, and keep trying.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                # A cluster is asked for its nodes when the store is made.
                store = Store(settings.redis_url, settings.namespace, timeout=2.0)
                warnings = store.check_server()
                store.close()
                break
            except StoreUnavailable as error:
                self.stderr.write(f"{error} Trying again in {pause:g} s.")
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            except ConfigurationError as error:
                raise CommandError(str(error)) from error
        for warning in warnings:
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))


@contextmanager
def _leaving_when_told() -> Iterator[None]:
    """Have TERM end this process with exit code 0.

    Nothing has begun yet that would have to be stopped.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _settings(options: Mapping[str, Any], environment: Mapping[str, str]) -> JobsSettings:
    """Return the project's settings with what the options change.

    An option that the command line does not give may come from the environment.
    """
    changes: dict[str, Any] = {}
    for name in NUMBERS:
        variable = f"JOBS_{name.upper()}"
        if options[name] is not None:
            changes[name] = _number(name, options[name], f"--{name}")
        elif environment.get(variable):
            changes[name] = _number(name, environment[variable], variable)
    return replace(get_settings(), **changes)


def _plans(
    options: Mapping[str, Any], environment: Mapping[str, str], settings: JobsSettings
) -> list[Plan]:
    """Return what the workers are to serve: one plan, or one for each capsule.

    `-q` beats the capsules of the settings.
    """
    if options["capsule"] and options["queue"]:
        raise ConfigurationError(
            "-q and --capsule cannot be used together. A capsule names its queues: "
            f"--capsule {','.join(options['queue'])}:5 instead of -q."
        )
    texts = options["capsule"] or (() if options["queue"] else settings.capsules)
    capsules = parse_capsules(texts)
    if not capsules:
        return [Plan(QueueOrder.parse(options["queue"] or settings.queues), settings)]
    for name in OF_CAPSULES:
        _refuse_beside_capsules(name, options, environment, capsules[0])
    return [Plan.of(capsule, settings) for capsule in capsules]


def _refuse_beside_capsules(
    name: str, options: Mapping[str, Any], environment: Mapping[str, str], first: Capsule
) -> None:
    """Raise ConfigurationError for a number that no capsule would heed.

    Capsules of the command line beat the environment, as every option does.
    """
    variable = f"JOBS_{name.upper()}"
    if options[name] is not None:
        source = f"--{name}"
    elif environment.get(variable) and not options["capsule"]:
        source = variable
    else:
        return
    example = f"{','.join(first.names)}:5" + ("x2" if name == "processes" else "")
    raise ConfigurationError(
        f"{source} says nothing to capsules, which have threads and processes of their own. Leave "
        f"it out and write {example}, or name the queues with -q."
    )


def _number(name: str, value: str, source: str) -> float:
    """Return the number in an option, or raise ConfigurationError."""
    try:
        number: float = NUMBERS[name](value)
    except ValueError as error:
        raise ConfigurationError(f"{source} must be a number, not {value!r}.") from error
    if broken := bounds_broken(name, number):
        raise ConfigurationError(f"{source} must be a number of {broken}, not {value}.")
    return number


def _run_in_subprocess() -> None:
    """Run the same command without `--reload`, tied to this process by a pipe.

    Django's reloader runs us in a thread, where no signal can be caught. When it ends to restart,
    the pipe closes. A command that ends with an error waits for a change of the code, and so does a
    burst that is done.
    """
    # Django knows how we were started, be it by manage.py or by `python -m django`.
    arguments = [part for part in autoreload.get_child_arguments() if part != "--reload"]
    environment = dict(os.environ)
    environment.pop(autoreload.DJANGO_AUTORELOAD_ENV, None)
    while True:
        child = subprocess.Popen(  # noqa: S603  # our own command
            [*arguments, "--stop-at-eof"], stdin=subprocess.PIPE, env=environment
        )
        code = child.wait()
        if code > 0 or (code == 0 and "--burst" in arguments):
            return
        # Where all of us are being stopped, this thread does not outlive the pause.
        time.sleep(PAUSE_TO_START_AGAIN)
        what = "was stopped" if code == 0 else "was killed"
        sys.stderr.write(f"The supervisor {what}; starting it again, since --reload is given.\n")
