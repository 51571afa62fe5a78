"""The invariant under random interleavings: whatever happens in whatever order, each job is in exactly one place."""

import os

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jobs.store import NewJob, Store
from tests.jobs.store.sample_queue import SETS, SampleQueue, raw_payload

WORKERS = ["w1", "w2", "w3"]
IDS = [f"{letter}{number}" for letter in "ab" for number in range(4)]

workers = st.sampled_from(WORKERS)
ids = st.sampled_from(IDS)
some_ids = st.lists(ids, min_size=1, max_size=4)
dues = st.sampled_from(["+0", "+1", "+100000", "1000"])


class Interleavings(RuleBasedStateMachine):
    """Clients and workers that push, take, die, wake up again and repeat themselves, one step at a time."""

    def __init__(self):
        super().__init__()
        self.store = Store(os.environ["JOBS_REDIS_URL"], timeout=5)
        self.store.client.flushall()
        self.q = SampleQueue(self.store)
        self.last = lambda: None
        self.pushed = set()

    def teardown(self):
        self.store.close()

    def aim(self, data):
        """Choose a worker and a job: mostly one that it runs, else one that it may only believe to run."""
        running = sorted(self.q.running().items())
        if running and data.draw(st.integers(0, 3)):
            job_id, worker = data.draw(st.sampled_from(running))
            return worker, job_id
        return data.draw(workers), data.draw(ids)

    def send(self, call):
        """Make a call and remember it, as a client whose answer may have been lost."""
        self.last = call
        call()

    @initialize()
    def begin_in_the_middle_of_things(self):
        self.push([(job_id, 0, "+0") for job_id in IDS])
        for worker in WORKERS:
            self.q.take(worker, 2)

    # Clients

    @rule(jobs=st.lists(st.tuples(ids, st.integers(-100, 100), dues), min_size=1, max_size=4))
    def push(self, jobs):
        self.pushed |= {job_id for job_id, _, _ in jobs}
        new = [NewJob(job_id, raw_payload(job_id, priority), priority, due) for job_id, priority, due in jobs]
        self.send(lambda: self.store.push("q", new))

    @rule(source=st.sampled_from(SETS), to=st.sampled_from(["ready", "scheduled", "dead", "delete"]), chosen=some_ids)
    def move(self, source, to, chosen):
        self.send(lambda: self.store.move("q", source, to, chosen, due_at=2e9))

    @rule(paused=st.sampled_from([0, 0, 0, 1]))
    def pause(self, paused):
        self.q.client.hset(self.q.keys.meta, "paused", paused)

    # Workers, who may believe to own what they do not own

    @rule(worker=workers, count=st.integers(1, 5))
    def take(self, worker, count):
        self.send(lambda: self.q.fetch(worker, count))

    @rule(data=st.data(), count=st.integers(0, 3), more=st.lists(ids, max_size=2), joins=st.booleans())
    def finish_and_take(self, data, count, more, joins):
        worker, job_id = self.aim(data)
        self.send(lambda: self.q.fetch(worker, count, [job_id, *more], join=joins))

    @rule(data=st.data(), keep=st.sampled_from([0, 0.001, 60]))
    def finish(self, data, keep):
        worker, job_id = self.aim(data)
        self.send(lambda: self.store.finish("q", worker, job_id, raw_payload(job_id), keep))

    @rule(
        data=st.data(),
        outcome=st.sampled_from(["retry", "dead", "discard"]),
        delay=st.sampled_from([0, 0.001, 60]),
        most=st.sampled_from([0, 1, 2, 10_000]),
    )
    def fail(self, data, outcome, delay, most):
        worker, job_id = self.aim(data)
        raw = raw_payload(job_id, failures=1)
        self.send(
            lambda: self.store.fail("q", worker, job_id, raw, outcome, delay_seconds=delay, dead_limits=(most, 180))
        )

    @rule(data=st.data(), more=st.lists(ids, max_size=2), changed=st.booleans())
    def release(self, data, more, changed):
        worker, job_id = self.aim(data)
        jobs = [(i, raw_payload(i, interruptions=1) if changed else b"") for i in (job_id, *more)]
        self.send(lambda: self.store.release("q", worker, jobs))

    @rule()
    def say_it_again(self):
        self.last()

    # Leases

    @rule(chosen=st.lists(workers, max_size=3))
    def renew(self, chosen):
        self.send(lambda: self.store.renew("q", chosen, 15))

    @rule(worker=workers)
    def fall_silent(self, worker):
        self.q.client.zadd(self.q.keys.leases, {worker: 1}, xx=True)

    @rule(worker=workers, is_dead=st.booleans())
    def recover(self, worker, is_dead):
        if self.store.condemn("q", worker, is_dead=is_dead):
            for job_id, raw in self.store.list_running("q", worker):
                self.store.release("q", worker, [(job_id, raw or b"")])
            self.store.leave("q", worker)

    @rule(worker=workers)
    def give_up_and_stop_half_way(self, worker):
        self.store.condemn("q", worker, is_dead=True)

    # What must hold after every step

    @invariant()
    def every_job_is_in_exactly_one_place(self):
        assert self.q.is_sound(), self.q.places()

    @invariant()
    def the_audit_agrees(self):
        assert self.store.audit("q", IDS, repair=False) == []

    @invariant()
    def nothing_comes_from_nowhere(self):
        assert self.q.payloads() <= self.pushed

    @invariant()
    def what_runs_belongs_to_a_known_worker(self):
        assert set(self.q.running().values()) <= {
            name.decode() for name in self.q.client.zrange(self.q.keys.leases, 0, -1)
        }

    @invariant()
    def the_bell_holds_one_token_at_most(self):
        assert self.q.rings() <= 1


Interleavings.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
test_every_job_is_in_exactly_one_place_after_every_step = Interleavings.TestCase
