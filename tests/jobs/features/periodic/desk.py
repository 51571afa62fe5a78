"""A desk of the store with one entry, for the tests of its scripts."""

from jobs.inspect import get_reader
from jobs.store.schedule_records import read_schedules
from jobs.store.schedules import Opening, Schedules, Shot
from tests.jobs.store.sample_queue import SampleQueue, raw_payload

NAME, MINUTE = "tests.AJob", 60_000


class Desk:
    """A desk, and one entry in queue q that was opened at `start`."""

    def __init__(self, store):
        self.store = store
        self.q = SampleQueue(store)
        self.desk = Schedules(store)
        self.start = self.q.now() - 10 * MINUTE
        self.made = 0

    def open(self, boot=1, *, queue="q", left=None, **changes):
        fields = {"spec": "s", "clock": "c", "start": self.start, "period": MINUTE, **changes}
        following = fields["start"] + MINUTE
        opening = Opening(
            name=NAME, queue=queue, boot=boot, next=following, margin=5 * MINUTE, **fields
        )
        [opened] = self.desk.open([opening], {NAME: left} if left else {})
        return opened

    def fire(self, cursor, tick, *, queue="q", **changes):
        self.made += 1
        fields = {"spec": "s", "overlap": "skip", "due": 0, "job_id": f"job-{self.made}", **changes}
        payload = raw_payload(fields["job_id"], queue=queue)
        times = {"cursor": cursor, "tick": tick, "next": tick + MINUTE}
        return self.desk.fire(
            queue, Shot(name=NAME, payload=payload, priority=0, **times, **fields)
        )

    def fire_next(self, **kwargs):
        cursor = self.desk.cursors("q", [NAME])[0] or 0
        return self.fire(cursor, cursor + MINUTE, **kwargs)

    def record(self):
        [record] = read_schedules(get_reader())
        return record

    def home(self):
        home = self.desk.home()
        return home.boot, home.names, home.queues

    def field(self, kind, queue="q"):
        return self.q.client.hget(self.store.keys(queue).schedules, f"{kind}:{NAME}")
