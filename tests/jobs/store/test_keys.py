"""Key names of a queue and of its jobs.

A queue has one hash tag, so that its scripts stay on one node.
"""

import pytest
from redis.crc import key_slot

from jobs.store.keys import (
    KINDS,
    LIMIT_KINDS,
    QUEUE_KEYS,
    SHARED_KINDS,
    LimitKeys,
    QueueKeys,
    SharedKeys,
)

KEYS = QueueKeys("jobs", "high")


@pytest.mark.parametrize("name", QUEUE_KEYS)
def test_keys_are_named_after_namespace_and_queue(name):
    assert getattr(KEYS, name) == f"{{jobs:high}}:{name}"


def test_all_keys_of_a_queue_share_one_slot():
    keys = [*KEYS.all, KEYS.schedules, KEYS.receipt(["a"]), KEYS.receipt(["a", "b"])]

    assert len({key_slot(key.encode()) for key in keys}) == 1


def test_queues_and_namespaces_share_no_key():
    keys = [key for names in (("a", "q"), ("b", "q"), ("a", "r")) for key in QueueKeys(*names).all]

    assert len(set(keys)) == len(keys)


def test_all_keys_come_in_the_order_of_the_scripts():
    assert KEYS.all == tuple(getattr(KEYS, name) for name in QUEUE_KEYS)
    assert all(name in str(QueueKeys.__doc__) for name in QUEUE_KEYS)


@pytest.mark.parametrize(
    ("holder", "kinds"),
    [(QueueKeys, KINDS), (SharedKeys, SHARED_KINDS), (LimitKeys, LIMIT_KINDS)],
)
def test_doctor_knows_the_type_of_each_key(holder, kinds):
    properties = {name for name, value in vars(holder).items() if isinstance(value, property)}

    assert set(kinds) == properties.union(holder.__slots__) - {"namespace", "queue", "name", "all"}


def test_receipt_of_one_job_is_named_after_it():
    assert KEYS.receipt(["a"]) == "{jobs:high}:pushed:a"


def test_receipts_of_different_pushes_differ():
    pushes = [["a"], ["b"], ["a", "b"], ["b", "a"], ["a", "c"]]

    assert len({KEYS.receipt(push) for push in pushes}) == len(pushes)


def test_keys_for_people_are_outside_of_all_queues():
    shared = SharedKeys("jobs")

    assert (shared.queues, shared.workers, shared.worker("w")) == (
        "jobs:queues",
        "jobs:workers",
        "jobs:worker:w",
    )
