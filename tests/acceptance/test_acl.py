"""Redis users with the rights that docs/security.md names, and no others.

Web processes, workers and the control room do all they can do under them. What Redis refuses, and
a right that nobody needs, are both faults of the documentation.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from io import StringIO

import pytest
import redis
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from jobs.store import Store, permissions
from tests.acceptance.runner import ROOT, Runner, push
from tests.acceptance.servers import OwnServer
from tests.jobs.admin.test_access import ACTIONS, PAGES
from tests.jobs.inspect.filling import announce_schedule, beat, fill, put

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]

#: The users of the documentation, and the rights that the library thinks they need.
ROLES = {
    "jobs": permissions.ALL,
    "jobs-enqueue": permissions.ENQUEUE,
    "jobs-view": permissions.VIEW,
}
TIMES = {"TEST_LEASE": "1", "TEST_HEARTBEAT": "0.2"}
#: What a web process does: jobs that end well, fail, come later, and hold a lock.
WEB = """
from datetime import timedelta
import django
django.setup()
from tests.acceptance.jobs import HoldingJob, NewestJob, NoteJob, UniqueJob
now = NoteJob.using(commit="immediate")
now.enqueue(1)
now.enqueue_many([[2], [3]])
now.using(run_after=timedelta(seconds=0.5)).enqueue(4)
now.enqueue(number="no", seconds="number")
now.using(max_retries=0).enqueue(number="no", seconds="number")
HoldingJob.using(commit="immediate").enqueue()
for job_class in (UniqueJob, NewestJob):
    for number in range(2):
        job_class.using(commit="immediate", run_after=timedelta(hours=1)).enqueue(number)
"""
#: The commands that only look, and those that change something.
LOOKS = (
    "stats",
    "stats --json",
    "queues",
    "workers",
    "doctor",
    "check --deploy --all",
    "scheduled",
    "retries",
    "dead --text x",
    "explain {dead}",
    "resign",
    "top --times 1",
    "schedules --preview 2",
)
CHANGES = (
    "check",
    "pause default",
    "limit default 3",
    "limit default none",
    "resume default",
    "deploy-mark 1.0",
    "pause-schedule tests.FullJob",
    "resume-schedule tests.FullJob",
    "retry {retry}",
    "kill {scheduled}",
    "delete {dead}",
    "doctor --repair",
)


def documented() -> dict[str, list[str]]:
    """Return the users of the documentation, each with its rules."""
    text = (ROOT / "docs" / "security.md").read_text()
    commands = re.findall(r"^redis-cli (ACL SETUSER(?:.*\\\n)*.*)$", text, re.MULTILINE)
    words = [shlex.split(command.replace("\\\n", " ")) for command in commands]
    return {user: rules for _acl, _setuser, user, *rules in words}


class Room:
    """A server with the users of the documentation, and its watcher."""

    def __init__(self, server: OwnServer) -> None:
        self.port = server.port
        self.admin = redis.Redis(port=server.port, db=1)
        for user, rules in documented().items():
            self.admin.execute_command("ACL", "SETUSER", user, *rules)

    def url(self, user: str) -> str:
        """Return the URL of a user, in a database that has to be chosen."""
        return f"redis://{user}:PASSWORD@127.0.0.1:{self.port}/1"

    def fill(self) -> dict[str, str]:
        """Put something onto every page, and begin to watch. Return ids by place."""
        with closing(Store(f"redis://127.0.0.1:{self.port}/1", timeout=5)) as store:
            jobs = fill(store)
            beat(store, "host:1:abcd", running=f"{jobs['running']} default 1764000000.000")
            jobs["retry"] = put(store, "retry", at=4e9)
            jobs["dead"] = put(store, "dead")
            announce_schedule(store)
        self.admin.config_resetstat()
        return jobs

    def refused(self) -> list[str]:
        """Return what Redis has refused so far."""
        entries = self.admin.acl_log()
        return [f"{e['username']}: {e['reason']} {e['object']}" for e in entries]

    def used(self) -> set[str]:
        """Return the commands that were executed since the watch began, and begin again."""
        stats = self.admin.info("commandstats")
        self.admin.config_resetstat()
        return {name.removeprefix("cmdstat_") for name, of in stats.items() if of["calls"]}


@pytest.fixture
def room(tmp_path) -> Iterator[Room]:
    server = OwnServer(tmp_path, "--maxmemory-policy", "noeviction")
    server.start()
    room = Room(server)
    yield room
    room.admin.close()
    server.stop()


@pytest.fixture
def boss(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


def test_documentation_names_the_rights_that_the_library_checks():
    expected = {
        user: ["reset", "on", ">PASSWORD", *permissions.rules(commands).split()]
        for user, commands in ROLES.items()
    }

    assert documented() == expected


def test_every_command_of_a_script_is_among_the_rights():
    scripts = "\n".join(path.read_text() for path in (ROOT / "jobs").rglob("*.lua"))
    sources = scripts + (ROOT / "jobs" / "store" / "census.py").read_text()
    called = {name.lower() for name in re.findall(r"redis\.p?call\('(\w+)'", sources)}

    assert len(called) > 20
    assert called <= permissions.ALL


def test_workers_and_the_whole_control_room_need_the_documented_rights_and_no_others(
    room, tmp_path, boss, settings
):
    enqueue(room.url("jobs"))
    work(tmp_path, room.url("jobs"))
    used = room.used()
    room.admin.flushdb()

    settings.JOBS = {"REDIS_URL": room.url("jobs")}
    jobs = room.fill()
    look(boss, jobs)
    used |= room.used()
    for route, _permission, data in ACTIONS:
        boss.post(f"/admin/jobs/{route.format(**jobs)}", data)
    used |= room.used()
    room.admin.flushdb()
    jobs = room.fill()
    harm(room)
    for command in CHANGES:
        run(command.format(**jobs))
    used |= room.used()

    assert room.refused() == []
    assert permissions.ALL - used == set()


def test_process_that_only_enqueues_needs_the_documented_rights_and_no_others(room):
    room.used()

    enqueue(room.url("jobs-enqueue"))

    assert room.refused() == []
    assert permissions.ENQUEUE - room.used() == set()


def test_control_room_that_only_looks_needs_the_documented_rights_and_no_others(
    room, boss, settings
):
    settings.JOBS = {"REDIS_URL": room.url("jobs-view")}
    jobs = room.fill()

    look(boss, jobs)

    assert room.refused() == []
    assert permissions.VIEW - room.used() == set()


def test_button_without_the_rights_says_so_and_changes_nothing(room, boss, settings):
    settings.JOBS = {"REDIS_URL": room.url("jobs-view")}
    jobs = room.fill()

    answers = [
        boss.post(f"/admin/jobs/{route.format(**jobs)}", data, follow=True)
        for route, _permission, data in ACTIONS
    ]

    refusals = [answer.content.decode() for answer in answers if answer.status_code == 409]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len(refusals) > len(ACTIONS) / 2
    assert all("docs/security.md" in page for page in refusals)
    assert room.used() & (permissions.ALL - permissions.VIEW) == set()


@pytest.mark.parametrize("user", ["jobs-view", "jobs"])
def test_doctor_names_what_a_repair_needs_and_its_user_lacks(room, settings, user):
    settings.JOBS = {"REDIS_URL": room.url(user)}
    jobs = room.fill()
    room.admin.zrem("{jobs:default}:dead", jobs["dead"])

    told = run("doctor --repair")

    is_allowed = user == "jobs"
    assert ("Give the user these rights: +bitfield +blpop" in told) is not is_allowed
    assert ("docs/security.md" in told) is not is_allowed
    assert (room.admin.zscore("{jobs:default}:ready", jobs["dead"]) is not None) is is_allowed


def test_doctor_that_may_not_look_for_keys_says_so_without_a_traceback(room, settings):
    settings.JOBS = {"REDIS_URL": room.url("jobs")}
    room.admin.execute_command("ACL", "SETUSER", "jobs", "-scan")

    told = run("doctor")

    assert "Give the user these rights: +scan." in told
    assert "Redis refuses this:" in told


def test_worker_that_may_not_ask_for_facts_about_redis_warns_and_runs(room, tmp_path):
    room.admin.execute_command("ACL", "SETUSER", "jobs", "-info")
    enqueue(room.url("jobs"))
    runner = Runner(tmp_path, room.url("jobs"), **TIMES)
    try:
        runner.wait_for_notes(5)
        assert "Warning: Redis does not allow" in runner.log
        assert "Give the user these rights: +info." in runner.log
        assert runner.stop() == 0
    finally:
        runner.kill_all()


def enqueue(url: str) -> None:
    """Enqueue as a web process does."""
    variables = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.settings", "JOBS_REDIS_URL": url}
    subprocess.run(
        [sys.executable, "-c", WEB], check=True, cwd=ROOT, env=os.environ | variables, timeout=60
    )


def work(folder, url: str) -> None:
    """Run what was enqueued, sleep, lose a process with a job, and stop."""
    runner = Runner(folder, url, **TIMES)
    try:
        runner.wait_for_notes(5)
        runner.wait_for("job.dead")
        runner.wait_for("job.retried")
        with closing(Store(url, timeout=5)) as store:
            push(store, "GateJob", [[7]])
        runner.wait_for_notes(6)
        os.kill(runner.child(), signal.SIGKILL)
        runner.wait_for_notes(7)
        runner.open_gate()
        runner.wait_for_notes(8)
        assert runner.stop() == 0
        assert "chore_failed" not in runner.log
        assert "Warning: Redis does not allow" not in runner.log
    finally:
        runner.kill_all()


def look(boss: Client, jobs: dict[str, str]) -> None:
    """Ask for every page, and run every command that only looks."""
    for route in PAGES:
        response = boss.get(f"/admin/jobs/{route.format(**jobs)}")
        assert response.status_code == 200
        assert "no permissions" not in response.content.decode()
    for command in LOOKS:
        told = run(command.format(**jobs))
        assert "Redis does not allow" not in told
        assert "no permissions" not in told


def run(command: str) -> str:
    """Run `manage.py jobs …`, and return all it wrote, errors too."""
    out = StringIO()
    try:
        call_command("jobs", *command.split(), stdout=out, stderr=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


def harm(room: Room) -> None:
    """Leave something for each repair that the doctor knows."""
    room.admin.set("{jobs:default}:notes", "no hash")
    room.admin.hset("{jobs:default}:stats", "failed", "no number")
    room.admin.hset("{jobs:unlisted}:meta", "paused", "1")
    room.admin.sadd("jobs:queues", b"\xff")
    room.admin.set("{jobs:default}:pushed:x", "1")
    room.admin.zadd("{jobs:default}:dead", {"lost": 1})
    room.admin.config_resetstat()
