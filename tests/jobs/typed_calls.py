"""Right and wrong calls of jobs, for type checkers. Nothing of it runs.

A line that a checker must refuse says so: the codes of mypy and of Pyright, in this order.
`test_typing.py` compares them.
"""

from typing import Any, assert_type, reveal_type

from jobs import ConfiguredJob, EnqueuedJob, Job


class SendJob(Job):
    queue = "high"

    def perform(self, order_id: int, *, note: str = "") -> str:
        return f"{order_id} {note}"


class FetchJob(Job):
    async def perform(self, shop_id: int) -> bytes:
        return b"%d" % shop_id


class ShopJob(Job):
    """A base of a project's own."""

    queue = "low"


class NotingJob(Job):
    """A base that puts something of its own around `enqueue`."""

    @classmethod
    def enqueue(cls, /, *args: Any, **kwargs: Any) -> EnqueuedJob:
        return super().enqueue(*args, **kwargs)


class NotedJob(NotingJob):
    def perform(self, order_id: int) -> None: ...


class ManyJob(ShopJob):
    def perform(self, *ids: int, **notes: str) -> None: ...


class LooseJob(ShopJob):
    def perform(self, order_id, note=None):  # type: ignore[no-untyped-def]  # a project may have no types
        ...


class UrgentSendJob(SendJob):
    priority = 10


class OrderJob(Job):
    """A base with a `perform` of its own."""

    def perform(self, order_id: int) -> None: ...


class RefundJob(OrderJob):
    def perform(self, order_id: int, cents: int = 0) -> None: ...


class SameNameJob(Job):
    def perform(this, self: int, /, *, cls: int) -> None: ...  # noqa: N805


class CountJob(Job):
    def perform(self, number: int) -> None:
        self.enqueue(number + 1)
        self.enqueue("two")  # wrong: arg-type, reportArgumentType
        type(self).enqueue(number)
        CountJob.enqueue(number, 3)  # wrong: call-arg, reportCallIssue
        self.using(queue="low").enqueue(number)
        self.using(queue="low").enqueue("two")  # wrong: arg-type, reportArgumentType

    @classmethod
    def begin(cls) -> EnqueuedJob:
        cls.enqueue()  # wrong: call-arg, reportCallIssue
        return cls.enqueue(1)


def enqueue_calls() -> None:
    assert_type(SendJob.enqueue(7), EnqueuedJob)
    SendJob.enqueue(order_id=7, note="by name")
    SendJob.enqueue("7")  # wrong: arg-type, reportArgumentType
    SendJob.enqueue()  # wrong: call-arg, reportCallIssue
    SendJob.enqueue(7, "by position")  # wrong: call-arg, reportCallIssue
    SendJob.enqueue(7, not_a_name="")  # wrong: call-arg, reportCallIssue
    SendJob.enqueue(None)  # wrong: arg-type, reportArgumentType
    FetchJob.enqueue(7)
    FetchJob.enqueue("7")  # wrong: arg-type, reportArgumentType
    ManyJob.enqueue()
    ManyJob.enqueue(1, 2, 3, first="a", second="b")
    ManyJob.enqueue(1, "2")  # wrong: arg-type, reportArgumentType
    ManyJob.enqueue(first=1)  # wrong: arg-type, reportArgumentType
    LooseJob.enqueue(1)
    LooseJob.enqueue("1", note=object())
    LooseJob.enqueue(1, 2, 3)  # wrong: call-arg, reportCallIssue
    UrgentSendJob.enqueue(7, note="inherited")
    UrgentSendJob.enqueue("7")  # wrong: arg-type, reportArgumentType
    RefundJob.enqueue(7, 100)
    RefundJob.enqueue(7, "100")  # wrong: arg-type, reportArgumentType
    OrderJob.enqueue(7, 100)  # wrong: call-arg, reportCallIssue
    NotedJob.enqueue("7")  # its own base takes anything
    NotedJob.perform_now("7")  # wrong: arg-type, reportArgumentType
    SameNameJob.enqueue(1, cls=2)
    SameNameJob.enqueue(self=1, cls=2)  # wrong: call-arg, reportCallIssue


def using_calls() -> None:
    assert_type(SendJob.using(queue="low").enqueue(7), EnqueuedJob)
    SendJob.using(queue="low").enqueue("7")  # wrong: arg-type, reportArgumentType
    SendJob.using(queue="low").using(priority=1).enqueue()  # wrong: call-arg, reportCallIssue
    SendJob.using("low")  # wrong: call-arg arg-type, reportCallIssue
    FetchJob.using(commit="immediate").enqueue(7)
    FetchJob.using(run_after=60).enqueue(7)  # wrong: arg-type, reportArgumentType
    SendJob.enqueue_many([(1,), [2], {"order_id": 3, "note": "three"}])
    SendJob.using(queue="low").enqueue_many(((n,) for n in range(3)), batch_size=2)


async def calls_from_a_coroutine() -> None:
    assert_type(await SendJob.aenqueue(7, note="a"), EnqueuedJob)
    await SendJob.aenqueue("7")  # wrong: arg-type, reportArgumentType
    await FetchJob.aenqueue()  # wrong: call-arg, reportCallIssue
    await FetchJob.using(queue="low").aenqueue(7)
    await FetchJob.using(queue="low").aenqueue("7")  # wrong: arg-type, reportArgumentType


def calls_here_and_now() -> None:
    assert_type(SendJob.perform_now(7), str)
    assert_type(FetchJob.perform_now(7), bytes)
    ManyJob.perform_now(1, 2)
    SendJob.perform_now("7")  # wrong: arg-type, reportArgumentType
    FetchJob.perform_now("7")  # wrong: call-overload, reportCallIssue reportArgumentType
    SendJob().perform(7)


def classes_that_nobody_knows(job: type[Job], shop_job: type[ShopJob]) -> None:
    """Where no `perform` is known, everything goes, as it did before."""
    job.enqueue(1, "two", three=3)
    job.using(queue="low").enqueue(1)
    assert_type(job.perform_now(1), Any)
    shop_job.enqueue(1, "two")
    of_any: ConfiguredJob = SendJob.using(queue="low")
    of_any.enqueue(1, "two")
    jobs: dict[str, type[Job]] = {"send": SendJob, "fetch": FetchJob}
    jobs["send"].enqueue(1)


def what_is_shown() -> None:
    """Checkers and editors show the parameters of `perform`."""
    reveal_type(SendJob.enqueue)
    reveal_type(SendJob.using(queue="low").enqueue)
    reveal_type(FetchJob.perform_now)
