"""Signals as bytes in a pipe."""

import os
import select
import signal

from jobs.worker.signals import SignalPipe


def test_signals_are_read_in_the_order_in_which_they_came():
    with SignalPipe(signal.SIGUSR1, signal.SIGUSR2) as signals:
        os.kill(os.getpid(), signal.SIGUSR2)
        os.kill(os.getpid(), signal.SIGUSR1)

        assert select.select([signals.fileno()], [], [], 1)[0]
        assert signals.read() == [signal.SIGUSR2, signal.SIGUSR1]
        assert signals.read() == []


def test_handlers_are_as_before_when_the_pipe_is_closed():
    before = signal.getsignal(signal.SIGUSR1)

    with SignalPipe(signal.SIGUSR1):
        assert signal.getsignal(signal.SIGUSR1) is not before

    assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.set_wakeup_fd(-1) == -1
