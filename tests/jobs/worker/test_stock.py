"""Units that wait for a thread, and those whose end waits for a fetch."""

import pytest

from jobs.worker.stock import AHEAD_SECONDS, LONGEST_WAIT, MOST_AHEAD, MOST_UNITS, Finished, Stock
from jobs.worker.unit import Unit


def units(*numbers):
    return [Unit("q", "w", f"{number}", b"", number) for number in numbers]


def numbers(found):
    return [unit.number for unit in found]


@pytest.fixture
def clock(monkeypatch):
    """Return a clock in a list, which the test sets."""
    now = [0.0]
    monkeypatch.setattr("jobs.worker.stock.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def stock():
    """Return an empty stock for ten threads, whose jobs take a millisecond each."""
    stock = Stock(10)
    stock.mean_seconds = 0.001
    return stock


def ahead(stock):
    return stock.count_wanted(0)


# How many to fetch


def test_as_much_is_fetched_as_is_done_in_a_few_milliseconds(stock):
    assert ahead(stock) == int(AHEAD_SECONDS * 10 / 0.001) == 80
    assert stock.count_wanted(3) == 83


def test_what_waits_already_is_not_fetched_again(stock):
    stock.add(units(*range(30)))

    assert ahead(stock) == 50


def test_idle_threads_get_nothing_ahead_of_long_jobs(stock):
    stock.mean_seconds = 1.0

    assert [stock.count_wanted(idle) for idle in (0, 1, 4)] == [1, 1, 4]


def test_more_units_than_room_still_fetches_for_idle_threads(stock):
    stock.add(units(*range(200)))

    assert [stock.count_wanted(idle) for idle in (0, 1, 4)] == [1, 1, 4]


def test_one_fetch_has_a_limit(stock):
    stock.mean_seconds = 0.0

    assert ahead(stock) == MOST_UNITS


# When to fetch more


def test_more_is_fetched_when_half_of_it_is_gone(stock):
    stock.add(units(*range(80)))

    stock.set_low_mark(80, idle=0)

    assert stock.low_mark == 40


def test_what_idle_threads_take_at_once_does_not_count(stock):
    stock.add(units(*range(84)))

    stock.set_low_mark(84, idle=4)

    assert stock.low_mark == 40


def test_fetch_that_brought_no_more_than_is_taken_at_once_waits_for_the_last(stock):
    stock.add(units(1, 2))

    stock.set_low_mark(2, idle=2)

    assert stock.low_mark == 0


def test_three_fetches_are_kept_of_the_shortest_jobs(stock):
    stock.mean_seconds = 0.0
    for _ in range(3):
        stock.add(units(*range(MOST_UNITS)))

    stock.set_low_mark(MOST_UNITS, idle=0)

    assert stock.low_mark == MOST_AHEAD - MOST_UNITS


def test_thread_may_run_one_before_it_fetches_more(stock):
    stock.mean_seconds = 0.0  # three fetches of 300 are wanted, but these two came
    stock.add(units(1, 2))

    stock.set_low_mark(2, idle=1)

    assert stock.low_mark == 1


# How long they wait


def test_low_mark_is_never_below_zero(stock):
    stock.mean_seconds = 1.0
    stock.set_low_mark(brought=5, idle=4)  # other threads have taken all five since

    assert stock.low_mark == 0


def test_thread_that_finds_nothing_takes_nothing(stock):
    stock.add(units(1))

    assert [stock.pop(), stock.pop()] == [*units(1), None]


def test_units_are_stale_when_no_thread_had_time_for_them(stock, clock):
    assert not stock.is_stale()
    stock.add(units(1))
    assert not stock.is_stale()

    clock[0] += LONGEST_WAIT

    assert stock.is_stale()
    assert numbers(stock.take_all()) == [1]
    assert not stock.is_stale()


def test_round_that_brings_nothing_begins_no_wait_anew(stock, clock):
    stock.add(units(1))
    clock[0] += LONGEST_WAIT

    stock.add([])

    assert stock.is_stale()


def test_units_that_are_not_ours_any_more_are_taken_out_in_their_order(stock):
    stock.add(units(1, 2, 3, 4))

    assert numbers(stock.remove({2, 4, 99})) == [2, 4]
    assert numbers(stock.units) == [1, 3]


# Finished ones


def test_finished_units_are_taken_in_their_order():
    finished = Finished()
    for unit in units(1, 2):
        finished.add(unit)

    assert finished.may_go()
    assert numbers(finished.take_all()) == [1, 2]
    assert not finished


def test_finished_units_are_late_when_the_first_has_waited(clock):
    finished = Finished()
    finished.add(*units(1))
    clock[0] += LONGEST_WAIT / 2
    finished.add(*units(2))
    assert not finished.is_late()

    clock[0] += LONGEST_WAIT / 2

    assert finished.is_late()
    finished.take_all()
    assert not finished.is_late()


def test_what_was_not_answered_is_kept_before_what_has_come_since():
    finished = Finished()
    sent = units(1, 2, 3)
    finished.add(*units(4))

    finished.note_answered(sent, units(2))

    assert numbers(finished.take_all()) == [1, 3, 4]


def test_what_a_queue_did_not_accept_waits_for_the_chores():
    finished = Finished()
    finished.note_answered(units(1, 2), units(2))
    assert finished
    assert not finished.may_go()

    sent = finished.take_all()
    finished.note_answered(sent, sent)
    finished.add(*units(3))

    assert finished.may_go()


def test_end_that_redis_forgot_goes_with_the_next_fetch():
    finished = Finished()

    finished.add_again(units(7))

    assert finished.may_go()
    assert numbers(finished.take_all()) == [7]
