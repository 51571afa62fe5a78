"""Events of any name, level and fields, for tests of the log."""

from typing import Any

from jobs.events import Event, emit


class Said(Event):
    """What a test says."""

    NAME = "said"

    said_name: str
    said_level: int
    said_fields: dict[str, Any]

    @property
    def name(self) -> str:
        return self.said_name

    @property
    def level(self) -> int:
        return self.said_level

    def fields(self) -> dict[str, Any]:
        return self.said_fields


def say(level: int, name: str, fields: dict[str, Any], error: BaseException | None = None) -> None:
    """Emit an event."""
    emit(Said(name, level, fields, raised=error))
