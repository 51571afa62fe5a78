"""`jobs.embed()`: a small worker inside another process, one for each process."""

import atexit
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import FrameType

from django.apps import apps

from jobs.conf import LEAST, JobsSettings, bounds_broken, get_settings
from jobs.errors import ConfigurationError, StoreUnavailable
from jobs.events import EmbeddedWorkerEnded, EmbeddedWorkerStarted, WorkerFault, emit
from jobs.log import flush
from jobs.sink import RedisSink, switch
from jobs.worker.embedded import EmbeddedWorker
from jobs.worker.queue_order import QueueOrder

#: How long a stop may take where nobody says so. Servers lose patience after 30. Seconds.
TIMEOUT = 10.0
#: How much longer than that a stop is waited for: the last words to Redis are among it. Seconds.
GRACE = 1.0
#: The pause between attempts to begin while Redis is away. Seconds.
TRY_AGAIN_AFTER = 2.0


class Embedded:
    """The worker of this process, as its owner holds it."""

    def __init__(self, queue_order: QueueOrder, settings: JobsSettings) -> None:
        """Take what to serve.

        Nothing runs yet.
        """
        self._wish = (queue_order, settings)
        self._pid = os.getpid()
        self._timeout = settings.timeout
        self._worker: EmbeddedWorker | None = None
        self._is_told = threading.Event()
        self._is_process_ending = False
        self._thread = threading.Thread(target=self._run, name="jobs-embedded", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether it runs, in this very process."""
        return self._pid == os.getpid() and self._thread.is_alive()

    def stop(self, timeout: float | None = None) -> bool:
        """Stop in good order, and return whether it has ended.

        It takes no more jobs. Those that run are interrupted shortly before the time that `embed`
        was told, and what heeds no interruption is waited for as long as the process lives.
        `timeout`: wait here for so many seconds at most. It may be called again.
        """
        self._tell(is_process_ending=False)
        return self._has_ended(timeout)

    def start(self) -> None:
        """Begin, and end with the process."""
        atexit.register(self._end_with_process)
        self._thread.start()

    def serves(self, queue_order: QueueOrder, settings: JobsSettings) -> bool:
        """Whether this is what was wished for."""
        return self._wish == (queue_order, settings)

    def _end_with_process(self) -> None:
        if self.is_running:
            self._tell(is_process_ending=True)
            self._has_ended(None)

    def _tell(self, *, is_process_ending: bool) -> None:
        self._is_process_ending = self._is_process_ending or is_process_ending
        self._is_told.set()
        worker = self._worker  # one that is made just now sees that it is told
        if worker is not None:
            worker.tell_to_stop(is_process_ending=self._is_process_ending)

    def _has_ended(self, timeout: float | None) -> bool:
        if self.is_running:
            self._thread.join(self._timeout + GRACE if timeout is None else timeout)
        return not self.is_running

    # The thread

    def _run(self) -> None:
        try:
            worker = self._make()
            if worker is not None:
                self._work(worker)
        except Exception as error:  # noqa: BLE001  # the server must go on without it
            emit(WorkerFault(in_="the embedded worker", error=repr(error), raised=error))
        finally:
            if self._pid == os.getpid():
                atexit.unregister(self._end_with_process)

    def _make(self) -> EmbeddedWorker | None:
        """Return a worker, None if it was told to stop before.

        A cluster that is away cannot be asked for its nodes: then it is tried again.
        """
        while not self._is_told.is_set():
            try:
                return EmbeddedWorker(*self._wish)
            except StoreUnavailable:
                self._is_told.wait(TRY_AGAIN_AFTER)
        return None

    def _work(self, worker: EmbeddedWorker) -> None:
        self._worker = worker
        if self._is_told.is_set():
            worker.tell_to_stop(is_process_ending=self._is_process_ending)
        queues = ",".join(self._wish[0].names)
        emit(EmbeddedWorkerStarted(worker.name, self._pid, queues))
        worker.run_embedded()
        emit(EmbeddedWorkerEnded(worker.name, self._pid))
        flush()


class _Process:
    """What this process has."""

    worker: Embedded | None = None


_process = _Process()
_starting = threading.Lock()


def embed(
    queues: Sequence[str] = (),
    *,
    threads: int = 2,
    timeout: float = TIMEOUT,
    in_commands: bool = False,
) -> Embedded | None:
    """Run a small worker in threads of this process, until it ends.

    For web servers, in `wsgi.py` or `asgi.py` behind `get_wsgi_application()`. `queues` are as `-q`
    has them, by default those of `JOBS["QUEUES"]`. A stop takes `timeout` seconds at most. In a
    management command, `runserver` among them, and in a test whose mode is not "real", nothing is
    started and None is returned, unless `in_commands` asks for it. It returns at once, whether
    Redis is there or not. A second call in one process returns the first worker, and raises
    ConfigurationError if it wishes for another.
    """
    if not in_commands and (_is_in_command() or _is_in_test()):
        return None
    order, settings = _wish(queues, threads, timeout)
    with _starting:
        worker = _process.worker
        if worker is None or not worker.is_running:
            worker = _process.worker = Embedded(order, settings)
            worker.start()
        elif not worker.serves(order, settings):
            raise ConfigurationError(
                "jobs.embed() was called before in this process, with other arguments. Call it "
                "once, with all queues, or stop the first worker before."
            )
        return worker


def _forget() -> None:
    """In a forked child, let it have a worker of its own.

    It has none of our threads.
    """
    global _starting  # noqa: PLW0603  # another thread of the parent may hold it
    _starting = threading.Lock()
    _process.worker = None


os.register_at_fork(after_in_child=_forget)


def _wish(queues: Sequence[str], threads: int, timeout: float) -> tuple[QueueOrder, JobsSettings]:
    """Return what to serve, or raise ConfigurationError."""
    if not apps.ready:
        raise ConfigurationError(
            "jobs.embed() was called before Django was ready, when no job class is known. Call it "
            "in wsgi.py, behind get_wsgi_application()."
        )
    _refuse_green_threads()
    for name, value in (("threads", threads), ("timeout", timeout)):
        _check_number(name, value)
    settings = get_settings()
    if settings.capsules and not queues:
        raise ConfigurationError(
            "JOBS['CAPSULES'] says which queues have threads of their own, and an embedded worker "
            "is none of them. Name its queues: jobs.embed(['default'])."
        )
    if isinstance(queues, str):
        raise ConfigurationError(f"jobs.embed() takes a list of queues: jobs.embed([{queues!r}]).")
    order = QueueOrder.parse(queues or settings.queues)
    return order, replace(settings, concurrency=threads, timeout=timeout)


def _check_number(name: str, value: object) -> None:
    is_count = name == "threads"
    setting = "concurrency" if is_count else name
    broken: str | None = f"at least {LEAST[setting]}"
    if isinstance(value, int if is_count else (int, float)) and not isinstance(value, bool):
        broken = bounds_broken(setting, value)
    if broken:
        what = "whole number" if is_count else "number of seconds"
        raise ConfigurationError(
            f"jobs.embed(): {name} must be a {what} of {broken}, not {value!r}."
        )


def _refuse_green_threads() -> None:
    """Raise ConfigurationError where threads are none.

    A stop interrupts jobs by means of the interpreter, which knows real threads only.
    """
    monkey = sys.modules.get("gevent.monkey")
    patcher = sys.modules.get("eventlet.patcher")
    is_green = monkey is not None and monkey.is_module_patched("threading")
    if is_green or (patcher is not None and patcher.is_monkey_patched("thread")):
        raise ConfigurationError(
            "jobs.embed() needs real threads, and gevent or eventlet has replaced them. Run jobs "
            "by manage.py runjobs."
        )


def _is_in_command() -> bool:
    """Whether this process is a management command.

    The code of Django that runs one is then on the stack.
    """
    return _is_running("django.core.management")


def _is_in_test() -> bool:
    """Whether this is a test that wants no worker.

    A test module may import one that embeds a worker. It would run what waits in the Redis of the
    settings. Modules are imported before a test, and with it a mode, has begun.
    """
    if switch.is_chosen:
        return not isinstance(switch.current, RedisSink)
    return _is_running("_pytest")


def _is_running(package: str) -> bool:
    """Whether code of a package is running, here or in the main thread."""
    main = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001  # documented
    modules = (
        str(frame.f_globals.get("__name__", ""))
        for frame in (*_stack(main), *_stack(sys._getframe()))  # noqa: SLF001  # documented too
    )
    return any(f"{name}.".startswith(f"{package}.") for name in modules)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
