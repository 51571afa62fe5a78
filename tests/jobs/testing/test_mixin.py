"""The mixin for Django's TestCase."""

import unittest
from datetime import timedelta

import pytest
from django.test import TestCase

from jobs import Job
from jobs.testing import JobsTestMixin, capture_jobs

RAN: list[int] = []
HOUR = timedelta(hours=1)


class CountJob(Job):
    def perform(self, number: int) -> None:
        RAN.append(number)


class FakeTests(JobsTestMixin, TestCase):
    def setUp(self):
        super().setUp()
        RAN.clear()

    def test_jobs_are_collected_and_drained(self):
        CountJob.enqueue(1)

        self.assert_enqueued(CountJob, args=[1])
        assert self.drain() == 1
        assert RAN == [1]

    def test_each_test_starts_empty(self):
        self.assert_nothing_enqueued()
        assert self.enqueued_jobs() == []

    def test_captured_commit_changes_nothing(self):
        with self.captureOnCommitCallbacks(execute=True):
            CountJob.enqueue(2)

        self.assert_enqueued(CountJob, args=[2], count=1)


class ToolsTests(JobsTestMixin, TestCase):
    def setUp(self):
        super().setUp()
        RAN.clear()

    def test_tools_are_methods(self):
        with self.capture_jobs(CountJob) as captured:
            CountJob.using(run_after=HOUR).enqueue(4)
        assert [payload.args for payload in captured] == [[4]]

        assert self.run_next(CountJob) is None
        self.pass_time(HOUR)
        assert self.run_next(CountJob).ending == "done"
        assert RAN == [4]
        assert self.upcoming_ticks(HOUR, job_class=CountJob) == []


class NoMixinTests(TestCase):
    """Whoever has no mixin may capture all the same."""

    def test_jobs_of_a_block_run_at_its_end(self):
        RAN.clear()
        with capture_jobs(execute=True):
            CountJob.enqueue(5)

        assert RAN == [5]


class InlineTests(JobsTestMixin, TestCase):
    jobs_mode = "inline"

    def test_jobs_run_at_once(self):
        RAN.clear()

        CountJob.enqueue(3)

        assert RAN == [3]


@pytest.mark.parametrize("case", [TestCase, unittest.TestCase])
def test_mixin_that_is_named_last_is_refused_with_the_right_order(case):
    with pytest.raises(TypeError, match=r"class OrderTests\(JobsTestMixin, TestCase\)"):
        type("OrderTests", (case, JobsTestMixin), {})


def test_mixin_in_any_place_before_the_test_case_is_right():
    base = type("Base", (JobsTestMixin,), {})
    tests = type("Tests", (base, TestCase), {})

    assert issubclass(type("MoreTests", (tests,), {}), JobsTestMixin)
