"""Jobs that fork, start subprocesses, and use multiprocessing: none of it reaches their worker."""

import re

import pytest

from tests.acceptance.runner import is_alive, push
from tests.jobs.worker.made_jobs import place_of, stat
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis]

METHODS = ["fork", "spawn", "forkserver"]


@pytest.fixture
def run_beside_a_neighbor(start, store, assert_sound):
    """Return a function that runs a job beside one that waits.

    It returns what the job noted. The neighbor runs once, and its worker lives and takes jobs all
    the time.
    """

    def run(job_class: str, arguments: list):
        (neighbor,) = push(store, "GateJob", [[7]])
        runner = start("-t", "20")
        runner.wait_for_notes(1)
        pid = runner.child()
        (job_id,) = push(store, job_class, [arguments])
        wait_until(lambda: place_of(store, job_id) not in {"ready", "running"}, 20, runner.log)
        assert runner.children() == [pid]
        assert place_of(store, neighbor) == "running"
        (last,) = push(store, "NoteJob", [[99]])
        wait_until(lambda: place_of(store, last) is None, 10, runner.log)
        assert "worker.quiet" not in runner.log
        runner.open_gate()
        runner.wait_until_drained(store)
        assert runner.stop() == 0
        assert_sound()
        notes = runner.notes
        assert notes.count("begin 7") == notes.count("end 7") == notes.count("99") == 1
        return runner, [note for note in notes if note not in {"begin 7", "end 7", "99"}]

    return run


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_end_of_a_pool_does_not_reach_its_worker(run_beside_a_neighbor, method):
    _, [note] = run_beside_a_neighbor("PoolJob", [method])

    _, total, *pids = note.split()
    assert total == "380"
    assert not any(is_alive(int(pid)) for pid in pids)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_terminated_process_of_a_job_ends(run_beside_a_neighbor, method):
    _, notes = run_beside_a_neighbor("TerminatedProcessJob", [method])

    assert notes == [f"{method} -15"]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_executor_of_processes_works_in_a_job(run_beside_a_neighbor, method):
    _, notes = run_beside_a_neighbor("ExecutorJob", [method])

    assert notes == [f"{method} 380"]


def test_subprocesses_answer_signals_as_anywhere(run_beside_a_neighbor):
    _, [status, *notes] = run_beside_a_neighbor("SubprocessJob", [])

    blocked, ignored = (int(mask, 16) for mask in re.findall(r"\b[0-9a-f]{16}\b", status))
    assert blocked == 0
    assert ignored & ~PYTHON_IGNORES == 0
    assert notes == ["timeout", "system 3", "SIGINT -2", "SIGHUP -1", "SIGUSR2 -12", "SIGTERM -15"]


#: A subprocess of Python ignores what Python itself does: SIGPIPE and SIGXFSZ.
#: Popen restores even these.
#: The other two, 32 and 33, are the C library's own: its posix_spawn ignores them in every child.
PYTHON_IGNORES = (1 << 12) | (1 << 24) | (1 << 31) | (1 << 32)


def test_forked_child_answers_signals_as_any_process(run_beside_a_neighbor):
    _, notes = run_beside_a_neighbor("ForkedStatusJob", [])

    assert notes == ["child [] set() -1", "ended -15"]


@pytest.mark.parametrize("job_class", ["ReturningChildJob", "ReturningAsyncJob"])
@pytest.mark.parametrize(
    ("how", "code", "reports"), [("return", 1, 1), ("raise", 1, 1), ("exit", 4, 0)]
)
def test_forked_child_that_comes_back_ends(
    run_beside_a_neighbor, store, job_class, how, code, reports
):
    runner, notes = run_beside_a_neighbor(job_class, [how])

    assert notes == [f"child {code}"]
    assert runner.log.count("job.fork_came_back") == reports
    assert stat(store, "processed") == 3


def test_forked_child_that_goes_back_to_the_event_loop_ends(run_beside_a_neighbor, store):
    runner, notes = run_beside_a_neighbor("ReturningAsyncJob", ["await"])

    assert notes == ["child 1"]
    assert "job.fork_came_back" in runner.log
    assert stat(store, "processed") == 3
