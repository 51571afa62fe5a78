"""Commands and answers are told apart, wherever the network splits them."""

import pytest

from tests.faults.resp import take_answers, take_commands

COMMANDS = {
    b"*1\r\n$4\r\nPING\r\n": [b"PING"],
    b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$6\r\nx\r\n$1y\r\n": [b"SET", b"a", b"x\r\n$1y"],
    b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n": [b"ECHO", b""],
    b"PING typed\r\n": [b"PING", b"typed"],
}
ANSWERS = [
    b"+OK\r\n",
    b"-ERR no\r\n",
    b":12\r\n",
    b"$-1\r\n",
    b"$0\r\n\r\n",
    b"$5\r\n+\r\n:1\r\n",
    b"*-1\r\n",
    b"*0\r\n",
    b"*3\r\n:1\r\n*2\r\n$2\r\nab\r\n$-1\r\n*0\r\n",
    b"%2\r\n+a\r\n:1\r\n+b\r\n~2\r\n#t\r\n_\r\n",
    b"=6\r\ntxt:ab\r\n",
]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_pipeline_of_commands_is_split_wherever_it_was_cut(size):
    sent, buffer = b"".join(COMMANDS), bytearray()
    taken: list = []

    for start in range(0, len(sent), size):
        buffer += sent[start : start + size]
        taken += take_commands(buffer)

    assert taken == list(COMMANDS.items())
    assert not buffer


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_answers_of_every_kind_are_split_wherever_they_were_cut(size):
    sent, buffer = b"".join(ANSWERS), bytearray()
    taken: list = []

    for start in range(0, len(sent), size):
        buffer += sent[start : start + size]
        taken += take_answers(buffer)

    assert taken == ANSWERS
    assert not buffer


@pytest.mark.parametrize("answer", ANSWERS)
def test_answer_is_not_complete_before_its_last_byte(answer):
    for length in range(len(answer)):
        assert list(take_answers(bytearray(answer[:length]))) == []
