"""For tests on Django's TestCase: `class OrderTests(JobsTestMixin, TestCase)`."""

import unittest
from typing import Any, ClassVar

from jobs.testing import assertions, capturing, draining, modes, playing, ticking


class JobsTestMixin:
    """Gives each test a mode, an empty collection, and the tools as methods."""

    #: The mode of the tests of a class.
    jobs_mode: ClassVar[modes.Mode] = "fake"

    assert_enqueued = staticmethod(assertions.assert_enqueued)
    assert_nothing_enqueued = staticmethod(assertions.assert_nothing_enqueued)
    capture_jobs = staticmethod(capturing.capture_jobs)
    drain = staticmethod(draining.drain)
    enqueued_jobs = staticmethod(modes.enqueued_jobs)
    pass_time = staticmethod(modes.pass_time)
    run_next = staticmethod(playing.run_next)
    upcoming_ticks = staticmethod(ticking.upcoming_ticks)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Raise TypeError for a class that would never call the mixin."""
        super().__init_subclass__(**kwargs)
        order = cls.__mro__
        mixin = order.index(JobsTestMixin)
        first = next((base for base in order[:mixin] if _is_case_alone(base)), None)
        if first is not None:
            raise TypeError(
                f"{cls.__name__} names JobsTestMixin after {first.__name__}, so its setUp would "
                "never be called. Name the mixin first: "
                f"class {cls.__name__}(JobsTestMixin, {first.__name__})."
            )

    @classmethod
    def setUpClass(cls) -> None:  # unittest's name
        """Enter the mode for what the class prepares, as in `setUpTestData`."""
        cls.enterClassContext(modes.mode(cls.jobs_mode))  # type: ignore[attr-defined]  # of TestCase
        super().setUpClass()  # type: ignore[misc]  # the mixin stands before a TestCase

    def setUp(self) -> None:  # unittest's name
        """Enter the mode, until the test is over."""
        super().setUp()  # type: ignore[misc]  # the mixin stands before a TestCase
        self.enterContext(modes.mode(self.jobs_mode))  # type: ignore[attr-defined]  # of TestCase


def _is_case_alone(base: type) -> bool:
    return issubclass(base, unittest.TestCase) and not issubclass(base, JobsTestMixin)
