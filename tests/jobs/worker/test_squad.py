"""A squad: the workers of one capsule, replaced by the rules of that capsule."""

import signal

import pytest

from jobs.conf import JobsSettings
from jobs.worker.board import Board
from jobs.worker.child import Child, Death
from jobs.worker.exits import STOPPED_BY_REQUEST
from jobs.worker.plan import Plan
from jobs.worker.queue_order import QueueOrder
from jobs.worker.recovery import WorkerEnd
from jobs.worker.retirement import Reason
from jobs.worker.squad import Squad
from jobs.worker.stacks import Stacks


class ToldChild(Child):
    """A child that is no process, and keeps the signals that it was told."""

    def tell(self, number: signal.Signals) -> None:
        self.was_told_to_stop = True
        told.append((self.pid, number))


told: list[tuple[int, signal.Signals]] = []


@pytest.fixture(autouse=True)
def nothing_told():
    told.clear()


class Forks:
    """Forks no process, and counts."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def __call__(self, plan: Plan) -> Child:
        self.children.append(ToldChild(len(self.children) + 1, "w", None, None, plan.queues))
        return self.children[-1]


def squad_of(processes: int = 1, *, is_serial: bool = False, burst: bool = False):
    plan = Plan(QueueOrder.parse(["q"]), JobsSettings(processes=processes), is_serial)
    squad, forks = Squad(plan, burst=burst), Forks()
    squad.keep_up_strength(forks)
    return squad, forks


def die(squad: Squad, child: Child, code: int = 0) -> None:
    squad.note_death(child, Death(["w"], WorkerEnd("", is_crash=False), code, "", 0, True, ("q",)))


def test_missing_workers_are_forked_and_belong_to_the_squad():
    squad, forks = squad_of(3)

    assert len(forks.children) == 3
    assert squad.is_at_strength
    assert all(child in squad for child in forks.children)
    assert ToldChild(9, "w", None, None) not in squad


def test_successor_is_there_before_the_old_one_is_told():
    squad, forks = squad_of()
    squad.begin_restart()
    squad.keep_up_strength(forks)

    assert len(forks.children) == 2
    assert told == [(1, signal.SIGTERM)]
    die(squad, forks.children[0])
    squad.keep_up_strength(forks)
    assert len(forks.children) == 2


def test_successor_in_a_serial_squad_comes_only_when_the_old_one_has_ended():
    squad, forks = squad_of(is_serial=True)
    squad.begin_restart()
    squad.keep_up_strength(forks)
    squad.keep_up_strength(forks)

    assert told == [(1, signal.SIGTERM)]
    assert len(forks.children) == 1
    die(squad, forks.children[0])
    squad.keep_up_strength(forks)
    assert len(forks.children) == 2


def test_second_restart_while_a_serial_one_is_under_way_brings_one_successor():
    squad, forks = squad_of(is_serial=True)
    for _ in range(2):
        squad.begin_restart()
        squad.keep_up_strength(forks)
    die(squad, forks.children[0])
    squad.keep_up_strength(forks)
    squad.keep_up_strength(forks)

    assert len(forks.children) == 2
    assert told == [(1, signal.SIGTERM)] * 2


def test_serial_worker_that_a_person_stops_is_not_replaced():
    squad, forks = squad_of(is_serial=True)
    die(squad, forks.children[0], STOPPED_BY_REQUEST)
    squad.keep_up_strength(forks)

    assert len(forks.children) == 1
    assert not squad.is_wanted


def test_squad_whose_burst_is_done_can_be_called_up_again():
    squad, forks = squad_of(2, burst=True)
    assert not squad.has_ended
    for child in forks.children:
        die(squad, child)
    assert squad.has_ended

    squad.call_up_again()
    assert not squad.has_ended
    squad.keep_up_strength(forks)
    assert len(forks.children) == 4


def wear_out(squad: Squad, child: Child) -> None:
    child.board, child.stacks = Board(1), Stacks()
    child.board.wish(Reason.JOBS)
    squad.look_for_worn()


def test_worn_worker_has_its_successor_before_it_retires():
    squad, forks = squad_of()
    wear_out(squad, forks.children[0])
    squad.keep_up_strength(forks)

    assert forks.children[0].board.retires_for == Reason.JOBS
    assert len(forks.children) == 2
    die(squad, forks.children[0])
    squad.keep_up_strength(forks)
    assert len(forks.children) == 2


def test_worn_worker_of_a_serial_squad_is_replaced_when_it_has_ended():
    squad, forks = squad_of(is_serial=True)
    wear_out(squad, forks.children[0])
    squad.keep_up_strength(forks)
    squad.keep_up_strength(forks)

    assert forks.children[0].board.retires_for == Reason.JOBS
    assert len(forks.children) == 1
    die(squad, forks.children[0])
    squad.keep_up_strength(forks)
    assert len(forks.children) == 2


def test_restart_ends_who_has_a_successor_already():
    squad, forks = squad_of()
    wear_out(squad, forks.children[0])
    squad.keep_up_strength(forks)
    squad.begin_restart()

    assert told == [(1, signal.SIGTERM)]
    die(squad, forks.children[0])
    squad.keep_up_strength(forks)
    assert told == [(1, signal.SIGTERM), (2, signal.SIGTERM)]
    assert len(forks.children) == 3
