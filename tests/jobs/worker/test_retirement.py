"""Which worker processes are replaced before their time: the successor first, in good order."""

import os
import signal
import threading
import time

import pytest

from jobs.worker.board import Board
from jobs.worker.child import Child
from jobs.worker.children import Children
from jobs.worker.retirement import Reason, Retirement
from jobs.worker.rolling_restart import RollingRestart
from jobs.worker.stacks import Stacks

TIMEOUT = 25.0
#: No process has it: signals go nowhere.
NO_PID = 2**22 + 1


class Told(Child):
    """A child without a process, that remembers what it was told."""

    def tell(self, number):
        self.__dict__.setdefault("told", []).append(number)
        super().tell(number)


@pytest.fixture
def children():
    return Children()


@pytest.fixture
def retirement():
    return Retirement(TIMEOUT)


def add(children: Children, count: int = 1) -> list[Told]:
    made = [Told(NO_PID + len(children) + n, f"w{n}", Board(2), Stacks()) for n in range(count)]
    for child in made:
        children.add(child)
    return made


def make_overdue(child: Child, number: int = 1) -> int:
    return child.board.set_limit(number, time.monotonic() - 0.01, threading.get_ident())


def look_twice(retirement, children) -> None:
    retirement.look(children)
    retirement.look(children)


def test_child_whose_job_does_not_end_is_stopped_and_killed_when_its_time_is_over(
    children, retirement
):
    (child,) = add(children)
    make_overdue(child)
    retirement.look(children)
    assert retirement.next(children, 1) is None  # it may just have been frozen
    retirement.look(children)

    assert retirement.next(children, 1) is child
    retirement.dismiss(child)

    assert child.told == [signal.SIGTERM]
    assert child.has_successor
    assert child.kills_at == pytest.approx(time.monotonic() + TIMEOUT, abs=1)
    assert retirement.next(children, 1) is None
    child.kills_at = time.monotonic()
    retirement.look(children)
    assert child.told == [signal.SIGTERM, signal.SIGKILL]


def test_job_that_ends_between_two_looks_costs_nothing(children, retirement):
    (child,) = add(children)
    place = make_overdue(child, 1)
    retirement.look(children)
    child.board.lift_limit(place)
    make_overdue(child, 2)
    retirement.look(children)

    assert retirement.next(children, 1) is None


def test_paused_child_cannot_end_its_job_and_is_left_alone(children, retirement):
    (child,) = add(children)
    make_overdue(child)
    child.is_paused = True
    look_twice(retirement, children)

    assert retirement.next(children, 1) is None
    child.is_paused = False
    retirement.look(children)
    assert retirement.next(children, 1) is None


class Asked(Stacks):
    """Stacks that count how often they were asked for."""

    times = 0

    def ask(self, pid):
        self.times += 1


def test_only_a_process_that_stands_still_is_asked_for_its_stacks(children, retirement):
    (child,) = add(children)
    child.stacks.close()
    child.stacks = Asked()
    make_overdue(child)

    for _ in range(3):
        child.board.turn()
        retirement.look(children)
    assert child.stacks.times == 0  # it writes them itself at its end

    look_twice(retirement, children)
    assert child.stacks.times == 1
    make_overdue(child, 2)
    look_twice(retirement, children)
    assert child.stacks.times == 2


def test_worn_child_is_not_stopped_but_told_to_retire(children, retirement):
    (child,) = add(children)
    child.board.wish(Reason.MEMORY)
    retirement.look(children)

    assert retirement.next(children, 1) is child
    retirement.dismiss(child)

    assert child.board.retires_for == Reason.MEMORY
    assert child.has_successor
    assert "told" not in child.__dict__
    retirement.look(children)
    assert retirement.next(children, 1) is None


def test_worn_children_leave_one_after_the_other(children, retirement):
    first, second = add(children, 2)
    for child in (first, second):
        child.board.wish(Reason.JOBS)
    retirement.look(children)
    retirement.dismiss(retirement.next(children, 2))
    add(children)

    assert retirement.next(children, 2) is None
    retirement._last_worn_at -= TIMEOUT  # a long job in the first holds the next back no longer
    assert retirement.next(children, 2) is second


def test_there_are_never_more_than_twice_as_many_as_wanted(children, retirement):
    (first,) = add(children)
    make_overdue(first)
    look_twice(retirement, children)
    retirement.dismiss(retirement.next(children, 1))
    (second,) = add(children)
    make_overdue(second)
    look_twice(retirement, children)

    assert retirement.next(children, 1) is None
    del children._living[first.pid]
    assert retirement.next(children, 1) is second


def test_child_that_retires_and_then_hangs_is_stopped_without_another_successor(
    children, retirement
):
    (child,) = add(children)
    child.board.wish(Reason.JOBS)
    retirement.look(children)
    retirement.dismiss(retirement.next(children, 1))
    make_overdue(child)
    look_twice(retirement, children)

    assert retirement.next(children, 1) is child
    assert child.is_leaving  # so nobody forks for it
    retirement.dismiss(child)
    assert child.told == [signal.SIGTERM]


def test_rolling_restart_goes_on_beside_children_that_retire(children):
    retiring, old, new = add(children, 3)
    retiring.has_successor = True
    rolling = RollingRestart()
    rolling.begin([old])

    assert rolling.next(children, 2) is old
    assert new in children


def test_board_tells_the_limits_that_have_passed_and_no_others():
    board = Board(2)
    passed = board.set_limit(7, time.monotonic() - 1, 123)
    board.set_limit(8, time.monotonic() + 100, 456)

    assert board.overdue() == {7: 123}
    board.lift_limit(passed)
    assert board.overdue() == {}
    board.close()


def test_stack_of_one_thread_is_read_without_the_others():
    stacks, entered, may_end = Stacks(), threading.Event(), threading.Event()

    def wait_for_the_test():
        entered.set()
        may_end.wait(15)

    thread = threading.Thread(target=wait_for_the_test)
    thread.start()
    entered.wait(15)
    stacks.listen()
    try:
        stacks.ask(os.getpid())
        assert "wait_for_the_test" in stacks.of(thread.ident)
        assert "wait_for_the_test" not in stacks.of(threading.get_ident())
        assert stacks.of(12345) == ""
        stacks.ask(os.getpid())
        assert stacks.of(thread.ident).count("in wait_for_the_test") == 1
    finally:
        may_end.set()
        thread.join()
        stacks.leave()


def test_worker_writes_its_stacks_itself():
    stacks = Stacks()

    def write_twice():
        stacks.write()
        stacks.write()

    # Python writes the youngest hundred threads, and other tests have left some.
    thread = threading.Thread(target=write_twice)
    thread.start()
    thread.join()

    assert stacks.of(thread.ident).count("in write_twice") == 1
    stacks.close()


@pytest.mark.parametrize(
    "head",
    [
        "Thread 0x00007f01 (most recent call first):",
        "Current thread 0x00007f01 (most recent call first):",
        "Thread 0x00007f01 [jobs-1] (most recent call first):",
    ],
)
def test_stacks_of_all_versions_of_python_are_read(head):
    stacks = Stacks()
    stack = '  File "a.py", line 7 in hang\n  File "b.py", line 1 in perform\n'
    other = 'Thread 0x00007f02 (most recent call first):\n  File "c.py", line 1 in other\n'
    c_stack = "Current thread's C stack trace (most recent call first):\n  Binary file x\n"
    os.write(stacks._file, f"{other}\n{head}\n{stack}\n{other}\n{c_stack}".encode())

    assert stacks.of(0x7F01) == stack
    stacks.close()
