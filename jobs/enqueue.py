"""From a call to a payload to Redis, now or at the commit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Self

from asgiref.sync import sync_to_async

from jobs.arguments import check_arguments
from jobs.claims import NOTHING_CHOSEN, Chosen, check_choice
from jobs.client import MOST_BYTES, get_client
from jobs.commit import has_to_wait
from jobs.conf import get_settings
from jobs.errors import InvalidArguments, InvalidJob, QueueFull, StoreUnavailable
from jobs.habits import explain_habits
from jobs.ids import new_job_id
from jobs.loop_push import push_from_loop
from jobs.making import EnqueuedJob, Made, Maker, answered
from jobs.middleware.chain import declared_options, get_chain
from jobs.options import RIVALS, JobOptions, check_commit, check_run_after
from jobs.payload import Payload
from jobs.performing import C
from jobs.protection import is_sealed
from jobs.registry import registry
from jobs.sink import RedisSink, switch
from jobs.store import Duplicates, NewJob
from jobs.stream import Stream
from jobs.text import brief
from jobs.travelling import changes_of

if TYPE_CHECKING:
    from jobs.job import Job

__all__ = ["Arguments", "ConfiguredJob", "EnqueuedJob", "changes_of", "options_of"]

Arguments = Sequence[Any] | Mapping[str, Any]
#: For a message about an unknown option.
_BESIDES = "Besides them, using() takes run_after, commit, key, id."


@dataclass(frozen=True, slots=True)
class ConfiguredJob(Generic[C]):
    """A job class with some options changed: what `using()` returns.

    `changes` are the options that differ from the class's own; they travel with the job.
    `commit` is `on_commit` or `immediate`, None for the setting ENQUEUE.
    """

    job_class: "type[Job]"
    options: JobOptions
    changes: Mapping[str, Any]
    run_after: datetime | timedelta | None = None
    commit: str | None = None
    #: What the caller has chosen for one job: its unique key, its id.
    chosen: Chosen = NOTHING_CHOSEN
    #: Holds the one that suits the settings, once a job was made.
    _makers: list[Maker] = field(default_factory=list, init=False, repr=False, compare=False)

    def using(
        self,
        /,
        *,
        run_after: datetime | timedelta | None = None,
        commit: str | None = None,
        key: str | None = None,
        id: str | None = None,  # noqa: A002  # the word of the callers
        **options: Any,
    ) -> "ConfiguredJob[C]":
        """Return a copy with these options changed. See `Job.using`."""
        name = f"{self.job_class.__name__}.using()"
        changed: ConfiguredJob[C] = ConfiguredJob(
            self.job_class,
            self.options.merged(options, name, declared_options, _BESIDES),
            {
                name: v
                for name, v in self.changes.items()
                if options.get(RIVALS.get(name, "")) is None
            }
            | options,
            self.run_after if run_after is None else check_run_after(run_after, name),
            self.commit if commit is None else check_commit(commit, name),
            self.chosen.changed(key, id, name),
        )
        check_choice(changed, options, name)
        return changed

    def enqueue(self, /, *args: C.args, **kwargs: C.kwargs) -> EnqueuedJob:
        """Enqueue one job. See `Job.enqueue`."""
        maker = self._maker()
        job_id = self.chosen.id or new_job_id()
        enqueued, job = maker.make(job_id, args, kwargs, maker.common())
        if job is None:
            return enqueued
        sent = switch.current.send([(enqueued.queue, job)], after_commit=maker.after_commit)
        return enqueued if job.claim is None else answered(enqueued, job, sent)

    async def aenqueue(self, /, *args: C.args, **kwargs: C.kwargs) -> EnqueuedJob:
        """Enqueue one job from a coroutine.

        It is made in the thread of Django's ORM, so that transactions count, and sent by the event
        loop. With `commit="immediate"`, and without middleware, no thread is asked.
        """
        maker = self._maker()
        prepare = partial(self._prepare, maker, args, kwargs)
        asks_nobody = maker.asks_nobody and isinstance(switch.current, RedisSink)
        enqueued, job = prepare() if asks_nobody else await sync_to_async(prepare)()
        if job is not None:
            await push_from_loop(enqueued.queue, job)
        return enqueued

    def _prepare(self, maker: Maker, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Made:
        """Return one job that is to be pushed now.

        None stands in its place if it is seen to.
        """
        may_wait = maker.is_special or (maker.after_commit and has_to_wait())
        if may_wait or not isinstance(switch.current, RedisSink):
            return self.enqueue(*args, **kwargs), None
        return maker.make(self.chosen.id or new_job_id(), args, kwargs, maker.common())

    def enqueue_many(
        self, arguments: Iterable[Arguments], batch_size: int = 1000
    ) -> list[EnqueuedJob]:
        """Enqueue one job for each list (or dictionary) of arguments. See `Job.enqueue_many`."""
        if type(batch_size) is not int or batch_size < 1:
            raise InvalidArguments(f"batch_size must be at least 1, not {brief(batch_size)}.")
        self.chosen.refuse_many()
        with _Batches(self._maker()) as batches:
            return batches.enqueue(iter(arguments), batch_size)

    def check(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        """Return the name of the job class.

        Raise InvalidArguments unless these suit `perform` and JSON.
        """
        name = registry.name_of(self.job_class)
        self.job_class.check_signature(args, kwargs)
        names, are_secret = self.job_class.parameter_names(), is_sealed(self.options)
        check_arguments(name, args, kwargs, names, are_secret=are_secret)
        return name

    def _maker(self) -> Maker:
        settings, chain = get_settings(), get_chain()
        if not (self._makers and self._makers[0].is_of(settings, chain)):
            self._makers[:] = [Maker(self, settings, chain)]
        maker = self._makers[0]
        if maker.is_local and isinstance(switch.current, RedisSink):
            raise InvalidJob(
                f"{self.job_class.__module__}.{self.job_class.__qualname__} is defined inside a "
                "function, where no worker finds it. Define it at the top of the jobs module of an "
                "app."
            )
        return maker


explain_habits(ConfiguredJob)


class _Batches:
    """The jobs of one `enqueue_many`, made and sent batch by batch.

    While Redis works on one batch, the next is made.
    """

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._common = maker.common()
        self._ids = new_job_id.many()
        self._stream: Stream | None = None
        #: Jobs that were given to another sink, or wait for a commit.
        self._handed_over = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, tb: object) -> None:
        """Wait for what was sent, and note in an error how much that was."""
        if error is not None and not isinstance(error, Exception):
            if self._stream:
                self._stream.drop()
            return
        try:
            self._settle()
        except StoreUnavailable as late:
            self._note_sent(late)
            raise
        if error is not None:
            self._note_sent(error)

    def _note_sent(self, error: Exception) -> None:
        if sent := self._sent():
            what = "1 job of this call stays, or does"
            if sent > 1:
                what = f"{sent:,} jobs of this call stay, or do"
            error.add_note(f"{what} at the commit.")

    def enqueue(self, remaining: Iterator[Arguments], batch_size: int) -> list[EnqueuedJob]:
        """Make and send all jobs, and return what the caller gets."""
        enqueued: list[EnqueuedJob] = []
        while batch := self._make(remaining, batch_size):
            sent = self._send([(made.queue, job) for made, job in batch if job is not None])
            if self._maker.claimer is None:
                enqueued += [made for made, _ in batch]
            else:
                enqueued += [
                    made if job is None else answered(made, job, sent) for made, job in batch
                ]
        return enqueued

    def _make(self, remaining: Iterator[Arguments], most: int) -> list[Made]:
        """Return so many jobs, or as many as fit into one round trip."""
        make, ids, common = self._maker.make, self._ids, self._common
        batch: list[Made] = []
        size = 0
        for arguments in remaining:
            args, kwargs = _split(arguments)
            made = make(next(ids), args, kwargs, common)
            batch.append(made)
            last = len(made[1].payload) if made[1] is not None else 0
            size += last
            if len(batch) == most or size + last > MOST_BYTES:  # the next is likely to be as large
                break
        return batch

    def _send(self, jobs: list[tuple[str, NewJob]]) -> Duplicates | None:
        """Send a batch, and return which of those with a claim are duplicates.

        It is None if nobody knows yet.
        """
        if not jobs:
            return {}
        after_commit = self._maker.after_commit
        may_wait = self._maker.is_special or (after_commit and has_to_wait())
        if isinstance(switch.current, RedisSink) and not may_wait:
            self._stream = self._stream or Stream(get_client())
            with self._counting():
                self._stream.send(jobs)
            return {}
        self._settle()
        with self._counting():
            duplicates = switch.current.send(jobs, after_commit=after_commit)
        self._handed_over += len(jobs) - len(duplicates or ())
        return duplicates

    def _settle(self) -> None:
        if self._stream:
            with self._counting():
                self._stream.settle()

    def _sent(self) -> int:
        """Return how many jobs are in, or will be at the commit."""
        return self._handed_over + (self._stream.pushed if self._stream else 0)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Let errors count the jobs of earlier batches too."""
        try:
            yield
        except StoreUnavailable as error:
            error.pushed += self._handed_over
            error.jobs += self._handed_over
            raise
        except QueueFull as error:
            error.pushed += self._handed_over
            raise


def options_of(job_class: "type[Job]", payload: Payload) -> JobOptions:
    """Return the options that hold for one job.

    They are its class's own as they are now, and what `using()` changed. Raise InvalidJob for
    options that this process does not understand.
    """
    if not payload.options:
        return job_class.options
    return job_class.options.merged(changes_of(payload), payload.job_class, declared_options)


#: No arguments by name.
_NONE: Mapping[str, Any] = MappingProxyType({})


def _split(arguments: Arguments) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Return positional arguments and those by name."""
    if type(arguments) is tuple or type(arguments) is list:
        return arguments, _NONE
    if isinstance(arguments, Mapping):
        return (), arguments
    if isinstance(arguments, str | bytes | bytearray) or not isinstance(arguments, Sequence):
        raise InvalidArguments(
            "enqueue_many takes a list or tuple of arguments (or a dictionary) for each job, not "
            f"{type(arguments).__name__}; write [(1,), (2,)] for jobs of one argument."
        )
    return arguments, _NONE
