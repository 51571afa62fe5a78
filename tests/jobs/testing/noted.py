"""A job that notes that it ran, for the tests of the tools."""

from typing import Any

from jobs import Job

#: What ran, for those who clear it before.
RAN: list[Any] = []


class NoteJob(Job):
    def perform(self, what: object) -> None:
        RAN.append(what)
