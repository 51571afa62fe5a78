"""Who listens to which event."""

import os
import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from jobs.errors import STRIKES
from jobs.events.courier import Courier, Listener
from jobs.events.event import Event
from jobs.events.other_events import EventsLost, ListenerFailed
from jobs.shield import may_be_struck, shielded
from jobs.text import shown_error

Kind = TypeVar("Kind", bound=Event)


class Subscription(NamedTuple):
    """One listener and the class of events that it hears.

    `everywhere`: it is one of ours, and hears in a supervisor too.
    """

    kind: type[Event]
    listener: Listener
    at_once: bool
    is_wanted: Callable[[type[Event]], bool]
    everywhere: bool


class _Process:
    """What kind of process this is.

    It decides who listens, and which errors of listeners get through.
    """

    is_supervisor = False
    is_worker = False


_process = _Process()
_subscriptions: list[Subscription] = []
#: Who listens to each class of events that was asked for. It is emptied whenever that
#: may have changed.
_known: dict[type[Event], tuple[Subscription, ...]] = {}
#: Which classes of events anybody would use, kept in a worker until `ask_again`.
_wanted: dict[type[Event], bool] = {}
_changing = threading.Lock()
os.register_at_fork(after_in_child=_changing._at_fork_reinit)  # type: ignore[attr-defined]  # noqa: SLF001


def subscribe(
    *kinds: type[Event],
    at_once: bool = False,
    is_wanted: Callable[[type[Event]], bool] = lambda kind: True,
    everywhere: bool = False,
) -> Callable[[Callable[[Kind], object]], Callable[[Kind], object]]:
    """Return a decorator that has a function called with each event of some classes.

    Subclasses count, so `Event` stands for all. In a worker a thread of its own calls
    the function, up to 20 ms later; elsewhere whoever emits the event does. With
    `at_once` that is so in a worker too: the function must be quick then, and a job is
    not recorded before it returns from `JobFailing` and `JobDying`. Whatever a listener
    raises is logged and harms nobody. In a supervisor only what is subscribed
    `everywhere` hears, as the log does: no other listener may keep it from renewing
    leases.

    `is_wanted` is asked for events that are not worth making for nobody, in a worker
    many times a second. Raise TypeError for what is no class of events.
    """
    for kind in kinds or (None,):
        if not (isinstance(kind, type) and issubclass(kind, Event)):
            raise TypeError(
                f"subscribe() takes classes of events, such as jobs.events.JobEnded, not {kind!r}."
            )

    def add(listener: Callable[[Kind], object]) -> Callable[[Kind], object]:
        new = [Subscription(kind, listener, at_once, is_wanted, everywhere) for kind in kinds]
        _change(lambda: _subscriptions.extend(new))
        return listener

    return add


def unsubscribe(listener: Listener) -> None:
    """Let a listener hear nothing any more."""

    def remove() -> None:
        _subscriptions[:] = [each for each in _subscriptions if each.listener != listener]

    _change(remove)


def is_heard(kind: type[Event]) -> bool:
    """Return whether anybody would use an event of this class just now."""
    known = _wanted.get(kind)  # on the way of every job
    if known is not None:
        return known
    is_wanted = False
    try:
        for each in _known.get(kind) or _listening_to(kind):
            if each.is_wanted(kind):
                is_wanted = True
                break
    except Exception:  # noqa: BLE001  # code of the project: whoever cannot tell gets it
        is_wanted = True
    if _process.is_worker:
        _wanted[kind] = is_wanted
    return is_wanted


def ask_again() -> None:
    """Ask who wants what when it is next of interest.

    The main thread of a worker calls it many times a second.
    """
    _wanted.clear()


def emit(event: Event) -> None:
    """Tell everybody who listens to an event.

    Raise nothing but what strikes from outside: an interruption of the job that runs in
    this thread, and Ctrl-C in the main thread.
    """
    kind = type(event)
    for each in _known.get(kind) or _listening_to(kind):  # on the way of every job
        if each.at_once:
            try:
                each.listener(event)
            except BaseException as error:  # noqa: BLE001  # from outside: raised again
                _note_failure(each.listener, event, error)
        elif not courier.take(each.listener, event):
            _tell(each.listener, event)


def _tell(listener: Listener, event: Event) -> None:
    try:
        listener(event)
    except BaseException as error:  # noqa: BLE001  # from outside: raised again
        _note_failure(listener, event, error)


def _note_failure(listener: Listener, event: Event, error: BaseException) -> None:
    """Say that a listener failed.

    A listener that fails at hearing that too is left alone.
    """
    if is_from_outside(error):
        raise error
    if not isinstance(event, ListenerFailed):
        name = getattr(listener, "__qualname__", None) or shown_error(listener)
        emit(ListenerFailed(name, event.name, shown_error(error), raised=error))


def is_from_outside(error: BaseException) -> bool:
    """Return whether an error struck this code without being its fault.

    Such errors are an interruption of the job, its time limit, and a signal.
    """
    if isinstance(error, Exception):
        return False
    if isinstance(error, STRIKES):
        return may_be_struck()
    # A signal may raise in the main thread, but in a worker and its supervisor none does.
    is_ours = _process.is_worker or _process.is_supervisor
    return not is_ours and threading.current_thread() is threading.main_thread()


def be_supervisor() -> None:
    """Tell only those who are subscribed everywhere, from now on."""
    _process.is_supervisor = True
    _change(_known.clear)


def be_worker() -> None:
    """Tell every listener from now on, as a worker does.

    The forked child of a supervisor calls it too. `courier` tells those who need not
    hear at once.
    """
    _process.is_supervisor, _process.is_worker = False, True
    _change(_known.clear)
    courier.start()


def be_ordinary() -> None:
    """Be an ordinary process again, as the forked child of a job is.

    What still waits for listeners is not told.
    """
    _process.is_supervisor = _process.is_worker = False
    _change(_known.clear)
    courier.abandon()


def _change(do: Callable[[], object]) -> None:
    with shielded(), _changing:
        do()
        _known.clear()
        _wanted.clear()


def _listening_to(kind: type[Event]) -> tuple[Subscription, ...]:
    """Return who listens to a class of events."""
    found = _known.get(kind)
    return _find(kind) if found is None else found


def _find(kind: type[Event]) -> tuple[Subscription, ...]:
    """Find who listens to a class of events, each listener once.

    Listeners need not be hashable.
    """
    with shielded(), _changing:
        found: list[Subscription] = []
        for each in _subscriptions:
            hears = issubclass(kind, each.kind) and (each.everywhere or not _process.is_supervisor)
            if hears and not any(each.listener == other.listener for other in found):
                found.append(each)
        _known[kind] = tuple(found)
        return _known[kind]


#: Calls the listeners that need not hear at once.
courier = Courier(_tell, lambda lost: emit(EventsLost(lost)))
