"""Results and contexts of tasks, with metadata.

Django knows no metadata of tasks yet. They are here as its proposal has them
(django/new-features#141): a dict beside the arguments, which the task may change.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async

from jobs.contrib.django_tasks.versions import TASK_REFRESH_ATTRS, AnyContext, AnyResult


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsResult(AnyResult):  # type: ignore[misc]  # the stubs do not know that it is frozen
    """The result of a task, as Django has it, and its metadata."""

    metadata: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_json(cls, **values: Any) -> "JobsResult":
        """Return a result of values that came out of JSON.

        To look at them again takes long.
        """
        made = object.__new__(cls)
        change = object.__setattr__
        for name, value in values.items():
            change(made, name, value)
        change(made, "_return_value", None)
        return made

    def refresh(self) -> None:
        """Read the result anew. Raise TaskResultDoesNotExist, or StoreUnavailable."""
        self._become(self.task.get_backend().get_result(self.id))

    async def arefresh(self) -> None:
        """Do what `refresh` does, from a coroutine."""
        self._become(await self.task.get_backend().aget_result(self.id))

    def _become(self, other: AnyResult) -> None:
        for name in TASK_REFRESH_ATTRS:
            object.__setattr__(self, name, getattr(other, name))
        # Another backend may have answered, whose results have none.
        object.__setattr__(self, "metadata", getattr(other, "metadata", {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsContext(AnyContext):  # type: ignore[misc]  # as above
    """What a task that takes its context is called with."""

    save: Callable[[], None]

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the task.

        What is changed in them is kept when the run ends.
        """
        metadata: dict[str, Any] = self.task_result.metadata  # type: ignore[attr-defined]  # of ours
        return metadata

    def save_metadata(self) -> None:
        """Keep the metadata as they are now.

        Raise TypeError or ValueError for what is no JSON, and StoreUnavailable. One round trip.
        """
        self.save()

    async def asave_metadata(self) -> None:
        """Do what `save_metadata` does, from a coroutine."""
        await sync_to_async(self.save, thread_sensitive=False)()
