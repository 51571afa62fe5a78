"""What a process holds, by the number of each taking.

It holds true whatever comes late or twice.
"""

import time

import pytest

from jobs.worker import custody as module
from jobs.worker.custody import Custody, Delivery
from jobs.worker.unit import Unit, number_in


def unit(number: int, job_id: str = "a", worker: str = "w", queue: str = "q") -> Unit:
    return Unit(queue, worker, job_id, b"{}", number)


def test_numbers_are_never_given_twice():
    custody = Custody()

    starts = [custody.reserve(count) for count in (1, 500, 0, 3)]

    assert starts == [1, 2, 502, 503]


def test_end_of_an_earlier_taking_leaves_the_later_one_alone():
    """The same job came back to the same worker too early.

    The answer to its first ending had not come yet.
    """
    custody = Custody()
    custody.hold([unit(1)])
    custody.hold([unit(2)])

    custody.end(Delivery((unit(1),)))

    assert custody.numbers() == {2}
    assert custody.number_of("a") == 2


def test_ending_is_remembered_before_the_unit_is_let_go():
    custody = Custody()
    custody.hold([unit(1)])
    ending = Delivery((unit(1),))

    custody.end(ending)

    assert custody.deliveries_of({1}) == {1: ending}
    assert custody.is_empty()


def test_ending_is_forgotten_after_a_while_but_not_while_there_is_doubt(monkeypatch):
    custody = Custody()
    old = Delivery((unit(1),), at=time.monotonic() - 60)
    custody.doubtful.add("q")
    custody.end(old)
    custody.end(Delivery((unit(2),)))
    assert custody.deliveries_of({1}) == {1: old}

    custody.doubtful.clear()
    custody.end(Delivery((unit(3),)))

    assert custody.deliveries_of({1, 2}).keys() == {2}


def test_no_more_than_so_many_endings_are_remembered(monkeypatch):
    monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    custody = Custody()
    for number in range(10):
        custody.end(Delivery((unit(number),)))

    assert custody.deliveries_of(set(range(10))).keys() == {7, 8, 9}


def test_no_more_than_so_many_bytes_are_remembered(monkeypatch):
    """Payloads may be large.

    While a queue is in doubt, nothing is forgotten by time.
    """
    monkeypatch.setattr(module, "MOST_REMEMBERED_BYTES", 7)
    custody = Custody()
    custody.doubtful.add("q")
    for number in range(10):
        custody.end(Delivery((unit(number),)))

    assert custody.deliveries_of(set(range(10))).keys() == {7, 8, 9}


def test_ending_of_more_units_than_are_remembered_is_not_remembered(monkeypatch):
    """It used to end the thread that handed it in."""
    monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    custody = Custody()
    custody.hold([unit(number) for number in range(10)])

    custody.end(Delivery([unit(number) for number in range(10)]))

    assert custody.is_empty()
    custody.end(Delivery((unit(10),)))
    assert custody.deliveries_of({9, 10}).keys() == {10}


def test_units_of_one_name_and_queue_are_told_apart():
    custody = Custody()
    custody.hold([unit(1), unit(2, worker="w.1"), unit(3, queue="other")])

    assert custody.numbers_of("q", "w") == {1}


@pytest.mark.parametrize(
    ("token", "number"),
    [("host:1:ab#12", 12), ("host:1:ab.2#7", 7), ("host:1:12", None), ("", None)],
)
def test_number_is_read_from_a_token_that_has_one(token, number):
    assert number_in(token) == number
