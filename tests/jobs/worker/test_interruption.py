"""Interrupting a job that is in the middle of an exchange with Redis."""

import pytest
import redis.connection

from jobs.errors import JobInterrupted
from jobs.job import Job
from jobs.registry import registry
from jobs.store import Store
from tests.jobs.worker.made_jobs import broken_jobs, client_of, payload_of, place_of, push
from tests.jobs.worker.small_worker import make_worker, running
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("untraced")

STORES: list[Store] = []
answers: list[tuple[str, bytes]] = []


class EchoJob(Job):
    """Asks Redis while it is interrupted, and asks again in its last moments."""

    def perform(self):
        try:
            self.ask("before the stop")
            self.ask("not to be asked")
        except JobInterrupted:
            self.ask("after the stop")
            raise

    def ask(self, question):
        with STORES[0].available():
            answers.append((question, STORES[0].client.echo(question)))


@pytest.fixture
def echo_store(redis_url):
    store = Store(redis_url, timeout=5.0)
    STORES[:] = [store]
    answers.clear()
    yield store
    store.close()


def test_interruption_between_send_and_read_leaves_no_answer_behind(
    store, echo_store, worker_settings, monkeypatch
):
    worker = make_worker(worker_settings)
    send = redis.connection.AbstractConnection.send_packed_command

    def send_and_be_interrupted(connection, command, *args):
        is_marked = b"before the stop" in b"".join(command)
        if is_marked:
            client_of(store).execute_command("CLIENT", "PAUSE", 100, "ALL")  # the answer is late
        send(connection, command, *args)
        if is_marked:
            for thread in worker.crew.threads:
                thread.interrupt()

    monkeypatch.setattr(
        redis.connection.AbstractConnection, "send_packed_command", send_and_be_interrupted
    )
    (job_id,) = push(store, job_class=registry.name_of(EchoJob))

    with running(worker):
        wait_until(lambda: answers)
        worker.buffer.gate.close()  # it goes back, and shall not run again
        wait_until(lambda: place_of(store, job_id) == "ready")

    assert [(question, answer) for question, answer in answers if question.encode() != answer] == []
    assert [question for question, _ in answers[:2]] == ["before the stop", "after the stop"]
    assert payload_of(store, job_id).interruptions >= 1
    assert broken_jobs(store) == []
