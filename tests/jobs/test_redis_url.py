"""The URL of Redis: its faults are told, and its password never is."""

import pytest

from jobs.errors import ConfigurationError
from jobs.redis_url import hide_password, url_problem
from jobs.store import Store


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://:secret@host:6379/0", "redis://***@host:6379/0"),
        ("redis://user:secret@host/1", "redis://***@host/1"),
        ("redis://user:se@cret@host/1", "redis://***@host/1"),
        ("redis://user:se/cret@host/1", "redis://***@host/1"),
        (
            "redis+sentinel://user:secret@a:1,b:2/service/0",
            "redis+sentinel://***@a:1,b:2/service/0",
        ),
        ("unix://user:secret@/run/redis.sock?db=1", "unix://***@/run/redis.sock?db=1"),
        ("redis://host/0?password=secret&db=1", "redis://host/0?password=***&db=1"),
    ],
)
def test_password_is_never_shown(url, shown):
    assert hide_password(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://user:se%2Fcret@host:6379/0",
        "redis://:se@cret@host/0",
        "redis://[::1]:6379/0",
        "rediss://host/0?client_name=shop@web&password=a@b",
        "redis+sentinel://user:secret@a:1,b:2/service/0",
        "redis+cluster://:secret@host:7000",
        "unix:///run/a@b.sock?db=1",
        "unix://user:secret@/run/redis.sock",
    ],
)
def test_url_that_may_be_tried_has_no_problem(url):
    assert url_problem(url) == ""


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://x", "redis:/x", "REDIS://x"])
def test_another_scheme_is_answered_with_those_that_there_are(url):
    assert url_problem(url).startswith("it must begin with redis://, rediss://, unix://")


@pytest.mark.parametrize("url", ["redis://host:port", "redis+sentinel://a:1,b:x/service"])
def test_a_port_that_is_no_number_is_told(url):
    assert "65535" in url_problem(url)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "redis+sentinel", "redis+cluster"])
@pytest.mark.parametrize(
    "password", ["hunter/2", "hunter#2", "hunter?2", "22/hunter", "22#hunter", "22?hunter"]
)
@pytest.mark.parametrize("user", ["", "user"])
def test_a_password_that_is_not_encoded_is_told_and_no_part_of_it_is_shown(scheme, password, user):
    with pytest.raises(ConfigurationError, match="write / as %2F") as raised:
        Store(f"{scheme}://{user}:{password}@127.0.0.1:6399/service")

    assert "hunter" not in str(raised.value)
    assert "22" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_host_that_cannot_be_read_shows_no_password_either():
    with pytest.raises(ConfigurationError, match="its host cannot be read") as raised:
        Store("redis://:hunter@[::1/0")

    assert "hunter" not in str(raised.value)
