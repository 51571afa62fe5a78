"""Notes how the runs of scheduled jobs end.

So people see the last ones, and hear of those that are missing. A thread of the worker writes it. A
process that is killed in between loses the note, not the run.
"""

from jobs.client import get_client
from jobs.ending import Ending
from jobs.events import JobEnded, ScheduledRunEnded, emit, subscribe
from jobs.occasion import occasion_of
from jobs.store.schedules import Schedules


def listen() -> None:
    """Hear of endings from now on. Called again, it changes nothing."""
    subscribe(JobEnded, at_once=True)(hear)
    subscribe(ScheduledRunEnded)(note)


def hear(event: JobEnded) -> None:
    """Pick out the runs of scheduled jobs.

    It is on the way of every job, so it is short.
    """
    context = event.payload.context
    if context and (occasion := occasion_of(context)):
        payload = event.payload
        emit(
            ScheduledRunEnded(
                occasion.schedule, payload.id, payload.queue, occasion.at, _word(event.ending)
            )
        )


def note(event: ScheduledRunEnded) -> None:
    """Write down how a run has ended. One round trip."""
    is_success = event.ending in SUCCESSES
    Schedules(get_client().store).note_run(
        event.queue,
        event.name_,
        round(event.tick * 1000),
        event.id,
        event.ending,
        is_success=is_success,
    )


def _word(ending: Ending) -> str:
    return ending.name.lower()


#: How a run ends well. What raises Discard has found nothing to do.
SUCCESSES = frozenset({_word(Ending.DONE), _word(Ending.POINTLESS)})
