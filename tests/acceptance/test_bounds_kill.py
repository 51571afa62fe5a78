"""Twenty processes fill a queue with a limit, while its workers are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.acceptance.runner import ROOT
from tests.jobs.worker.made_jobs import client_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]

LIMIT = 50
#: Twenty children fill the queue until they are told to end, and print the ids of the jobs that are
#: in. Their push notes in Redis how many there were at most, in the moment in which it adds some.
FILL = """
import os, select, sys
from jobs.store import scripts
texts = dict(scripts.files())
noted = '''
if unfinished() > (tonumber(redis.call('HGET', meta, 'most_seen')) or 0) then
  redis.call('HSET', meta, 'most_seen', unfinished())
end
return #new'''
assert texts["push"].count("\\nreturn #new") == 1
texts["push"] = texts["push"].replace("\\nreturn #new", noted)
scripts.files = lambda: texts
import django
django.setup()
from jobs import QueueFull, StoreUnavailable
from tests.acceptance.jobs import RowJob

def fill():
    refused = n = 0
    while not select.select([told], [], [], 0.02)[0]:
        n += 1
        try:
            enqueued = RowJob.enqueue_many([(n,)] * 7) if n % 3 == 0 else [RowJob.enqueue(n)]
        except QueueFull as full:
            refused += 1
            assert full.size + full.jobs > full.limit >= full.size, full
        except StoreUnavailable:  # on a busy machine
            pass
        else:
            os.write(1, "".join(f"in {each.id}\\n" for each in enqueued).encode())
    os.write(1, f"refused {refused}\\n".encode())

told, tell = os.pipe()
children = []
for _ in range(20):
    if not (pid := os.fork()):
        os.close(tell)
        fill()
        os._exit(0)
    children.append(pid)
sys.stdin.read()
os.close(tell)
sys.exit(any(os.waitpid(pid, 0)[1] for pid in children))
"""


@pytest.fixture
def filler(redis_url, tmp_path) -> Iterator[subprocess.Popen[str]]:
    variables = {
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.settings",
        "JOBS_REDIS_URL": redis_url,
        "TEST_QUEUE_LIMIT": str(LIMIT),
    }
    with (tmp_path / "filled").open("w") as filled:
        process = subprocess.Popen(
            [sys.executable, "-c", FILL],
            cwd=ROOT,
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stdout=filled,
            text=True,
        )
    yield process
    if process.stdin is not None:
        process.stdin.close()
    process.wait(60)


def ended(runner) -> set[str]:
    return {line.split()[1] for line in runner.notes if line.startswith("end ")}


def test_the_limit_holds_and_what_is_in_is_run(start, store, tmp_path, filler):
    runner = start("-c", "4", TEST_MAX_CRASHES="100")
    for kill in range(1, 6):
        before = len(runner.notes)
        wait_until(lambda before=before: len(runner.notes) > before + 40, timeout=60)
        [child] = runner.children()
        os.kill(child, signal.SIGKILL)
        runner.wait_for("worker.started", kill + 1, timeout=60)
    filler.communicate(timeout=60)
    runner.wait_until_drained(store, 60)

    assert filler.returncode == 0
    words = [line.split() for line in (tmp_path / "filled").read_text().splitlines()]
    got = {word for kind, word in words if kind == "in"}
    assert got <= ended(runner)
    assert len(got) > LIMIT
    assert int(client_of(store).hget(store.keys("default").meta, "most_seen")) == LIMIT
    refusals = [int(word) for kind, word in words if kind == "refused"]
    assert (len(refusals), min(refusals) > 0) == (20, True)
