"""Unique keys and jobs agree under random interleavings too."""

from itertools import count
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, rule

from jobs.store import Claim, NewJob
from tests.jobs.store.sample_queue import raw_payload
from tests.jobs.store.test_invariant import Interleavings, dues, ids

#: A key may be held in several ways: a deploy changes the option of its class.
KEYS = ["k1", "k2", "k3"]
WAYS: list[Any] = ["done", "start", 1, 3_600_000]
CONFLICTS: dict[Any, list[str]] = {"done": ["return"], "start": ["return", "replace", "debounce"]}


@st.composite
def claims(draw):
    key = draw(st.sampled_from(KEYS))
    until = draw(st.sampled_from(WAYS))
    conflict = draw(st.sampled_from(CONFLICTS.get(until, ["return"])))
    expires_in = draw(st.sampled_from([None, None, 1]))
    most = 50 if conflict == "debounce" else None
    return Claim(key, until, conflict, expires_in, most)


class UniqueInterleavings(Interleavings):
    """The same clients and workers, and clients whose jobs are unique."""

    def __init__(self):
        super().__init__()
        self.pushes = count()

    @rule(
        jobs=st.lists(
            st.tuples(ids, st.integers(-100, 100), dues, claims()), min_size=1, max_size=4
        )
    )
    def push_unique(self, jobs):
        self.pushed |= {job_id for job_id, *_ in jobs}
        new = [
            NewJob(
                job_id,
                raw_payload(job_id, priority),
                priority,
                due,
                Claim(
                    c.key, c.until, c.conflict, c.expires_in, c.max_wait, f"p{next(self.pushes)}"
                ),
            )
            for job_id, priority, due, c in jobs
        ]
        self.send(lambda: self.store.intake.push("q", new))

    @rule(chosen=st.lists(ids, min_size=1, max_size=4))
    def repair(self, chosen):
        self.send(lambda: self.store.sets.audit("q", chosen, repair=True))

    @invariant()
    def keys_and_jobs_agree(self):
        sets, client, k = self.store.sets, self.q.client, self.q.keys
        keys = [key.decode() for key in client.hkeys(k.unique)]
        marked = [job_id.decode() for job_id in client.hkeys(k.traits)]
        assert sets.mend_keys("q", "unique", keys) == []
        assert sets.mend_keys("q", "traits", marked) == []

    @invariant()
    def every_window_is_of_a_key(self):
        k = self.q.keys
        windows = set(self.q.client.zrange(k.windows, 0, -1))
        assert windows <= set(self.q.client.hkeys(k.unique))


UniqueInterleavings.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
test_keys_and_jobs_agree_after_every_step = UniqueInterleavings.TestCase
