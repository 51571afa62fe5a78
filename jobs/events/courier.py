"""Brings events to listeners in a thread of its own.

So no job waits for a listener.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from jobs.events.event import Event
from jobs.shield import shielded

Listener = Callable[[Any], object]
#: Most events that wait; what comes beyond is lost, and counted.
MOST_WAITING = 10_000
#: How long events are collected before they are brought, in seconds.
COLLECTS_FOR = 0.02


class Courier:
    """Keeps events and brings them to their listeners.

    It is off until a worker process turns it on. Its thread starts with the first event.
    """

    def __init__(
        self, tell: Callable[[Listener, Event], object], note_lost: Callable[[int], object]
    ) -> None:
        """Take the function that calls a listener, and one that hears of losses.

        `tell` gets a listener and an event. `note_lost` gets how many events were lost. Neither
        raises.
        """
        self._tell = tell
        self._note_lost = note_lost
        self._is_on = False
        self._forget()

    def _forget(self) -> None:
        self._is_over = False
        self._waiting: deque[tuple[Listener, Event]] = deque()
        self._lost = 0
        self._has_news = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def start(self) -> None:
        """Take events from now on."""
        self._is_on = True

    def stop(self, timeout: float) -> None:
        """Bring what waits, for `timeout` seconds at most.

        Nobody hears what comes after that: the process ends.
        """
        self._is_on, self._is_over = False, True
        self._has_news.set()
        if self._thread:
            self._thread.join(timeout)

    def abandon(self) -> None:
        """Take no more and bring nothing, as a forked child must."""
        self._is_on = False
        self._forget()

    def take(self, listener: Listener, event: Event) -> bool:
        """Take an event for a listener, and return whether it was taken.

        If it was not, the caller has to bring it.
        """
        if not self._is_on:
            return self._is_over
        if len(self._waiting) >= MOST_WAITING:
            self._lost += 1
            # A listener may never come back. So the first loss is told at once, and the others
            # when it does.
            if self._lost == 1:
                self._note_lost(1)
            return True
        self._waiting.append((listener, event))
        if not self._has_news.is_set():
            self._has_news.set()
            try:
                self._see_to_thread()
            except RuntimeError:  # there can be no thread just now; the next event tries again
                self._has_news.clear()
        return True

    def _see_to_thread(self) -> None:
        with shielded(), self._starting:
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="jobs-listeners", daemon=True)
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        collecting = threading.Event()
        while self._is_on or self._waiting:
            self._has_news.wait()
            if self._is_on:
                collecting.wait(COLLECTS_FOR)
            self._has_news.clear()
            self._bring()

    def _bring(self) -> None:
        for _ in range(len(self._waiting)):
            self._tell(*self._waiting.popleft())
        lost, self._lost = self._lost, 0
        if lost > 1:
            self._note_lost(lost - 1)
