"""A feature, whole: how many jobs of each team went well."""

from collections import Counter, deque

from jobs.chore import FeatureChore, Place, bring
from jobs.ending import Ending
from jobs.events import JobEnded, subscribe
from jobs.options import Option, declare_option
from jobs.registry import registry
from jobs.store import Session, Store

# An option: `team = "billing"` on a job class. A wrong value fails where the class is written.
declare_option("team", Option(lambda value: isinstance(value, str), "the name of a team"))


class Tallies:
    """A desk of the store, with the counts of all teams.

    Others stand in `jobs/store`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._key = f"{session.namespace}:tallies"

    def add(self, counts: Counter[str]) -> None:
        with self._session.available(), self._session.client.pipeline() as pipe:
            for team, count in counts.items():
                pipe.hincrby(self._key, team, count)
            pipe.execute()

    def read(self) -> dict[str, int]:
        with self._session.available():
            found = self._session.client.hgetall(self._key)
        return {team.decode(): int(count) for team, count in found.items()}


_teams: deque[str] = deque()


# A listener: in a worker a thread of its own calls it, so no job waits for it.
@subscribe(JobEnded)
def note(event: JobEnded) -> None:
    team = registry.find(event.payload.job_class).options.others.get("team")
    if team and event.ending is Ending.DONE:
        _teams.append(team)


# A chore: the thread of the chores does it. What it raises is logged once and tried again.
def send(store: Store) -> None:
    if counts := Counter(_teams.popleft() for _ in range(len(_teams))):
        Tallies(store).add(counts)


CHORE = FeatureChore(Place.WORKER, "tally", every=1.0, do=send)
bring(CHORE)
