"""A process that was forked by a job.

What it leaves behind, and how it ends.
"""

import os
import sys

import pytest

from jobs.worker.board import Board
from jobs.worker.forks import end_copy, keep, leave_behind
from tests.jobs.worker.forking import exit_code, forked


@pytest.fixture
def pipe():
    read, write = os.pipe()
    os.set_blocking(read, False)
    yield read, write
    os.close(read)
    os.close(write)


@pytest.fixture
def noting(pipe):
    """Return what reads the notes of the children.

    Each child notes that it has cleaned up.
    """
    read, write = pipe

    def clean() -> None:
        os.write(write, b"cleaned ")

    leave_behind(clean)
    yield lambda: os.read(read, 1000)
    keep(clean)


def test_child_cleans_up_once_and_its_own_children_do_not(noting):
    child = forked(lambda: os._exit(exit_code(forked(lambda: None))))

    assert exit_code(child) == 0
    assert noting() == b"cleaned "


def test_cleaning_that_fails_keeps_none_of_the_others_from_it(noting):
    def fail() -> None:
        raise OSError

    leave_behind(fail)
    try:
        assert exit_code(forked(lambda: None)) == 0
    finally:
        keep(fail)

    assert noting() == b"cleaned "


def test_child_cannot_write_on_the_board():
    board = Board(1)
    leave_behind(board.close)
    try:
        assert exit_code(forked(lambda: board.write(0, "x"))) == 99
    finally:
        keep(board.close)
    assert board.running() == set()
    board.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 1),
        (ValueError("no"), 1),
        (SystemExit(), 0),
        (SystemExit(0), 0),
        (SystemExit(7), 7),
        (SystemExit(-1), 255),
        (SystemExit("words"), 1),
    ],
)
def test_copy_ends_as_a_process_of_python_does(error, code):
    assert exit_code(forked(lambda: end_copy(error, job_id="a"))) == code


def test_words_of_an_exit_reach_standard_error(pipe):
    read, write = pipe

    def leave() -> None:
        os.dup2(write, 2)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        end_copy(SystemExit("had enough"))

    assert exit_code(forked(leave)) == 1
    assert os.read(read, 1000) == b"had enough\n"
