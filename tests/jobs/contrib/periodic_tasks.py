"""Tasks with schedules. The test that imports them takes their classes away again."""

from datetime import timedelta

from jobs import Cron, Every
from jobs.contrib.django_tasks import task


@task(
    priority=7,
    schedule=[
        Cron("0 3 * * *", name="nightly", kwargs={"language": "de"}),
        Every(timedelta(hours=1), name="hourly", args=["fr"]),
    ],
)
def report(language: str) -> str:
    return language


@task(schedulable=True)
def clean_up() -> None:
    pass
