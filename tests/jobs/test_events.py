"""Events: who hears which, when, and that no listener harms anybody."""

import dataclasses
import logging
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from jobs import events, log
from jobs.ending import Ending
from jobs.errors import JobInterrupted
from jobs.events import (
    Event,
    JobDying,
    JobEnded,
    JobEnqueued,
    JobEvent,
    JobFailing,
    JobStarted,
    WorkerQuiet,
)
from jobs.events.bus import be_ordinary, be_supervisor, be_worker, courier
from jobs.payload import Payload
from jobs.shield import InterruptGuard, _forget_guard
from tests.waiting import wait_until

PAYLOAD = Payload(0, "a", "shop.OrderJob", "high", failures=1)
DONE = JobEnded(PAYLOAD, Ending.DONE, 0.25)


@pytest.fixture
def listen() -> Iterator[Callable[..., list]]:
    """Return a function that subscribes a new listener.

    It returns the list of what the listener hears.
    """
    added = []

    def add(*kinds, **options):
        heard: list[Event] = []

        def listener(event):
            heard.append(event)

        added.append(events.subscribe(*kinds, **options)(listener))
        return heard

    yield add
    for listener in added:
        events.unsubscribe(listener)


@pytest.fixture
def collecting() -> Iterator[None]:
    """Let the courier bring events, as in a worker."""
    be_worker()
    yield
    courier.stop(5)
    be_ordinary()


@pytest.fixture
def failing() -> Iterator[list[BaseException]]:
    """Subscribe a listener that raises what is in the list."""
    errors: list[BaseException] = []

    @events.subscribe(WorkerQuiet)
    def fail(event):
        raise errors[0]

    yield errors
    events.unsubscribe(fail)


def test_listener_hears_its_class_and_the_subclasses(listen):
    everything, of_jobs, ended = listen(Event), listen(JobEvent), listen(JobEnded)

    events.emit(DONE)
    events.emit(JobStarted(PAYLOAD))
    events.emit(WorkerQuiet("w"))

    assert [event.name for event in everything] == ["job.done", "job.started", "worker.quiet"]
    assert [event.name for event in of_jobs] == ["job.done", "job.started"]
    assert ended == [DONE]


def test_listener_of_two_classes_hears_an_event_of_both_once(listen):
    heard = listen(JobEvent, JobEnded)

    events.emit(DONE)

    assert heard == [DONE]


def test_listener_that_was_taken_out_hears_nothing(listen):
    heard: list[Event] = []
    events.subscribe(JobEnded)(heard.append)
    events.unsubscribe(heard.append)

    events.emit(DONE)

    assert heard == []


@pytest.mark.parametrize("kinds", [(), (str,), (DONE,), ("job.done",)])
def test_what_is_no_class_of_events_is_refused(kinds):
    with pytest.raises(TypeError, match="classes of events"):
        events.subscribe(*kinds)


@pytest.mark.parametrize("error", [RuntimeError("no"), SystemExit(), MemoryError()])
def test_listener_that_raises_is_told_and_harms_nobody(listen, failing, caplog, error):
    failing.append(error)
    after = listen(WorkerQuiet)
    emitter = threading.Thread(target=events.emit, args=(WorkerQuiet("w"),))

    emitter.start()
    emitter.join()

    assert len(after) == 1
    [record] = [record for record in caplog.records if record.event == "listener.failed"]
    assert record.fields["event"] == "worker.quiet"
    assert record.fields["listener"].endswith("fail")
    assert record.exc_info[1] is error


def test_ctrl_c_in_a_main_thread_gets_through(failing):
    failing.append(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        events.emit(WorkerQuiet("w"))


def test_interruption_of_a_job_gets_through_to_the_job_alone(failing, caplog):
    failing.append(JobInterrupted())
    events.emit(WorkerQuiet("outside of a job, it is what the listener raised"))
    assert caplog.text.count("listener.failed") == 1

    guard = InterruptGuard()
    guard.adopt()
    try:
        with pytest.raises(JobInterrupted):
            guard.call(lambda: events.emit(WorkerQuiet("w")))
    finally:
        _forget_guard()


def test_listener_that_fails_at_the_report_of_its_failure_is_left_alone():
    def fail(event):
        raise RuntimeError("always")

    events.subscribe(Event)(fail)
    try:
        events.emit(WorkerQuiet("w"))
    finally:
        events.unsubscribe(fail)


def test_event_that_nobody_wants_is_not_worth_making(listen):
    logger = logging.getLogger("jobs")
    before = logger.level
    try:
        logger.setLevel(logging.INFO)
        assert not events.is_heard(JobStarted)
        logger.setLevel(logging.DEBUG)
        assert events.is_heard(JobStarted)
    finally:
        logger.setLevel(before)
    listen(JobStarted, is_wanted=lambda kind: False)
    listen(JobEnqueued)
    assert events.is_heard(JobEnqueued)


def test_in_a_worker_a_thread_brings_events_in_their_order(listen, collecting):
    threads = []
    heard = listen(WorkerQuiet)
    events.subscribe(WorkerQuiet)(
        note := lambda event: threads.append(threading.current_thread().name)
    )

    for number in range(100):
        events.emit(WorkerQuiet(str(number)))

    wait_until(lambda: len(threads) == 100)
    events.unsubscribe(note)
    assert [event.worker for event in heard] == [str(number) for number in range(100)]
    assert set(threads) == {"jobs-listeners"}


def test_listener_at_once_is_called_by_who_emits(listen, collecting):
    heard = listen(WorkerQuiet, at_once=True)

    events.emit(WorkerQuiet("w"))

    assert len(heard) == 1


def test_what_comes_too_fast_is_lost_and_counted(listen, collecting, monkeypatch, caplog):
    monkeypatch.setattr("jobs.events.courier.MOST_WAITING", 3)
    may_go_on, is_busy = threading.Event(), threading.Event()

    def be_slow(event):
        is_busy.set()
        may_go_on.wait(10)

    events.subscribe(WorkerQuiet)(be_slow)
    try:
        events.emit(WorkerQuiet("first"))
        assert is_busy.wait(10)
        for _ in range(5):
            events.emit(WorkerQuiet("next"))
        # It is told although the listener never comes back.
        assert caplog.text.count("listener.events_lost events=1") == 1
        may_go_on.set()
        wait_until(lambda: caplog.text.count("listener.events_lost events=1") == 2)
    finally:
        events.unsubscribe(be_slow)


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt(), GeneratorExit()])
def test_no_listener_ends_the_main_thread_of_a_worker(failing, collecting, caplog, error):
    failing.append(error)
    events.subscribe(WorkerQuiet, at_once=True)(fail := lambda event: (_ for _ in ()).throw(error))
    try:
        events.emit(WorkerQuiet("w"))
    finally:
        events.unsubscribe(fail)

    wait_until(lambda: caplog.text.count("listener.failed") == 2)


def test_in_a_supervisor_nobody_listens_but_the_log(listen, caplog):
    later, at_once = listen(WorkerQuiet), listen(WorkerQuiet, at_once=True)
    be_supervisor()
    try:
        with caplog.at_level(logging.INFO, "jobs"):
            events.emit(WorkerQuiet("w"))
        assert (later, at_once) == ([], [])
        assert caplog.messages == ["worker.quiet worker=w"]
        be_worker()  # as its forked child does
        events.emit(WorkerQuiet("w"))
        assert len(at_once) == 1
        wait_until(lambda: len(later) == 1)
    finally:
        be_ordinary()


def test_courier_that_stops_brings_what_waits(listen):
    heard = listen(WorkerQuiet)
    be_worker()
    events.emit(WorkerQuiet("w"))

    courier.stop(5)
    assert len(heard) == 1

    events.emit(WorkerQuiet("a last word, for which nobody may have to wait"))
    assert len(heard) == 1
    be_ordinary()


def test_error_handlers_hear_a_failure_and_death_handlers_a_death(settings):
    told = []
    settings.JOBS = {**settings.JOBS, "ERROR_HANDLERS": [], "DEATH_HANDLERS": []}

    class SomeJob:
        @staticmethod
        def parameter_names():
            return ()

    error = ValueError("no")
    for kind in (JobFailing, JobDying):
        events.subscribe(kind, at_once=True)(
            note := lambda event: told.append((type(event), event.error))
        )
        events.emit(kind(PAYLOAD, SomeJob(), Ending.DEAD, error))
        events.unsubscribe(note)

    assert told == [(JobFailing, error), (JobDying, error)]


def test_decisive_events_have_no_line(caplog):
    with caplog.at_level(logging.DEBUG, "jobs"):
        events.emit(JobDying(PAYLOAD, None, Ending.DEAD, ValueError("no")))

    assert [record for record in caplog.records if record.event == "job.dying"] == []


def test_event_has_the_time_at_which_it_was_made():
    first, second = WorkerQuiet("w"), WorkerQuiet("w", at=1.0)

    assert first.at > second.at == 1.0


def test_listener_need_not_be_hashable():
    @dataclasses.dataclass
    class Counter:
        count: int = 0

        def __call__(self, event):
            self.count += 1

    counter = Counter()
    events.subscribe(JobEnded)(counter)
    events.emit(DONE)
    events.unsubscribe(counter)
    events.emit(DONE)

    assert counter.count == 1


def test_who_cannot_tell_what_it_wants_gets_it(listen):
    listen(JobEnqueued, is_wanted=lambda kind: 1 / 0)

    assert events.is_heard(JobEnqueued)


def test_worker_asks_again_who_wants_what_when_its_main_thread_comes_round(
    listen, collecting, caplog
):
    asked = []

    def is_wanted(kind):
        asked.append(kind)
        return len(asked) > 1

    listen(JobStarted, is_wanted=is_wanted)
    with caplog.at_level(logging.INFO, "jobs"):
        assert [events.is_heard(JobStarted) for _ in range(3)] == [False] * 3
        assert asked == [JobStarted]
        log.flush()
        assert [events.is_heard(JobStarted) for _ in range(3)] == [True] * 3
        assert asked == [JobStarted] * 2


def test_subscription_beside_a_thread_that_asks_is_never_forgotten(quick_switches):
    is_over, forgotten = threading.Event(), 0

    def ask():
        while not is_over.is_set():
            events.is_heard(JobEnded)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for _ in range(2_000):
        heard: list[Event] = []
        listener = events.subscribe(JobEnded, at_once=True)(
            lambda event, heard=heard: heard.append(event)
        )
        events.emit(DONE)
        events.unsubscribe(listener)
        forgotten += heard == []
    is_over.set()
    for thread in asking:
        thread.join()

    assert forgotten == 0


@pytest.fixture
def quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_listener_that_raises_an_interruption_ends_no_courier(listen, failing, collecting):
    failing.append(JobInterrupted())
    heard = listen(WorkerQuiet)

    events.emit(WorkerQuiet("first"))
    wait_until(lambda: len(heard) == 1)
    events.emit(WorkerQuiet("second"))

    wait_until(lambda: len(heard) == 2)


def test_courier_that_finds_no_thread_harms_nobody_and_tries_again(listen, collecting, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    heard = listen(WorkerQuiet)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        events.emit(WorkerQuiet("first"))
    assert heard == []

    events.emit(WorkerQuiet("second"))

    wait_until(lambda: [event.worker for event in heard] == ["first", "second"])
