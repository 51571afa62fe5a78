"""Job ids: unique everywhere, in order within a process."""

import os
import threading
import uuid

from jobs.ids import JobIdGenerator, is_older, new_job_id


def test_id_is_a_uuid_of_version_7_without_dashes():
    job_id = new_job_id()

    assert len(job_id) == 32
    assert uuid.UUID(job_id).version == 7
    assert uuid.UUID(job_id).variant == uuid.RFC_4122


def test_id_begins_with_the_time():
    made = JobIdGenerator(lambda: 1_700_000_000_123_999_999)()

    assert int(made[:12], 16) == 1_700_000_000_123


def test_ids_increase_while_the_clock_stands_still():
    new = JobIdGenerator(lambda: 5_000_000_000)

    ids = [new() for _ in range(10_000)]  # more than the sequence of one millisecond holds

    assert ids == sorted(set(ids))
    assert all(uuid.UUID(i).version == 7 for i in (ids[0], ids[4095], ids[4096], ids[-1]))


def test_ids_increase_when_the_clock_steps_back():
    times = iter([9_000_000_000, 1_000_000_000, 9_001_000_000])
    new = JobIdGenerator(lambda: next(times))

    ids = [new() for _ in range(3)]

    assert ids == sorted(ids)


def test_threads_make_no_id_twice():
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(new_job_id() for _ in range(2000)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 8000


def test_child_process_makes_other_ids_in_the_same_millisecond():
    new = JobIdGenerator(lambda: 5_000_000_000)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, new().encode())
        os._exit(0)

    os.waitpid(child, 0)

    assert os.read(reading, 32).decode() != new()
    os.close(reading)
    os.close(writing)


def test_child_that_is_forked_while_many_are_made_makes_others_than_its_parent():
    ids = JobIdGenerator().many()
    next(ids)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, next(ids).encode())
        os._exit(0)

    os.waitpid(child, 0)

    assert os.read(reading, 32).decode() != next(ids)
    os.close(reading)
    os.close(writing)


def test_many_ids_increase_and_are_uuids_though_the_clock_stands_still():
    new = JobIdGenerator(lambda: 5_000_000_000)
    new()
    many = new.many()

    ids = [next(many) for _ in range(10_000)]

    assert ids == sorted(set(ids))
    made = [uuid.UUID(job_id) for job_id in ids]
    assert {(each.version, each.variant) for each in made} == {(7, uuid.RFC_4122)}
    assert new() > ids[-1]


def test_every_other_bit_of_many_ids_is_random():
    many = JobIdGenerator().many()
    seconds = [int(next(many)[16:], 16) for _ in range(1_000)]

    for bit in range(62):
        assert 300 < sum(second >> bit & 1 for second in seconds) < 700


def test_ids_tell_which_job_is_older():
    first, second = new_job_id(), new_job_id()

    assert is_older(first, second)
    assert not is_older(second, first)
    assert not is_older(first, first)


def test_chosen_id_tells_no_age():
    assert not is_older("0", new_job_id())
    assert not is_older(new_job_id(), "z")
