"""The `runjobs` command: run jobs until told to stop."""

import os
import subprocess
import sys
import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import autoreload

from jobs.conf import JobsSettings, get_settings
from jobs.errors import ConfigurationError, StoreUnavailable
from jobs.events import log_to_stderr
from jobs.store import Store
from jobs.worker.queues import QueueOrder
from jobs.worker.supervisor import Supervisor

#: Pauses between attempts to reach Redis at the start, in seconds: from the first to the last, doubling.
PAUSES = (0.5, 10.0)


class Command(BaseCommand):
    """Parse what the worker is to do and hand it to the supervisor."""

    help = "Run jobs. TERM or INT stops within the timeout, TSTP takes no more, TTIN shows stacks, HUP restarts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; the command line beats the environment, which beats the settings."""
        parser.add_argument(
            "-q",
            "--queue",
            action="append",
            metavar="NAME[,WEIGHT]",
            help="A queue to serve; repeat it. Without weights the first with work is served. Default: JOBS['QUEUES'].",
        )
        parser.add_argument("-c", "--concurrency", metavar="N", help="Threads in each process.")
        parser.add_argument("-p", "--processes", metavar="N", help="Worker processes.")
        parser.add_argument("-t", "--timeout", metavar="SECONDS", help="From TERM to the end.")
        parser.add_argument("--burst", action="store_true", help="Exit when nothing is ready or running.")
        parser.add_argument("--reload", action="store_true", help="Restart when code changes; for development.")
        parser.add_argument("--stop-at-eof", action="store_true", help=SUPPRESS)
        parser.add_argument("--log-format", choices=["plain", "json"], default="plain", help="How log lines look.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until the end; the exit code is the supervisor's."""
        try:
            settings = _settings(options, os.environ)
            order = QueueOrder.parse(options["queue"] or settings.queues)
        except ConfigurationError as error:
            raise CommandError(str(error)) from error
        if options["reload"]:
            autoreload.run_with_reloader(_run_in_subprocess)
            return
        log_to_stderr(options["log_format"])
        self._wait_for_redis(settings)
        stop_at_eof = sys.stdin.fileno() if options["stop_at_eof"] else None
        sys.exit(Supervisor(settings, order, burst=options["burst"], stop_at_eof=stop_at_eof).run())

    def _wait_for_redis(self, settings: JobsSettings) -> None:
        """Return when Redis answers. Until then say where it was looked for, and keep trying."""
        pause = PAUSES[0]
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
                pause = min(2 * pause, PAUSES[1])
            except ConfigurationError as error:
                raise CommandError(str(error)) from error
        for warning in warnings:
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))


def _settings(options: Mapping[str, Any], environment: Mapping[str, str]) -> JobsSettings:
    """Return the project's settings with what the environment and the command line change."""
    changes: dict[str, float | int] = {}
    kinds = {"concurrency": (int, 1), "processes": (int, 1), "timeout": (float, 0)}
    for name, (kind, least) in kinds.items():
        variable = f"JOBS_{name.upper()}"
        value, source = options[name], f"--{name}"
        if value is None and environment.get(variable):
            value, source = environment[variable], variable
        if value is None:
            continue
        try:
            changes[name] = kind(value)
        except ValueError as error:
            raise ConfigurationError(f"{source} must be a number, not {value!r}.") from error
        if not least <= changes[name] < float("inf"):
            raise ConfigurationError(f"{source} must be a number of at least {least}, not {value}.")
    return replace(get_settings(), **changes)  # type: ignore[arg-type]  # checked above


def _run_in_subprocess() -> None:
    """Run the same command without `--reload` beside Django's reloader, tied to it by a pipe.

    The reloader runs us in a thread, where no signal can be caught. When it ends to restart, the pipe closes.
    """
    # Django knows how we were started, be it by manage.py or by `python -m django`.
    command = [*(part for part in autoreload.get_child_arguments() if part != "--reload"), "--stop-at-eof"]
    environment = {name: value for name, value in os.environ.items() if name != autoreload.DJANGO_AUTORELOAD_ENV}
    while subprocess.Popen(command, stdin=subprocess.PIPE, env=environment).wait() < 0:  # noqa: S603  # our own command
        sys.stderr.write("The supervisor was killed; starting it again.\n")
