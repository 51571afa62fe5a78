"""Redis behind TLS: with certificates of both sides, and with those that nobody trusts."""

import asyncio
import gc
import select
import socket
import ssl
import statistics
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from jobs import StoreUnavailable
from jobs.client import get_client
from jobs.store import Store
from tests.acceptance.jobs import NoteJob
from tests.acceptance.runner import push
from tests.acceptance.tls import Papers, front, papers, tls_server
from tests.conftest import free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]


@pytest.fixture
def trusted(tmp_path) -> Papers:
    return papers(tmp_path / "trusted")


@pytest.fixture
def port(tmp_path, trusted) -> Iterator[int]:
    with tls_server(tmp_path, trusted) as port:
        yield port


def url(port: int, authority: Papers, client: Papers) -> str:
    """Return the URL of somebody who trusts one authority, and was certified by one."""
    return (
        f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority.authority}"
        f"&ssl_certfile={client.client}&ssl_keyfile={client.client}"
    )


def test_worker_runs_jobs_through_tls_and_hears_of_each_at_once(port, trusted, start):
    address = url(port, trusted, trusted)
    with closing(Store(address, timeout=5)) as store:
        push(store, "NoteJob", [[number, 0] for number in range(200)])
        runner = start(url=address, TEST_HEARTBEAT="20", TEST_LEASE="60")
        runner.wait_for_notes(200)
        waits = []
        for number in range(9):
            time.sleep(0.05)  # the worker is asleep by then
            began = time.monotonic()
            push(store, "NoteJob", [[number, 0]])
            runner.wait_for_notes(201 + number)
            waits.append(time.monotonic() - began)
        wait_until(lambda: runner.log.count("job.done") == 209)

    assert runner.stop() == 0
    assert "ERROR" not in runner.log
    assert statistics.median(waits) < 5  # without a bell, about a heartbeat


def test_messages_of_tls_itself_are_no_answer(port, trusted):
    with closing(Store(url(port, trusted, trusted), timeout=5)) as store:
        connection = store.client.connection_pool.make_connection()
        connection.connect()
        poll = select.poll()
        poll.register(connection._sock, select.POLLIN)
        assert poll.poll(5000)  # tickets, for a later handshake

        assert not connection.can_read()
        assert not poll.poll(0)
        connection.send_command("PING")
        assert connection.can_read(timeout=5)
        assert connection.read_response() == b"PONG"
        connection.disconnect()


def test_event_loop_goes_on_while_a_redis_behind_tls_does_not_answer(port, trusted, settings):
    address = url(port, trusted, trusted)
    settings.JOBS = {**settings.JOBS, "REDIS_URL": address}
    at_once = NoteJob.using(commit="immediate")
    rounds = 0

    async def push_two() -> None:
        nonlocal rounds
        pushes = asyncio.gather(at_once.aenqueue(1, 0), at_once.aenqueue(2, 0))
        while not pushes.done():  # the second opens a connection, with the tickets of a new one
            rounds += 1
            await asyncio.sleep(0.01)
        await pushes

    at_once.enqueue(0, 0)
    with closing(Store(address, timeout=5)) as store, closing(get_client().store):
        store.client.client_pause(450)
        asyncio.run(push_two())

    assert rounds > 10


def test_certificate_that_nobody_trusts_is_named_as_the_reason(port, trusted, tmp_path, start):
    stranger = papers(tmp_path / "stranger")
    address = url(port, stranger, trusted)

    with closing(Store(address)) as store, pytest.raises(StoreUnavailable) as caught:
        store.check_server()

    assert "certificate verify failed" in str(caught.value)
    assert "ssl_ca_certs" in str(caught.value)
    runner = start(url=address)
    runner.wait_for("certificate verify failed", count=2)
    assert "Traceback" not in runner.log


def test_client_that_the_server_does_not_trust_is_told_so(port, trusted, tmp_path):
    stranger = papers(tmp_path / "stranger")

    address = url(port, trusted, stranger)

    with closing(Store(address)) as store, pytest.raises(StoreUnavailable, match="TLS"):
        store.check_server()


def test_server_without_tls_is_told_from_one_that_is_away(redis_url):
    address = redis_url.replace("redis://", "rediss://")

    with closing(Store(address)) as store, pytest.raises(StoreUnavailable) as caught:
        store.check_server()

    assert "TLS" in str(caught.value)


def test_file_of_certificates_that_is_not_there_is_named(tmp_path):
    address = f"rediss://127.0.0.1:{free_port()}/0?ssl_ca_certs={tmp_path}/none.pem"

    with closing(Store(address)) as store, pytest.raises(StoreUnavailable, match=r"none\.pem"):
        store.check_server()


def test_front_of_these_tests_leaves_nothing_open(trusted, recwarn):
    context = ssl.create_default_context(cafile=trusted.authority)
    context.load_cert_chain(trusted.client)
    port = free_port()

    with socket.create_server(("127.0.0.1", 0)) as inner, socket.socket() as outside:
        with front(port, inner.getsockname()[1], trusted):
            outside.connect(("127.0.0.1", port))
            client = context.wrap_socket(outside, server_hostname="127.0.0.1")
            inner.accept()[0].close()  # the front says farewell, which the client does not answer
            assert select.select([client], [], [], 5)[0]
            assert select.select([client], [], [], 5)[0]
        client.close()
        gc.collect()

    assert [str(each.message) for each in recwarn] == []
