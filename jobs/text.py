"""Text for people and for Redis.

Names may be no UTF-8, and values may be of any size. What is read with `text_of` and sent again
reaches the same bytes. What people see goes through `shown`, and values in messages through
`brief`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from types import MappingProxyType

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import pgettext

#: Longest form of a value in a message.
MOST_CHARACTERS = 80
#: The longest text of an error in a line of the log.
MOST_ERROR_CHARACTERS = 1_000
#: Entries and levels of a container that are shown.
_MOST_ENTRIES = 10
_MOST_LEVELS = 4
#: Bits of the longest integer that is written out.
_MOST_BITS = 256
#: How collections are written.
_BRACKETS: Mapping[type[Collection[object]], tuple[str, str]] = MappingProxyType(
    {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), frozenset: ("{", "}")}
)


def grouped(number: float, decimals: int | None = None) -> str:
    """Write a number with the separators of the reader's language: 12,345 or 12.345."""
    return number_format(number, decimals, use_l10n=True, force_grouping=True)


def written(at: datetime) -> str:
    """Write a moment in the project's time zone: Nov 30, 2026, 05:17:30 UTC."""
    format_ = pgettext("date format, with seconds and zone", "M j, Y, H:i:s T")
    return date_format(timezone.localtime(at), format_)


def text_of(raw: bytes) -> str:
    """Return bytes as text.

    What is no UTF-8 in them survives the way back to Redis.
    """
    try:
        return raw.decode()  # twice as fast, and nearly always right
    except UnicodeDecodeError:
        return raw.decode("utf-8", "surrogateescape")


def texts_of(raws: Sequence[bytes]) -> list[str]:
    """Return many pieces of bytes as texts.

    They are decoded at once where no piece has a line break.
    """
    texts = text_of(b"\n".join(raws)).split("\n")
    return texts if len(texts) == len(raws) else [text_of(raw) for raw in raws]


def raw_of(text: str) -> bytes:
    """Return the bytes that `text_of` made this text of.

    A text that it makes of no bytes has bytes too, which nothing in Redis is called.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def shown(text: str) -> str:
    r"""Return text that may be printed and put into JSON.

    What was no UTF-8 appears as `\xNN`.
    """
    return raw_of(text).decode("utf-8", "backslashreplace")


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return the beginning of a text that is too long for a message."""
    return text if len(text) <= most else text[: most - 3] + "..."


def brief(value: object, most: int = MOST_CHARACTERS) -> str:
    """Return what `repr` does, shortened.

    Of a large value only the beginning is looked at.
    """
    return shortened(_brief(value, _MOST_LEVELS, most), most)


def _brief(value: object, levels: int, most: int) -> str:
    if isinstance(value, str):
        return repr(str.__getitem__(value, slice(most)))
    if isinstance(value, bytes | bytearray):
        return repr(bytes(value[:most]))
    if type(value) is int and value.bit_length() > _MOST_BITS:
        return f"<of about {value.bit_length() * 0.30103:,.0f} digits>"
    shown = _MOST_ENTRIES if levels else 0
    if isinstance(value, dict):
        items = islice(dict.items(value), shown)
        parts = [f"{_brief(k, 1, most)}: {_brief(v, levels - 1, most)}" for k, v in items]
        return f"{{{_listed(parts, len(value))}}}"
    for kind, (start, end) in _BRACKETS.items():
        if isinstance(value, kind):
            entries = islice(value, shown)
            text = _listed([_brief(entry, levels - 1, most) for entry in entries], len(value))
            return f"{start}{text}{end}"
    return _own_text(value)


def _listed(parts: list[str], count: int) -> str:
    return ", ".join([*parts, "..."] if len(parts) < count else parts)


def _own_text(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # a text for a message about another error
        return object.__repr__(value)


def shown_error(error: object) -> str:
    """Return the `repr` of an error or other object of the project.

    Whatever that does, this raises nothing, and the text is never very long.
    """
    try:
        text = repr(error)
        return text if len(text) <= MOST_ERROR_CHARACTERS else f"{text[:MOST_ERROR_CHARACTERS]}…"
    except BaseException as raised:  # noqa: BLE001  # it is code of the project
        return f"<{type(error).__qualname__}, whose __repr__ raised {type(raised).__qualname__}>"


def escaped(text: str) -> str:
    r"""Return text without control characters.

    With `\n` for a newline, no value forges a line.
    """
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


#: ASCII's and Latin-1's control characters, what else ends a line, and halves of characters.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
