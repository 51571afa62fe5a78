"""Splits what a client and Redis say to each other into commands and answers.

It must know where each ends, to count them and to cut in the middle of one. An unfinished rest
stays in the buffer.
"""

from collections.abc import Iterator

_END = b"\r\n"
#: The first bytes of answers that are one line, and of those that say their length first.
#: The others say how many answers they consist of; a map, how many pairs.
_LINES, _BULKS = b"+-:_#,(", b"$=!"


def take_commands(buffer: bytearray) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield the bytes and the words of each complete command.

    What is yielded is removed from the buffer.
    """
    while (found := _command(buffer)) is not None:
        words, end = found
        raw = bytes(buffer[:end])
        del buffer[:end]
        yield raw, words


def take_answers(buffer: bytearray) -> Iterator[bytes]:
    """Yield each complete answer, and remove it from the buffer."""
    while (end := _end_of_answer(buffer, 0)) is not None:
        answer = bytes(buffer[:end])
        del buffer[:end]
        yield answer


def _command(buffer: bytearray) -> tuple[list[bytes], int] | None:
    """Return the words of the first command and where it ends.

    None if there is no end yet.
    """
    line_end = buffer.find(_END)
    if line_end < 0:
        return None
    position = line_end + 2
    if buffer[:1] != b"*":
        return bytes(buffer[:line_end]).split(), position  # a line typed by hand
    words = []
    for _ in range(int(buffer[1:line_end])):
        end = _end_of_answer(buffer, position)
        if end is None:
            return None
        start = buffer.find(_END, position) + 2
        words.append(bytes(buffer[start : end - 2]))
        position = end
    return words, position


def _end_of_answer(buffer: bytearray, start: int) -> int | None:
    """Return where the answer that begins at `start` ends.

    None if the end has not come yet.
    """
    line_end = buffer.find(_END, start)
    if line_end < 0:
        return None
    kind, position = buffer[start : start + 1], line_end + 2
    if kind in _LINES:
        return position
    size = int(buffer[start + 1 : line_end])
    if kind in _BULKS:
        end = position + size + 2 if size >= 0 else position
        return end if end <= len(buffer) else None
    for _ in range(2 * size if kind == b"%" else size):
        inner = _end_of_answer(buffer, position)
        if inner is None:
            return None
        position = inner
    return position
