"""The look for the return of queues whose node is away."""

import pytest

from jobs.worker.away import Away

#: The queues of two nodes of a cluster.
HUNG, BACK = ("a", "b", "c"), ("x", "y")


class TwoNodes:
    """Knows which queues lie on the same node."""

    def queues_beside(self, queue, queues):
        node = HUNG if queue in HUNG else BACK
        return [name for name in queues if name in node]


@pytest.fixture
def away(worker_settings) -> Away:
    away = Away(worker_settings)
    away._queues = {*HUNG, *BACK}
    return away


def test_node_that_still_hangs_is_asked_once_in_each_look(away, monkeypatch):
    """Each of its queues once took a second.

    Those of a node that was back waited meanwhile.
    """
    asked: list[str] = []

    def answers(store, queue):
        asked.append(queue)
        return queue in BACK

    monkeypatch.setattr(away, "_answers", answers)

    away._ask(TwoNodes())

    assert len([queue for queue in asked if queue in HUNG]) == 1
    assert away._queues == set(HUNG)
