"""How far a job has got, as it tells and as people see.

`Job.progress` makes it, Redis keeps it, and pages show it.
"""

import math
import time

import msgspec
from msgspec import Struct

from jobs.errors import InvalidArguments
from jobs.text import brief, escaped

#: The longest note, in characters. What is longer is cut.
MOST_NOTE = 200
#: Larger numbers are not told apart in JSON.
_MOST = 2.0**53


class Progress(Struct, frozen=True):
    """How far a job has got: `done`, of `total` if that is known.

    `at` is when it was told, in epoch seconds.
    """

    done: float
    total: float | None = None
    note: str = ""
    at: float = 0.0

    @classmethod
    def told(cls, done: object, total: object = None, note: object = "") -> "Progress":
        """Return what a job tells at this moment.

        Raise InvalidArguments for what is no number or no text. A number that cannot be one of
        progress, such as -1 or NaN, is taken for 0: it may come up when the job is nearly done.
        """
        whole = None if total is None else _number("total", total)
        if not isinstance(note, str):
            raise InvalidArguments(f"progress(): the note must be a text, not {brief(note)}.")
        text = escaped(note[: MOST_NOTE + 1])
        if len(text) > MOST_NOTE:
            text = f"{text[: MOST_NOTE - 1]}…"
        return cls(_number("done", done), whole, text, time.time())

    @classmethod
    def decode(cls, raw: bytes | None) -> "Progress | None":
        """Return the progress in a note, None where none can be read."""
        if raw is None:
            return None
        try:
            return _decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def encode(self) -> bytes:
        """Return the note that Redis keeps, of some hundred bytes at most."""
        return msgspec.json.encode(self)

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1, None without a total."""
        if self.total is None:
            return None
        return min(1.0, max(0.0, self.done / self.total)) if self.total > 0 else 1.0

    @property
    def is_complete(self) -> bool:
        """Whether all is done."""
        return self.fraction == 1.0

    @property
    def percent(self) -> int | None:
        """How much is done, in whole percent.

        It is 100 only when all is done.
        """
        if self.fraction is None:
            return None
        return math.floor(self.fraction * 100 + 1e-9)  # 0.29 * 100 is a little less than 29

    def without_note(self) -> "Progress":
        """Return the numbers alone."""
        return msgspec.structs.replace(self, note="")


_decode = msgspec.json.Decoder(Progress).decode


def _number(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidArguments(f"progress(): {name} must be a number, not {brief(value)}.")
    if isinstance(value, float) and math.isnan(value):
        return 0.0
    return float(max(0.0, min(value, _MOST)))
