"""Jobs whose arguments nobody shall read."""

from datetime import timedelta

from jobs import Every, Job, Unique

#: What the jobs were called with.
seen: list[object] = []


class SecretJob(Job):
    encrypted = True
    max_retries = 1

    def perform(self, number: int, word: str = "") -> None:
        """Note the arguments."""
        seen.append((number, word))


class FailingJob(SecretJob):
    def perform(self, number: int, word: str = "") -> None:
        """Note the arguments, change them, and fail."""
        seen.append((number, word))
        raise ValueError("no")

    def retry_in(self, attempt: int, error: BaseException) -> float:
        return 0


class LimitedJob(SecretJob):
    time_limit = timedelta(seconds=60)


class AsyncSecretJob(SecretJob):
    async def perform(self, number: int, word: str = "") -> None:  # type: ignore[override]
        """Note the arguments."""
        seen.append((number, word))


class OnlySecretJob(SecretJob):
    unique = Unique(by=("number",))


class TickingJob(SecretJob):
    schedule = Every(timedelta(days=1), args=[7], kwargs={"word": "hunter2"})


class PlainJob(Job):
    def perform(self, number: int, word: str = "") -> None:
        """Note the arguments."""
        seen.append((number, word))


class PlainTickingJob(PlainJob):
    schedule = Every(timedelta(days=1), args=[7])
