"""Requests enqueue in transactions, while Redis is away and all who push are killed.

Run it with `python ci/with_postgres.py python -m tests.faults.outbox_drill --seconds 180`. It makes
a database of its own on the server of DATABASE_URL, in SQLite if there is none. It starts a Redis,
supervisors and processes that answer requests. Redis is stopped for a while, and hangs for a while.
Afterwards `outbox_verdict` judges by the rows of the orders, the notes of the jobs and the history
of the server. The exit code is 1 if there was a problem.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import redis

from jobs.store.keys import QueueKeys
from tests.faults.long_drill import LongDrill, Result, command, in_folder
from tests.faults.nursery import Order
from tests.faults.outbox_requests import TABLE, Requests
from tests.faults.outbox_verdict import HUNG, STOPPED, THERE, Evidence, Phase, judge
from tests.faults.troupe import Troupe
from tests.waiting import wait_until

SUPERVISORS = 2
#: From the end of the requests until all has run: a claim of a dead sweeper lasts a minute.
PATIENCE = 180.0
#: Seconds between two kills of a worker, and of a process that answers requests, on average.
_KILL_WORKER, _KILL_REQUESTS = 4.0, 6.0


@dataclass(frozen=True)
class Plan:
    """What is asked for. Times are seconds, `rate` is requests a second."""

    seconds: float
    away: float
    rate: float
    seed: int

    @property
    def phases(self) -> list[tuple[str, float]]:
        """What becomes of Redis, and for how long."""
        there, away = max(0.0, self.seconds - 2 * self.away) / 3, self.away
        return [(THERE, there), (STOPPED, away), (THERE, there), (HUNG, away), (THERE, there)]


class Drill(LongDrill):
    """One run of it, on a server of its own."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        super().__init__(folder)
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self._keys = QueueKeys("jobs", "default")
        self._evidence = Evidence(folder, self._keys)

    def play(self) -> None:
        with self._database():
            with Troupe(SUPERVISORS, self._order, self._chance, self.environment) as troupe:
                requests = Requests(self.folder, self.environment, self._plan.rate)
                try:
                    self._disturb(troupe, requests)
                finally:
                    requests.stop()
                self._settle()
                self.stop(troupe)
            self._evidence.struck = troupe.struck
            self._evidence.answers = list(requests.answers())
            self._evidence.orders = set(self._ask("SELECT name FROM drill_order"))

    @contextmanager
    def _database(self) -> Iterator[None]:
        """Make a database with tables, and let everybody know where it is."""
        here = f"sqlite:///{self.folder / 'db.sqlite3'}"
        url = os.environ.get("DATABASE_URL", here)
        os.environ |= {**self.environment, "FAULTS_DATABASE_URL": url}
        import django  # noqa: PLC0415  # its settings are known now
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connection  # noqa: PLC0415

        django.setup()
        if url == here:
            call_command("migrate", verbosity=0)
        else:
            name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
            url = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        self.environment["FAULTS_DATABASE_URL"] = url
        self._ask(TABLE)
        yield
        if url != here:
            connection.creation.destroy_test_db("drill", verbosity=0)

    def _ask(self, sql: str) -> list[str]:
        """Return the first column of what the database answers, if it answers rows."""
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute(sql)
            found = [row[0] for row in cursor.fetchall()] if cursor.description else []
        connection.close()
        return found

    def _order(self, place: int) -> Order:
        settings = {
            "REDIS_URL": self.server.url,
            "QUEUES": ["default"],
            "MAX_CRASHES": 1_000,
            "PROCESSES": 2,
        }
        return Order(
            settings,
            str(self.folder / "notes"),
            str(self.folder / "workers.log"),
            modules=("tests.faults.outbox_jobs",),
        )

    # What happens

    def _disturb(self, troupe: Troupe, requests: Requests) -> None:
        """Go through the phases. In each of them processes are killed."""
        for name, seconds in self._plan.phases:
            phase = Phase(name, time.monotonic())
            self._evidence.phases.append(phase)
            if name == STOPPED:
                self.server.stop()
            if name == HUNG:
                self.server.freeze()
            self._kill_for(seconds, troupe, requests)
            if name == STOPPED:
                self.server.start()
            if name == HUNG:
                self.server.thaw()
            phase.ended = time.monotonic()
        self.result.counts["processes that answered"] = requests.started

    def _kill_for(self, seconds: float, troupe: Troupe, requests: Requests) -> None:
        ends_at = time.monotonic() + seconds
        actions = [(_KILL_WORKER, troupe.kill_one), (_KILL_REQUESTS, self._killing(requests))]
        planned = [(at, action) for every, action in actions for at in self._times(every, seconds)]
        began = time.monotonic()
        for at, action in sorted(planned, key=lambda each: each[0]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            action()
        time.sleep(max(0.0, ends_at - time.monotonic()))

    def _times(self, every: float, seconds: float) -> Iterator[float]:
        at = every * self._chance.uniform(0.2, 1.5)
        while at < seconds:
            yield at
            at += every * self._chance.uniform(0.5, 1.5)

    def _killing(self, requests: Requests):
        def kill() -> None:
            requests.kill_one(self._chance)

        return kill

    # The end

    def _settle(self) -> None:
        """Wait until the table is empty and all jobs have run."""
        began = time.monotonic()
        with redis.Redis.from_url(self.server.url) as client:

            def left() -> tuple[int, int]:
                [rows] = self._ask("SELECT count(*) FROM jobs_outboxentry")
                return int(rows), int(client.hlen(self._keys.payloads))

            try:
                wait_until(lambda: left() == (0, 0), PATIENCE, 0.5)
            except AssertionError:
                self.complain("left at the end: {} rows, {} jobs".format(*left()))
        self.result.counts["seconds until all had run"] = round(time.monotonic() - began)
        self.ask_doctor()

    def judge(self) -> None:
        judge(self._evidence, self.result)


def drill(plan: Plan, folder: Path | None = None) -> Result:
    """Run it in this folder, or in one that is deleted afterwards."""
    return in_folder("outbox", lambda path: Drill(path, plan).run(), folder)


def main() -> int:
    """Run what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--away", type=float, default=30.0, help="seconds without Redis, twice")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")

    def run(wanted: argparse.Namespace) -> Result:
        plan = Plan(wanted.seconds, wanted.away, wanted.rate, wanted.seed)
        return drill(plan, wanted.keep)

    return command(parser, run)


if __name__ == "__main__":
    sys.exit(main())
