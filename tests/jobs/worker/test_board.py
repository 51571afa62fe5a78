"""The board that survives its process."""

import os

from jobs.worker.board import Board

FIRST, SECOND = "a" * 32, "b" * 32


def test_board_shows_what_was_begun_and_not_ended():
    board = Board(3)

    board.write(0, FIRST)
    board.write(2, SECOND)
    board.clear(0)

    assert board.running() == {SECOND}


def test_slot_is_used_again():
    board = Board(1)

    board.write(0, FIRST)
    board.clear(0)
    board.write(0, SECOND)

    assert board.running() == {SECOND}


def test_board_survives_the_process_that_wrote_it():
    board = Board(2)
    pid = os.fork()
    if pid == 0:
        board.write(1, FIRST)
        board.generation = 3
        os._exit(0)

    os.waitpid(pid, 0)

    assert board.running() == {FIRST}
    assert board.generation == 3
    board.close()
