"""For tests on Django's TestCase: `class OrderTests(JobsTestMixin, TestCase)`."""

from typing import ClassVar

from jobs.testing import assertions, modes


class JobsTestMixin:
    """Gives each test a mode and an empty collection, and the tools as methods."""

    #: The mode of the tests of a class.
    jobs_mode: ClassVar[modes.Mode] = "fake"

    assert_enqueued = staticmethod(assertions.assert_enqueued)
    assert_nothing_enqueued = staticmethod(assertions.assert_nothing_enqueued)
    drain = staticmethod(modes.drain)
    enqueued_jobs = staticmethod(modes.enqueued_jobs)

    def setUp(self) -> None:  # unittest's name
        """Enter the mode, until the test is over."""
        super().setUp()  # type: ignore[misc]  # the mixin stands before a TestCase
        self.enterContext(modes.mode(self.jobs_mode))  # type: ignore[attr-defined]  # of TestCase
