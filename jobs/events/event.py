"""What every event has: a name, a level, a time, and fields."""

import logging
import time
from typing import Any, ClassVar

from msgspec import Struct, field

from jobs.text import escaped

#: What is not among the fields of a line.
_OWN = {"at", "raised"}


class Event(Struct, kw_only=True):
    """Something that happened.

    Treat it as a value. `at` is in epoch seconds. `raised` is the error whose traceback belongs to
    the event, if there is one. A field that is None is left out of the line in the log.
    """

    NAME: ClassVar[str]
    LEVEL: ClassVar[int] = logging.INFO

    at: float = field(default_factory=time.time)
    raised: BaseException | None = None

    @property
    def name(self) -> str:
        """The stable name, such as `worker.started`."""
        return self.NAME

    @property
    def level(self) -> int:
        """The level of the line in the log, as the logging module numbers them."""
        return self.LEVEL

    def text(self) -> str:
        """Return the line: `name key=value key=value`.

        No value can forge another line: what cannot be printed is escaped.
        """
        return printable(f"{self.name}{''.join([f' {k}={v}' for k, v in self.fields().items()])}")

    def fields(self) -> dict[str, Any]:
        """Return what the line says beside the name, in order."""
        values = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _OWN}
        # A field whose name is a word of Python, or of this class, ends in an underscore.
        return {
            name.removesuffix("_"): value for name, value in values.items() if value is not None
        }


def printable(text: str) -> str:
    """Return a text of one line without control characters."""
    return text if text.isprintable() else escaped(text)
