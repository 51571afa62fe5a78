"""The small machines of a worker and its supervisor, each by itself."""

import time

import pytest

from jobs.worker.child import Child, Death
from jobs.worker.children import Children
from jobs.worker.course import Course
from jobs.worker.deadlines import SupervisorDeadlines, WorkerDeadlines
from jobs.worker.exits import STOPPED_BY_REQUEST
from jobs.worker.inbox import Inbox, Request
from jobs.worker.pace import LONGEST_PAUSE, Pace
from jobs.worker.recovery import WorkerEnd
from jobs.worker.rolling_restart import RollingRestart
from jobs.worker.strength import Strength


def death(code: int = 1, *, is_crash: bool = False, has_worked: bool = False) -> Death:
    return Death(["w"], WorkerEnd("", is_crash=is_crash), code, "", 0, has_worked=has_worked)


def child(pid: int) -> Child:
    return Child(pid, f"w{pid}", None, None)


class TestDeadlines:
    def test_a_worker_interrupts_exits_and_ends_in_this_order_before_it_is_killed(self):
        began_at = time.monotonic()
        worker = WorkerDeadlines.after(25.0)
        supervisor = SupervisorDeadlines.after(25.0, began_at)

        moments = [worker.interrupts_at, worker.exits_at, supervisor.kills_at, supervisor.ends_at]
        passed = [moment - began_at for moment in moments]
        assert passed == pytest.approx([23.0, 24.0, 24.5, 24.9], abs=0.3)

    def test_short_timeouts_are_shared_out(self):
        began_at = time.monotonic()
        worker = WorkerDeadlines.after(1.0)

        assert worker.interrupts_at - began_at == pytest.approx(0.75, abs=0.2)
        assert SupervisorDeadlines.after(1.0, 10.0).kills_at == pytest.approx(10.9)

    def test_rounds_of_a_stop_are_short_and_have_a_moment_even_when_time_is_up(self):
        stop = SupervisorDeadlines(kills_at=100.0, ends_at=100.4)

        assert stop.round_ends_at(50.0) == pytest.approx(50.4)
        assert stop.round_ends_at(100.2) == pytest.approx(100.4)
        assert stop.round_ends_at(200.0) == pytest.approx(200.1)


class TestCourse:
    def test_quiet_is_news_once_and_a_stop_has_deadlines(self):
        course = Course(25.0)

        assert [course.become_quiet(), course.become_quiet()] == [True, False]
        assert not course.is_stopping
        course.begin_stop()
        assert course.is_stopping

    def test_a_quiet_worker_goes_back_to_work_and_one_that_stops_does_not(self):
        course = Course(25.0)

        assert not course.unquiet()
        course.become_quiet()
        assert [course.unquiet(), course.unquiet(), course.is_quiet] == [True, False, False]
        course.become_quiet()
        course.begin_stop()
        assert not course.unquiet()

    def test_a_worker_with_a_successor_stays_quiet(self):
        course = Course(25.0)
        course.leaves_for = "memory"
        course.become_quiet()

        assert not course.unquiet()


class TestInbox:
    def test_requests_are_granted_once_in_their_order(self, store):
        inbox = Inbox(store, "w")
        inbox._desk.put("w", "quiet")
        inbox._desk.put("w", "cancel 0190aa")
        inbox.fetch()

        assert list(inbox.take_all()) == [Request("quiet", ""), Request("cancel", "0190aa")]
        assert list(inbox.take_all()) == []


class TestPace:
    def test_restarts_are_spaced_out_from_the_second_quick_death_on(self):
        pace, pauses = Pace(), []
        for _ in range(12):
            pace.note_death(0.1, is_fault=True)
            pauses.append(round(pace.starts_at - time.monotonic(), 1))

        assert pauses[:4] == [0.0, 0.4, 0.8, 1.6]
        assert pauses[-1] == LONGEST_PAUSE

    @pytest.mark.parametrize(("lived", "is_fault"), [(60.0, True), (0.1, False)])
    def test_one_that_lived_or_ended_well_starts_the_count_again(self, lived, is_fault):
        pace = Pace()
        for _ in range(3):
            pace.note_death(0.1, is_fault=True)
        pace.note_death(lived, is_fault=is_fault)

        assert pace.starts_at <= time.monotonic()


class TestStrength:
    @pytest.mark.parametrize(
        ("end", "was_told", "burst", "expected"),
        [
            (death(1, is_crash=True), False, False, (2, 1)),
            (death(1), True, False, (2, 0)),
            (death(STOPPED_BY_REQUEST), False, False, (1, 0)),
            (death(STOPPED_BY_REQUEST, is_crash=True), False, False, (2, 1)),
            (death(0), False, True, (2, 0)),
            (death(0), False, False, (2, 1)),
        ],
    )
    def test_who_is_replaced(self, end, was_told, burst, expected):
        strength = Strength(2, burst=burst)
        strength.missing = 0

        strength.note_death(end, was_told_to_stop=was_told)

        assert (strength.wanted, strength.missing) == expected


class TestRollingRestart:
    def test_one_child_is_replaced_at_a_time_and_the_dead_are_left_out(self):
        children, rolling = Children(), RollingRestart()
        old = [child(1), child(2), child(3)]
        for each in old:
            children.add(each)
        rolling.begin(children)

        assert rolling.next(children, 3) is old[0]
        children.add(child(4))  # the successor
        assert rolling.next(children, 3) is None
        del children._living[1], children._living[2]
        children.add(child(5))
        assert rolling.next(children, 3) is old[2]
        assert rolling.next(children, 3) is None
