"""`manage.py jobs top`: shows queues, workers and what runs, live in a terminal."""

import math
import time
from argparse import ArgumentTypeError

from django.core.management.base import OutputWrapper

from jobs.management.live_terminal import LiveTerminal
from jobs.management.top_desk import Desk
from jobs.management.top_look import Look, Room, look, picture

#: The longest time between two looks. Seconds.
MOST_SECONDS = 86_400


class Top:
    """Shows what goes on, and does what keys ask for.

    Where the output is no terminal it only prints.
    """

    def __init__(self, out: OutputWrapper, every: float) -> None:
        """Take where to write and the seconds between two looks."""
        self._out = out
        self._every = every

    def run(self, times: int) -> None:
        """Show so many looks.

        With 0 a terminal is kept up to date without end, and anything else gets one picture. `q`
        and Ctrl-C end it.
        """
        try:
            if self._out.isatty():
                with LiveTerminal(self._out) as terminal:
                    self._live(terminal, times)
            else:
                self._print(times or 1)
        except KeyboardInterrupt:
            return

    def _print(self, times: int) -> None:
        for number in range(times):
            if number:
                time.sleep(self._every)
            for line in picture(look(), Room()):
                self._out.write(line.text)
            self._out.flush()

    def _live(self, terminal: LiveTerminal, times: int) -> None:
        desk = Desk()
        looks = 0
        while not desk.has_ended:
            seen = look(desk.words, desk.order)
            _show(terminal, desk, seen)
            looks += 1
            if looks == times:
                return
            self._listen(terminal, desk, seen)

    def _listen(self, terminal: LiveTerminal, desk: Desk, seen: Look) -> None:
        """Do what keys ask for until it is time for the next look."""
        desk.wants_look = False
        for key in terminal.keys(self._every):
            desk.press(key, seen)
            if desk.has_ended or desk.wants_look:
                return
            _show(terminal, desk, seen)


def _show(terminal: LiveTerminal, desk: Desk, seen: Look) -> None:
    foot = desk.foot() if terminal.has_keys else []
    queue, job_id = desk.chosen(seen) if terminal.has_keys else ("", "")
    room = Room.on(terminal.size.lines, seen)
    terminal.show(picture(seen, room, queue, job_id), foot)


def positive_seconds(text: str) -> float:
    """Return the seconds in an argument.

    Raise ArgumentTypeError for what is no time to wait.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < MOST_SECONDS:
        raise ArgumentTypeError(f"{text!r} is no number of seconds above 0, such as 2 or 0.5.")
    return seconds
