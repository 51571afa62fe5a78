"""When a worker asks for a successor."""

from dataclasses import replace

import pytest

from jobs.conf import JobsSettings
from jobs.worker.board import Board
from jobs.worker.course import Course
from jobs.worker.retirement import Reason
from jobs.worker.wear import Wear, memory_in_use

NO_LIMITS = JobsSettings(redis_url="redis://127.0.0.1:1/0")


@pytest.fixture
def board():
    board = Board(1)
    yield board
    board.close()


def wear_of(board: Board, taken: int, course: Course | None = None, **limits) -> Wear:
    settings = replace(NO_LIMITS, **limits)
    return Wear(board, "w", settings, course or Course(1.0), lambda: taken)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 0),
        ({"max_jobs_per_process": 101}, 0),
        ({"max_jobs_per_process": 100}, Reason.JOBS),
        ({"max_memory_mb": 1_000_000}, 0),
        ({"max_memory_mb": 1}, Reason.MEMORY),
    ],
)
def test_what_a_worker_asks_for(board, limits, expected):
    wear_of(board, 100, **limits).look()

    assert board.wished == expected


def test_worker_that_turned_quiet_takes_its_wish_back(board):
    course = Course(1.0)
    wear = wear_of(board, 100, course, max_jobs_per_process=100)
    wear.look()
    course.become_quiet()

    wear.look()

    assert board.wished == 0


def test_memory_that_a_worker_begins_with_is_no_reason(board, caplog):
    wear = wear_of(board, 100, max_memory_mb=1)
    wear.begin()
    wear.look()

    assert board.wished == 0


def growth_by_50_megabytes():
    before = memory_in_use()
    kept = bytearray(b"x") * 50_000_000
    after = memory_in_use()
    assert len(kept) == 50_000_000
    return after - before


def test_memory_in_use_grows_with_what_is_kept():
    # The system may just be taking from this process what it has not used for long.
    assert any(40 < growth_by_50_megabytes() < 80 for _ in range(5))
