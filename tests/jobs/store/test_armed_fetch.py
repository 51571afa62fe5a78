"""A fetch that waits behind a bell.

When Redis executes it, and when it takes nothing.
"""

import threading

import pytest
from redis.exceptions import NoScriptError, ResponseError

from jobs.errors import StoreUnavailable
from jobs.store import Store, Terms
from jobs.store.bell import Heard
from jobs.store.running import fetched_in
from tests.jobs.store.sample_queue import LEASE, SampleQueue
from tests.waiting import wait_until

LONG = 20.0
HOUR = 3_600_000


class ArmedSleeper(threading.Thread):
    """Sleeps once with a fetch of one job behind the bell of each queue."""

    def __init__(self, bell, armed):
        super().__init__()
        self.bell, self.armed = bell, armed
        self.heard, self.error = Heard(), None
        self.start()

    def run(self):
        try:
            self.heard = self.bell.wait(LONG, self.armed, self.armed)
        except StoreUnavailable as error:
            self.error = error

    def result(self) -> Heard:
        self.join(15)
        assert not self.is_alive()
        return self.heard

    def fetched(self, queue="q"):
        return fetched_in(self.result().answers[queue])


def armed_fetch(q, worker="w", *, first=100, until=None):
    until = q.now() + HOUR if until is None else until
    return q.store.running.armed_fetch(q.name, worker, terms=Terms(LEASE), first=first, until=until)


def blocked(q):
    """Return how many clients wait for a bell."""
    return q.client.info("clients")["blocked_clients"]


def ids(fetched):
    return [job_id for job_id, _ in fetched.jobs]


@pytest.fixture
def joined(q):
    """Return the queue, where the worker `w` is known."""
    q.fetch("w", 0, first=1)
    return q


@pytest.fixture
def bells(store):
    """Return a function that makes bells, which it ends after the test."""
    made = []

    def make(*queues):
        made.append(store.bell(queues))
        return made[-1]

    yield make
    for bell in made:
        bell.interrupt()


@pytest.fixture
def asleep(joined, bells):
    """Return a function that starts a sleeper with these commands.

    It waits until the sleeper sleeps.
    """

    def start(armed):
        sleeper = ArmedSleeper(bells(*armed), armed)
        wait_until(lambda: blocked(joined) == 1)
        return sleeper

    return start


def test_job_is_in_the_hands_of_the_sleeper_when_it_wakes(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})

    joined.push("a")

    assert ids(sleeper.fetched()) == ["a"]
    assert joined.token("a") == "w#100"
    assert sleeper.heard.queues == {"q"}
    assert joined.rings() == 0


def test_nothing_is_executed_before_the_bell_rings(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})

    assert joined.client.hget(joined.keys.seen, "w") == b"1"
    sleeper.bell.interrupt()

    assert sleeper.fetched().state == "good"
    assert sleeper.heard.queues == set()
    assert joined.client.hget(joined.keys.seen, "w") == b"100"


def test_bell_that_rang_before_is_answered_at_once(joined, bells):
    joined.push("a")

    heard = bells("q").wait(LONG, ["q"], {"q": armed_fetch(joined)})

    assert ids(fetched_in(heard.answers["q"])) == ["a"]


def test_it_takes_one_job_and_rings_for_those_behind(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})

    joined.push("a", "b", "c")

    fetched = sleeper.fetched()
    assert (ids(fetched), fetched.left) == (["a"], 2)
    assert joined.rings() == 1


def test_it_renews_no_lease(joined, asleep):
    before = joined.score("leases", "w")
    sleeper = asleep({"q": armed_fetch(joined)})

    joined.push("a")

    assert ids(sleeper.fetched()) == ["a"]
    assert joined.score("leases", "w") == before


def test_job_that_is_due_meanwhile_is_taken_when_the_sleep_ends(joined, asleep):
    joined.push("a", due=f"+{HOUR}")
    joined.silence()
    sleeper = asleep({"q": armed_fetch(joined)})
    joined.client.zadd(joined.keys.scheduled, {"a": 1})

    sleeper.bell.interrupt()

    assert ids(sleeper.fetched()) == ["a"]


# When it takes nothing


@pytest.mark.parametrize("number", [100, 101, 5000])
def test_it_is_void_after_a_later_number(joined, asleep, number):
    sleeper = asleep({"q": armed_fetch(joined, first=100)})
    joined.fetch("w", 0, first=number)

    joined.push("a")

    fetched = sleeper.fetched()
    assert (fetched.state, ids(fetched), fetched.left) == ("void", [], 1)
    assert joined.places() == {"a": ["ready"]}
    assert joined.rings() == 1


def test_it_is_not_void_after_a_hand_in_without_a_number(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})
    assert joined.fetch("w", 5, first=0).jobs == []

    joined.push("a")

    assert ids(sleeper.fetched()) == ["a"]


def test_it_takes_nothing_after_its_time(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined, until=joined.now() - 1)})

    joined.push("a")

    fetched = sleeper.fetched()
    assert (fetched.state, ids(fetched)) == ("void", [])
    assert joined.places() == {"a": ["ready"]}
    assert joined.rings() == 1


def test_one_that_was_late_makes_no_other_void(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined, first=100, until=joined.now() - 1)})
    joined.push("a")
    assert sleeper.fetched().state == "void"

    assert ids(joined.fetch("w", 1, first=50)) == ["a"]


def test_worker_that_was_given_up_takes_nothing(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})
    joined.leases.condemn("q", "w")

    joined.push("a")

    assert sleeper.fetched().state == "given up"
    assert joined.places() == {"a": ["ready"]}


def test_worker_that_left_takes_nothing_and_is_not_known_again(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})
    joined.leases.leave("q", "w")

    joined.push("a")

    assert sleeper.fetched().state == "given up"
    assert joined.score("leases", "w") is None
    assert joined.places() == {"a": ["ready"]}


def test_worker_that_redis_forgot_takes_nothing_and_joins_not(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})
    joined.client.delete(joined.keys.leases)

    joined.push("a")

    assert sleeper.fetched().state == "void"
    assert joined.score("leases", "w") is None
    assert joined.places() == {"a": ["ready"]}


def test_paused_queue_yields_nothing_and_rings_not(joined, asleep):
    joined.store.sets.pause("q")
    sleeper = asleep({"q": armed_fetch(joined)})

    joined.push("a")
    sleeper.bell.interrupt()

    fetched = sleeper.fetched()
    assert (fetched.state, ids(fetched), fetched.left) == ("good", [], 0)
    assert joined.places() == {"a": ["ready"]}
    assert joined.rings() == 0


# What becomes of it when something breaks


def test_sleeper_that_goes_away_takes_nothing_and_leaves_the_token(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})
    joined.client.client_kill_filter(_type="normal", skipme=True)
    sleeper.result()

    joined.push("a")

    assert isinstance(sleeper.error, StoreUnavailable)
    assert joined.places() == {"a": ["ready"]}
    assert joined.rings() == 1
    assert joined.client.hget(joined.keys.seen, "w") == b"1"


def test_script_that_redis_forgot_is_an_answer_and_takes_nothing(joined, asleep):
    sleeper = asleep({"q": armed_fetch(joined)})
    joined.client.script_flush()

    joined.push("a")

    assert isinstance(sleeper.result().answers["q"], NoScriptError)
    assert sleeper.heard.queues == {"q"}
    assert joined.places() == {"a": ["ready"]}


def test_error_of_one_queue_leaves_the_answers_of_the_others(store, joined, asleep):
    other = SampleQueue(store, "other")
    other.fetch("w", 0, first=1)
    other.client.set(other.keys.ready, "no sorted set")
    armed = {"other": armed_fetch(other, first=100), "q": armed_fetch(joined, first=101)}
    sleeper = asleep(armed)

    joined.push("a")

    assert ids(sleeper.fetched("q")) == ["a"]
    assert isinstance(sleeper.heard.answers["other"], ResponseError)
    assert sleeper.error is None


def test_first_of_two_queues_is_asked_first_whichever_rang(store, joined, asleep):
    other = SampleQueue(store, "other")
    other.fetch("w", 0, first=1)
    armed = {"q": armed_fetch(joined, first=100), "other": armed_fetch(other, first=101)}
    sleeper = asleep(armed)
    joined.client.hset(joined.keys.payloads, "a", b"{}")
    joined.client.zadd(joined.keys.ready, {"a": 1})  # without its bell

    other.push("b")

    assert ids(sleeper.fetched("q")) == ["a"]
    assert ids(sleeper.fetched("other")) == ["b"]


def test_user_who_may_not_end_waits_gets_nothing_armed(redis_url, joined):
    joined.client.execute_command(
        "ACL", "SETUSER", "little", "on", ">pw", "~*", "+@all", "-client|unblock"
    )
    little = Store(redis_url.replace("//", "//little:pw@"), timeout=5)
    bell = little.bell(["q"])

    first = bell.wait(0.02, ["q"], {"q": armed_fetch(joined)})
    joined.push("a")
    second = bell.wait(LONG, ["q"], {"q": armed_fetch(joined, first=101)})

    assert bell.is_coarse
    assert first.answers == second.answers == {}
    assert second.queues == {"q"}
    assert joined.places() == {"a": ["ready"]}
    little.close()
    joined.client.execute_command("ACL", "DELUSER", "little")
