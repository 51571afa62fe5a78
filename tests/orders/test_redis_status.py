"""Tests of what the home page tells about the Redis of the jobs."""

import pytest

from orders.redis_status import _place, read_redis_status
from tests.conftest import free_port


def test_facts_about_the_redis_are_told(store, redis_url):
    store.client.set("a key", 1)

    facts = read_redis_status(2.0)

    assert f"redis://{facts['Host']}:{facts['Port']}/{facts['Database']}" == redis_url
    assert facts["Keys"] == 1
    assert str(facts["Version"]).startswith(("Valkey ", "Redis "))
    assert str(facts["Round trip"]).endswith(" ms")
    assert "Set appendonly yes" in str(facts["Warnings"])


@pytest.mark.parametrize(
    "url", ["redis+sentinel://***@one:26379,two:26379/main/0", "unix:///run/redis.sock"]
)
def test_redis_without_a_single_host_is_told_by_its_url(url):
    assert _place(url) == {"URL": url}


def test_redis_that_is_away_is_a_connection_error_without_the_password(settings):
    port = free_port()
    settings.JOBS = {"REDIS_URL": f"redis://user:secret@127.0.0.1:{port}/0"}

    with pytest.raises(ConnectionError, match=str(port)) as caught:
        read_redis_status(2.0)

    assert "secret" not in str(caught.value)
