"""Requests wait for their worker, for a while, and are taken once."""

from jobs.store.requests import VALID_FOR, Requests
from tests.jobs.inspect.filling import WORKER, beat


def test_requests_are_taken_once_and_in_their_order(store):
    requests = Requests(store)
    beat(store)

    assert requests.put(WORKER, "cancel a")
    assert requests.put(WORKER, "quiet")

    assert requests.take(WORKER) == ["cancel a", "quiet"]
    assert requests.take(WORKER) == []


def test_requests_are_for_one_worker(store):
    requests = Requests(store)
    requests.put("one", "quiet")

    assert requests.take("two") == []


def test_who_gives_no_sign_of_life_is_told_and_the_request_does_not_stay_for_ever(store):
    assert not Requests(store).put("gone", "stop")
    assert 0 < store.client.ttl(store.shared.requests("gone")) <= VALID_FOR
