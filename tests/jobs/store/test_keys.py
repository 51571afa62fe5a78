"""Key names: one hash tag for each queue, so that its scripts stay on one node."""

import pytest
from redis.crc import key_slot

from jobs.store.keys import QueueKeys, SharedKeys

KEYS = QueueKeys("jobs", "high")
NAMES = ["payloads", "ready", "scheduled", "retry", "dead", "done", "running", "leases", "bell", "meta", "stats"]


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_named_after_namespace_and_queue(name):
    assert getattr(KEYS, name) == f"{{jobs:high}}:{name}"


def test_all_keys_of_a_queue_share_one_slot():
    keys = [getattr(KEYS, name) for name in NAMES] + [KEYS.receipt(["a"]), KEYS.receipt(["a", "b"])]

    assert len({key_slot(key.encode()) for key in keys}) == 1


def test_queues_and_namespaces_share_no_key():
    keys = [getattr(QueueKeys(*names), name) for names in (("a", "q"), ("b", "q"), ("a", "r")) for name in NAMES]

    assert len(set(keys)) == len(keys)


def test_receipt_of_one_job_is_named_after_it():
    assert KEYS.receipt(["a"]) == "{jobs:high}:pushed:a"


def test_receipts_of_different_pushes_differ():
    pushes = [["a"], ["b"], ["a", "b"], ["b", "a"], ["a", "c"]]

    assert len({KEYS.receipt(push) for push in pushes}) == len(pushes)


def test_keys_for_people_are_outside_of_all_queues():
    shared = SharedKeys("jobs")

    assert (shared.queues, shared.workers, shared.worker("w")) == ("jobs:queues", "jobs:workers", "jobs:worker:w")
