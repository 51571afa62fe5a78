"""Methods of other systems: looking at one says what to write here."""

import pytest

from jobs import Job, habits


class ReportJob(Job):
    def perform(self, number: int) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("delay", "write ReportJob.enqueue(…)"),
        ("send", "write ReportJob.enqueue(…)"),
        ("perform_async", "write ReportJob.enqueue(…)"),
        ("apply_async", 'write ReportJob.using(queue="low").enqueue(…)'),
        ("perform_in", "write ReportJob.using(run_after=timedelta(minutes=5)).enqueue(…)"),
        ("schedule", "write ReportJob.using(run_after=timedelta(minutes=5)).enqueue(…)"),
        ("perform_inline", "write ReportJob.perform_now(…)"),
        ("perform_bulk", "write ReportJob.enqueue_many([(1,), (2,)])"),
    ],
)
@pytest.mark.parametrize(
    "holder", [ReportJob, ReportJob(), ReportJob.using(queue="low")], ids=["class", "job", "using"]
)
def test_method_of_another_system_says_what_to_write(holder, name, instead):
    with pytest.raises(AttributeError) as raised:
        getattr(holder, name)

    assert str(raised.value) == f"ReportJob has no {name!r}; {instead}"


def test_inside_a_job_retry_and_request_say_what_to_do():
    with pytest.raises(AttributeError, match="raise the error and the job is retried"):
        ReportJob().retry(countdown=5)
    with pytest.raises(AttributeError, match=r"self\.job_id, self\.attempt"):
        ReportJob().request.id  # noqa: B018  # looking is enough


def test_nobody_sees_a_method_there():
    assert not any(hasattr(ReportJob, name) for name in habits.METHODS)
    assert getattr(ReportJob, "delay", None) is None


class Sending:
    """A mixin of a project."""

    def send(self, text: str) -> str:
        return f"{type(self).__name__} sends {text}"

    @classmethod
    def schedule(cls) -> str:
        return cls.__name__


def test_project_may_have_methods_of_these_names():
    behind = type("BehindJob", (Job, Sending), {})
    before = type("BeforeJob", (Sending, Job), {})
    own = type("OwnJob", (Job,), {"delay": lambda self: 5, "apply_async": property(lambda self: 6)})

    assert behind().send("it") == "BehindJob sends it"
    assert before().send("it") == "BeforeJob sends it"
    assert behind.schedule() == "BehindJob"
    assert (own().delay(), own().apply_async) == (5, 6)


def test_attribute_of_a_job_may_have_such_a_name():
    job = ReportJob()

    job.request = 7

    assert job.request == 7


def test_class_whose_perform_has_another_name_is_told():
    unnamed = type("UnnamedJob", (Job,), {"run": lambda self: None})

    with pytest.raises(Exception, match=r"no perform method.*Rename its run to perform\."):
        unnamed.enqueue()
