"""The board that survives its process."""

import os

from jobs.worker.board import Board

FIRST, SECOND = 7, 2**52


def test_board_shows_what_was_begun_and_not_ended():
    board = Board(3)

    board.start(0, FIRST)
    board.start(2, SECOND)
    board.clear(0)

    assert board.running() == {SECOND}
    assert board.highest_started() == SECOND


def test_slot_is_used_again():
    board = Board(1)

    board.start(0, FIRST)
    board.clear(0)
    board.start(0, SECOND)

    assert board.running() == {SECOND}


def test_nothing_that_was_recalled_may_begin():
    board = Board(1)
    board.recall(FIRST)

    assert not board.start(0, FIRST)
    assert board.start(0, FIRST + 1)


def test_later_recall_cannot_take_an_earlier_one_back():
    board = Board(1)
    board.recall(SECOND)
    board.recall(FIRST)

    assert not board.start(0, FIRST + 1)


def test_job_that_was_recalled_counts_as_no_work_done():
    board = Board(1)
    board.start(0, FIRST)
    board.drop(0)

    assert board.running() == set()
    assert not board.has_ended_jobs
    board.clear(0)
    assert board.has_ended_jobs


def test_board_survives_the_process_that_wrote_it():
    board = Board(2)
    pid = os.fork()
    if pid == 0:
        board.start(1, FIRST)
        board.generation = 3
        board.turn()
        os._exit(0)

    os.waitpid(pid, 0)

    assert board.running() == {FIRST}
    assert (board.generation, board.turns) == (3, 1)
    board.close()


def test_highest_started_never_falls():
    """A newer taking was begun, and then recalled while it ran.

    A slot that began an older taking had hidden it.
    """
    board = Board(1)
    board.start(0, 10)
    board.start(0, 3)

    assert board.highest_started() == 10
    assert board.running() == {3}
