"""The tasks that the benchmarks run, as the job classes in `jobs`."""

from jobs.contrib.django_tasks import task


@task(queue_name="tasks")
def echo(number: int) -> int:
    """Return at once, as `ResultJob` does."""
    return number


@task(queue_name="bare", keep_result_for=None)
def no_op(number: int) -> None:
    """Return at once, and leave nothing, as `NoOpJob` does."""
