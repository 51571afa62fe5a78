"""The short ways of an enqueue refuse what the long ones refuse.

Most jobs take them.
"""

import threading

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone, translation

from jobs import InvalidArguments, Job, Middleware
from jobs.arguments import are_plain
from jobs.commit import has_to_wait
from jobs.ids import JobIdGenerator, new_job_id
from jobs.middleware.context import ContextMiddleware
from tests.jobs.enqueued import arguments, payloads


class NoteJob(Job):
    def perform(self, *texts: object, tag: object = None) -> None:
        """Do nothing."""


class Passing(Middleware):
    def enqueue(self, payload):
        return payload


class NamedJob(Job):
    def perform(self, first: int, second: int = 0) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    "value", [2**64, -(2**63) - 1, "\ud800", float("nan"), (1,), b"x", {1: 2}, "\udcff" * 2000]
)
def test_what_is_not_json_is_refused_by_position_and_by_name(value):
    for args, kwargs in [((value,), {}), ((), {"tag": value})]:
        with pytest.raises(InvalidArguments):
            NoteJob.enqueue(*args, **kwargs)
        with pytest.raises(InvalidArguments):
            NoteJob.enqueue_many([kwargs or args])


@pytest.mark.parametrize("value", [2**64 - 1, -(2**63), "ü€😀", True, None, 0, "x" * 2000])
def test_what_is_json_arrives_as_it_was(store, value):
    NoteJob.enqueue(value)
    NoteJob.enqueue(tag=value)

    by_position, by_name = payloads(store)
    assert by_position.args == [value]
    assert by_name.kwargs == {"tag": value}


def test_one_long_text_many_times_is_not_encoded_to_find_that_it_is_too_long():
    assert not are_plain(["x" * 1_000_000] * 1_000)

    with pytest.raises(InvalidArguments, match="more than 2,000,000 bytes"):
        NoteJob.enqueue(*["x" * 1_000_000] * 1_000)


def test_size_of_a_payload_that_is_too_large_is_told_to_the_byte(settings):
    settings.JOBS = {"MAX_PAYLOAD_BYTES": 1_000}

    with pytest.raises(InvalidArguments, match=r"the payload has 1,\d\d\d bytes, more than"):
        NoteJob.enqueue("x" * 999)


class Name(str):
    """A text that is equal to another, and no plain one."""

    __slots__ = ()


@pytest.mark.parametrize("middleware", [[], [f"{__name__}.Passing"]])
def test_name_that_is_no_plain_text_is_refused(settings, store, middleware):
    settings.JOBS = {"MIDDLEWARE": middleware}
    NoteJob.enqueue(tag=1)

    with pytest.raises(InvalidArguments, match="of type Name; pass a plain str"):
        NoteJob.enqueue_many([{Name("tag"): 1}])

    assert len(arguments(store)) == 1


def test_names_that_fitted_once_say_nothing_of_others(store):
    for _ in range(2):
        NamedJob.enqueue(1, second=2)
        with pytest.raises(InvalidArguments, match="multiple values"):
            NamedJob.enqueue(1, first=2)
        with pytest.raises(InvalidArguments, match="missing"):
            NamedJob.enqueue(second=2)
        with pytest.raises(InvalidArguments, match="unexpected"):
            NamedJob.enqueue(1, third=3)

    assert len(arguments(store)) == 2


def test_settings_that_change_hold_for_the_next_job(store, settings):
    NoteJob.enqueue("x" * 500)
    settings.JOBS = {"MAX_PAYLOAD_BYTES": 300}

    with pytest.raises(InvalidArguments):
        NoteJob.enqueue("x" * 500)


def test_enqueued_at_comes_second_in_the_payload(store):
    enqueued = NoteJob.enqueue("a", tag="b")

    raw = store.client.hget(store.keys("default").payloads, enqueued.id)
    assert raw.startswith(b'{"priority":0,"enqueued_at":')
    assert payloads(store)[0].encode() == raw


def test_ids_of_many_jobs_increase_and_are_of_the_same_kind():
    many = new_job_id.many()
    ids = [next(many) for _ in range(200)]

    assert ids == sorted(set(ids))
    assert {(len(each), each[12], each[16] in "89ab") for each in ids} == {(32, "7", True)}


def test_ids_of_one_and_of_many_never_meet():
    new = JobIdGenerator(lambda: 5_000_000_000)
    first, second = new.many(), new.many()
    ids = [make() for _ in range(150) for make in (first.__next__, second.__next__, new)]

    assert len(set(ids)) == 450


@pytest.mark.django_db(transaction=True)
def test_thread_that_was_given_the_connection_of_another_waits_for_its_commit():
    """So are the threads of Django's live server, which open none themselves."""
    connection.ensure_connection()
    connection.inc_thread_sharing()
    seen: list[object] = []

    def serve():
        connections["default"] = shared
        seen.append(has_to_wait())

    shared = connections["default"]
    with transaction.atomic():
        thread = threading.Thread(target=serve)
        thread.start()
        thread.join()
    connection.dec_thread_sharing()

    assert seen == [True]


@pytest.mark.django_db(transaction=True)
def test_thread_that_opens_a_connection_after_its_first_job_waits_from_then_on():
    seen: list[object] = []

    def work():
        seen.append(has_to_wait())
        with transaction.atomic():
            seen.append(has_to_wait())
        seen.append(has_to_wait())
        connections["default"].close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [False, True, False]


def test_what_somebody_activates_travels_and_ends_with_it(settings):
    middleware = ContextMiddleware()

    def look():
        seen.append(middleware.context())
        with translation.override("de"), timezone.override("Asia/Tokyo"):
            seen.append(middleware.context())
        seen.append(middleware.context())

    seen: list[object] = []
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [{}, {"language": "de", "time_zone": "Asia/Tokyo"}, {}]


def test_what_somebody_activates_travels_after_a_test_has_changed_the_language(settings):
    settings.LANGUAGE_CODE = "fr"  # Django keeps elsewhere what is activated from now on

    def look():
        with translation.override("de"):
            seen.append(ContextMiddleware().context())

    seen: list[object] = []
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [{"language": "de"}]
