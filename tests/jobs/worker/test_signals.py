"""Signals as bytes in a pipe."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from jobs.worker.signals import SignalPipe, turn_deaf
from tests.jobs.worker.forking import exit_code, forked
from tests.waiting import wait_until


def test_signals_are_read_in_the_order_in_which_they_came():
    with SignalPipe(signal.SIGUSR1, signal.SIGUSR2) as signals:
        os.kill(os.getpid(), signal.SIGUSR2)
        os.kill(os.getpid(), signal.SIGUSR1)

        assert select.select([signals.fileno()], [], [], 1)[0]
        assert signals.read() == [signal.SIGUSR2, signal.SIGUSR1]
        assert signals.read() == []


def test_pipe_knows_what_waits_in_it_and_when_a_signal_came_first():
    with SignalPipe(signal.SIGUSR1) as signals:
        assert not signals.is_waiting
        before = time.monotonic()
        os.kill(os.getpid(), signal.SIGUSR1)
        wait_until(lambda: signals.is_waiting)
        after = time.monotonic()
        os.kill(os.getpid(), signal.SIGUSR1)

        assert before <= signals.first_came(signal.SIGUSR1) <= after
        assert signals.read() == [signal.SIGUSR1] * 2
        assert not signals.is_waiting


def test_new_pipe_knows_of_no_signal_before_it():
    with SignalPipe(signal.SIGUSR1):
        os.kill(os.getpid(), signal.SIGUSR1)
    opened_at = time.monotonic()

    with SignalPipe(signal.SIGUSR1) as signals:
        assert signals.first_came(signal.SIGUSR1) >= opened_at


def test_handlers_are_as_before_when_the_pipe_is_closed():
    before = signal.getsignal(signal.SIGUSR1)

    with SignalPipe(signal.SIGUSR1):
        assert signal.getsignal(signal.SIGUSR1) is not before

    assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_signal_to_a_forked_child_ends_it_and_never_reaches_the_pipe():
    with SignalPipe(signal.SIGTERM) as signals:
        for _ in range(50):  # at once, when the child may not have its own handlers yet
            child = forked(signal.pause)
            os.kill(child, signal.SIGTERM)
            assert exit_code(child) == -signal.SIGTERM

        assert signals.read() == []
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def test_forked_child_leaves_the_with_block_without_harm():
    with SignalPipe(signal.SIGUSR1) as signals:
        child = forked(lambda: signals.__exit__(None, None, None))

        assert exit_code(child) == 0
        os.kill(os.getpid(), signal.SIGUSR1)
        assert signals.read() == [signal.SIGUSR1]


def test_child_of_a_deaf_process_is_not_deaf(deaf_ears):
    turn_deaf(signal.SIGHUP, signal.SIGUSR2)
    os.kill(os.getpid(), signal.SIGHUP)

    child = forked(signal.pause)
    sleeper = subprocess.Popen(["sleep", "60"])
    os.kill(child, signal.SIGUSR2)
    sleeper.send_signal(signal.SIGHUP)

    assert exit_code(child) == -signal.SIGUSR2
    assert sleeper.wait(10) == -signal.SIGHUP


def test_what_the_starter_wants_ignored_stays_ignored(deaf_ears):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with SignalPipe(signal.SIGHUP):
        child = forked(lambda: os._exit(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN))
        assert exit_code(child) == 1

    turn_deaf(signal.SIGHUP)

    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.fixture
def deaf_ears() -> Iterator[None]:
    """Give the test's own process its handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGUSR2)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
