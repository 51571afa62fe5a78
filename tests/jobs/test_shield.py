"""The guard of a thread lets an interruption strike once, inside a call.

It never strikes inside an exchange with Redis.
"""

import itertools
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from jobs.errors import JobInterrupted
from jobs.shield import InterruptGuard, call_open, shielded
from tests.jobs.worker.forking import exit_code, forked

pytestmark = pytest.mark.usefixtures("untraced")


class Guarded:
    """A thread that goes through a function again and again.

    It is interrupted at random moments until it has ended.
    """

    def __init__(self, function) -> None:
        self.guard = InterruptGuard()
        self.error: BaseException | None = None
        self._function = function
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.guard.adopt()
            self._function(self.guard)
        except BaseException as error:  # noqa: BLE001  # whatever gets out is the failure
            self.error = error

    def interrupt_until_the_end(self) -> int:
        """Return how many interruptions found a call."""
        chance = random.Random(8)
        found = 0
        self._thread.start()
        while self._thread.is_alive():
            found += self.guard.interrupt()
            pause = time.perf_counter() + chance.random() * 50e-6
            while time.perf_counter() < pause:
                pass
        self._thread.join()
        if self.error:
            raise self.error
        return found


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Let threads take turns after some microseconds.

    So an interruption may strike anywhere.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def spin(count: int) -> str:
    for _ in range(count):
        pass
    return "done"


def rounds(least: int, struck: list[int]) -> Iterator[int]:
    """Count rounds, at least so many, and until something was struck.

    The other thread may not have run for a while.
    """
    end = time.monotonic() + 30
    for number in itertools.count():
        if (number >= least and struck) or time.monotonic() > end:
            return
        yield number


def test_interruption_strikes_inside_the_call_only(quick_switches):
    struck: list[int] = []

    def work(guard):
        for number in rounds(5_000, struck):
            try:
                result = guard.call(lambda: spin(300))
            except JobInterrupted:
                struck.append(number)
            else:
                assert result == "done"
            spin(20)  # whatever strikes here gets out of the thread

    guarded = Guarded(work)

    assert guarded.interrupt_until_the_end()
    assert struck
    assert guarded.guard._lock.acquire(timeout=15)  # nobody was struck while it was held


# It may strike a finalizer.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_connection_returns_with_an_answer_that_nobody_read(store, quick_switches):
    struck: list[int] = []

    def exchange():
        for number in range(5):
            with store.available():
                answer = store.client.echo(str(number))
            assert answer == str(number).encode()

    def work(guard):
        for number in rounds(1_000, struck):
            try:
                guard.call(exchange)
            except JobInterrupted:
                struck.append(number)
            with store.available():
                assert store.client.echo("outside") == b"outside"

    assert Guarded(work).interrupt_until_the_end()
    assert struck


def test_what_is_asked_for_during_an_exchange_strikes_at_its_end():
    steps = []

    def exchange(guard):
        with shielded():
            with shielded():
                assert guard.interrupt()
                steps.append("inner")
            steps.append("outer")
        steps.append("after")

    def work(guard):
        with pytest.raises(JobInterrupted):
            guard.call(lambda: exchange(guard))

    run_alone(work)

    assert steps == ["inner", "outer"]


def run_alone(work) -> None:
    guarded = Guarded(work)
    guarded._thread.start()
    guarded._thread.join()
    if guarded.error:
        raise guarded.error


def test_call_that_goes_on_is_struck_again_after_a_while(monkeypatch):
    """The first may have struck a finalizer, which loses it."""
    monkeypatch.setattr("jobs.shield.AGAIN_AFTER", 0.0)
    caught = []

    def work(guard):
        def call():
            for _ in range(2):
                try:
                    guard.interrupt()
                    spin(100)
                except JobInterrupted:
                    caught.append(1)

        guard.call(call)

    run_alone(work)

    assert caught == [1, 1]


def test_call_is_struck_once():
    caught = []

    def stubborn(guard):
        for _ in range(2):
            try:
                guard.interrupt()
                spin(100)
            except JobInterrupted:
                caught.append("struck")
        return "went on"

    def work(guard):
        assert guard.call(lambda: stubborn(guard)) == "went on"
        with pytest.raises(JobInterrupted):
            guard.call(lambda: (guard.interrupt(), spin(100)))

    run_alone(work)

    assert caught == ["struck"]


def test_error_of_an_exchange_is_the_context_of_the_interruption():
    def exchange(guard):
        with shielded():
            guard.interrupt()
            raise ConnectionError

    def work(guard):
        with pytest.raises(JobInterrupted) as caught:
            guard.call(lambda: exchange(guard))
        assert isinstance(caught.value.__context__, ConnectionError)

    run_alone(work)


def test_nothing_strikes_a_thread_that_is_in_no_call():
    def work(guard):
        assert not guard.interrupt()
        spin(100)
        with shielded():
            assert not guard.interrupt()
        spin(100)

    run_alone(work)


def test_threads_without_a_guard_call_and_exchange_as_ever():
    with shielded():
        assert call_open(lambda: spin(1)) == "done"


def test_forked_child_has_no_guard_whatever_the_parent_held():
    ended = threading.Event()

    def work(guard):
        holds = threading.Event()

        def hold():
            with guard._lock:
                holds.set()
                ended.wait(10)

        threading.Thread(target=hold).start()
        holds.wait()

        def exchange():
            with shielded():
                os._exit(7)

        child = forked(exchange)
        code = exit_code(child)
        ended.set()
        assert code == 7

    run_alone(work)


def test_interruption_leaves_nothing_behind_that_a_tracer_meets():
    """It once made a traced thread stand still at its next call.

    It had been taken back instead of let through.
    """

    def work(guard):
        with suppress(JobInterrupted):
            guard.call(lambda: (guard.interrupt(), spin(100)))
        before = sys.gettrace()
        sys.settrace(lambda frame, event, arg: None)
        try:
            spin(10)
        finally:
            sys.settrace(before)

    run_alone(work)
