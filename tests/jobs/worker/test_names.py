"""Names of workers."""

import os

from jobs.worker.names import new_base_name, worker_name


def test_name_tells_the_process_and_is_never_used_twice():
    first, second = new_base_name(), new_base_name()

    assert f":{os.getpid()}:" in first
    assert first != second


def test_name_can_stand_before_the_bar_that_ends_it_in_redis(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "odd|host")

    assert new_base_name().startswith("odd-host:")


def test_name_changes_with_each_lost_lease():
    assert [worker_name("host:1:ab", generation) for generation in (0, 1, 2)] == [
        "host:1:ab",
        "host:1:ab.1",
        "host:1:ab.2",
    ]
