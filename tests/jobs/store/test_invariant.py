"""The invariant holds under random interleavings.

Whatever happens in whatever order, each job is in exactly one place.
"""

import os
from itertools import count

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jobs.store import NewJob, Store, Terms
from tests.jobs.store.sample_queue import SETS, SampleQueue, raw_payload

WORKERS = ["w1", "w2", "w3"]
IDS = [f"{letter}{number}" for letter in "ab" for number in range(4)]

workers = st.sampled_from(WORKERS)
ids = st.sampled_from(IDS)
some_ids = st.lists(ids, min_size=1, max_size=4)
dues = st.sampled_from(["+0", "+1", "+100000", "1000"])


class Interleavings(RuleBasedStateMachine):
    """Clients and workers that act one step at a time.

    They push, take, die, wake up again and repeat themselves.
    """

    def __init__(self):
        super().__init__()
        self.store = Store(os.environ["JOBS_REDIS_URL"], timeout=5)
        self.store.client.flushall()
        self.q = SampleQueue(self.store)
        self.last = lambda: None
        self.pushed = set()
        self.seen = {}
        # No fetch takes more than ten, so the ranges of two never overlap.
        self.numbers = count(1, 10)

    def teardown(self):
        self.store.close()

    def aim(self, data):
        """Choose a job and a token.

        Mostly it is the token of the job's taking, else one that somebody may only believe to hold.
        """
        # What is drawn must not depend on what runs, since jobs become due in their own time.
        is_true, index = data.draw(st.integers(0, 3)), data.draw(st.integers(0, len(IDS) - 1))
        token, job_id = data.draw(st.sampled_from([f"w1#{n}" for n in range(12)])), data.draw(ids)
        running = sorted(self.q.running())
        if running and is_true:
            job_id = running[index % len(running)]
            token = self.q.token(job_id)
        return token, job_id

    def send(self, call):
        """Make a call and remember it, so that it can be repeated.

        A client whose answer was lost does that.
        """
        self.last = call
        call()

    @initialize()
    def begin_in_the_middle_of_things(self):
        self.push([(job_id, 0, "+0") for job_id in IDS])
        for worker in WORKERS:
            self.take(worker, 2)

    # Clients

    @rule(jobs=st.lists(st.tuples(ids, st.integers(-100, 100), dues), min_size=1, max_size=4))
    def push(self, jobs):
        self.pushed |= {job_id for job_id, _, _ in jobs}
        new = [
            NewJob(job_id, raw_payload(job_id, priority), priority, due)
            for job_id, priority, due in jobs
        ]
        self.send(lambda: self.store.intake.push("q", new))

    @rule(
        source=st.sampled_from(SETS),
        to=st.sampled_from(["ready", "scheduled", "dead", "delete"]),
        chosen=some_ids,
    )
    def move(self, source, to, chosen):
        self.send(lambda: self.store.sets.move("q", source, to, chosen, due_at=2e9))

    @rule(paused=st.sampled_from([0, 0, 0, 1]))
    def pause(self, paused):
        self.q.client.hset(self.q.keys.meta, "paused", paused)

    # Workers, who may believe to own what they do not own

    @rule(worker=workers, count=st.integers(1, 5))
    def take(self, worker, count):
        first = next(self.numbers)
        self.send(lambda: self.fetch(worker, count, first))

    @rule(worker=workers, count=st.integers(1, 5), age=st.integers(0, 6))
    def take_late(self, worker, count, age):
        first = max(1, next(self.numbers) - 10 * age)
        self.send(lambda: self.fetch(worker, count, first))

    @rule(data=st.data(), count=st.integers(0, 3), more=st.lists(ids, max_size=2))
    def finish_and_take(self, data, count, more):
        token, job_id = self.aim(data)
        worker, _, number = token.rpartition("#")
        first, ends = next(self.numbers), [(i, int(number)) for i in (job_id, *more)]
        self.send(lambda: self.fetch(worker, count, first, ends))

    def fetch(self, worker, count, first, finished=()):
        """Fetch, and check that what was taken was taken under fresh numbers alone."""
        before = self.q.client.hgetall(self.q.keys.running)
        fetched = self.store.running.fetch(
            "q", worker, count, terms=Terms(15), first=first, finished=finished
        )
        running = self.q.client.hgetall(self.q.keys.running)
        taken = [running[i.encode()].rpartition(b"|")[0].decode() for i, _ in fetched.jobs]
        assert taken == [f"{worker}#{first + n}" for n in range(len(taken))]
        assert not {by.rpartition(b"|")[0] for by in before.values()} & {
            token.encode() for token in taken
        }

    @rule(data=st.data(), keep=st.sampled_from([0, 0.001, 60]))
    def finish(self, data, keep):
        token, job_id = self.aim(data)
        self.send(lambda: self.store.running.finish("q", token, job_id, raw_payload(job_id), keep))

    @rule(
        data=st.data(),
        outcome=st.sampled_from(["retry", "dead", "discard"]),
        delay=st.sampled_from([0, 0.001, 60]),
        most=st.sampled_from([0, 1, 2, 10_000]),
    )
    def fail(self, data, outcome, delay, most):
        token, job_id = self.aim(data)
        raw = raw_payload(job_id, failures=1)
        self.send(
            lambda: self.store.running.fail(
                "q", token, job_id, raw, outcome, delay_seconds=delay, dead_limits=(most, 180)
            )
        )

    @rule(data=st.data(), more=st.lists(ids, max_size=2), changed=st.booleans())
    def release(self, data, more, changed):
        token, job_id = self.aim(data)
        jobs = [
            (token, i, raw_payload(i, interruptions=1) if changed else b"") for i in (job_id, *more)
        ]
        self.send(lambda: self.store.running.release("q", jobs))

    @rule()
    def say_it_again(self):
        self.last()

    # Leases

    @rule(chosen=st.lists(workers, max_size=3))
    def renew(self, chosen):
        before = self.scores()
        self.send(lambda: self.q.leases.renew("q", chosen))
        after = self.scores()
        assert all(
            score == "0" or (score != after[worker])
            for worker, score in before.items()
            if worker in chosen
        )

    @rule()
    def look(self):
        self.seen = self.scores()

    @rule(worker=workers, is_known_dead=st.booleans())
    def recover(self, worker, is_known_dead):
        if self.give_up(worker, is_known_dead):
            for job_id, token in self.store.running.list_running("q", worker):
                self.store.running.release("q", [(token, job_id, b"")])
            self.q.leases.leave("q", worker)

    @rule(worker=workers, is_known_dead=st.booleans())
    def give_up_and_stop_half_way(self, worker, is_known_dead):
        self.give_up(worker, is_known_dead)

    # Nothing runs under a name that was left, so no number of an earlier life can meet one of this.
    @rule(worker=workers)
    def come_back_under_the_same_name(self, worker):
        """Stand for a worker with another name.

        With real names there would soon be very many.
        """
        if worker not in self.scores():
            self.q.client.zrem(self.q.keys.ended, worker)

    def give_up(self, worker, is_known_dead):
        """Condemn a worker as a supervisor does.

        It knows of the death, or it saw the score stand still since it looked.
        """
        stood_at = "" if is_known_dead else self.seen.get(worker)
        if stood_at is None:
            return False
        moved_on = stood_at and self.scores().get(worker) != stood_at
        done = self.q.leases.condemn("q", worker, stood_at)
        assert done == (not moved_on)
        return done

    def scores(self):
        return {lease.worker: lease.score for lease in self.q.leases.renew("q", [])}

    # What must hold after every step

    @invariant()
    def every_job_is_in_exactly_one_place(self):
        assert self.q.is_sound(), self.q.places()

    @invariant()
    def the_audit_agrees(self):
        assert self.store.sets.audit("q", IDS, repair=False) == []

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
