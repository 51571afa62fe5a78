"""Signatures by themselves: what is trusted, and what is not."""

import pytest

from jobs.enqueue import ConfiguredJob
from jobs.errors import InvalidPayload, UntrustedPayload
from jobs.features.signing.signer import KeyedSigner
from jobs.job import Job
from jobs.payload import Payload, decode, decode_for

ID, QUEUE = "0123456789abcdef0123456789abcdef", "default"
PAYLOAD = Payload(7, ID, "shop.PayJob", QUEUE, [1, "é"], {"by": "name"}, enqueued_at=1.5)


class PlainJob(Job):
    def perform(self, number: int) -> None:
        """Do nothing."""


def signer(*keys: bytes, namespace: str = "jobs", is_required: bool = True) -> KeyedSigner:
    return KeyedSigner(namespace, lambda: keys or (b"new",), is_required=is_required)


def is_trusted(by: KeyedSigner, raw: bytes, job_id: str = ID, queue: str = QUEUE) -> bool:
    try:
        by.check(raw, job_id, queue)
    except UntrustedPayload:
        return False
    return True


def signed() -> bytes:
    return signer().sign(PAYLOAD.encode(), ID, QUEUE)


def test_signature_is_the_last_field_and_of_one_length():
    raw = signed()

    assert raw.startswith(PAYLOAD.encode()[:-1] + b',"sig":"')
    assert raw.endswith(b'"}')
    assert len(raw) == len(PAYLOAD.encode()) + 31
    assert is_trusted(signer(), raw)


def test_no_byte_can_be_changed():
    raw = signed()

    for place, byte in enumerate(raw):
        for other in {byte ^ 1, byte ^ 32, byte ^ 255}:
            forged = raw[:place] + bytes([other]) + raw[place + 1 :]
            assert not is_trusted(signer(), forged), (place, byte, other)


def test_no_byte_can_be_added_or_taken_away():
    raw = signed()

    for place in range(len(raw) + 1):
        assert not is_trusted(signer(), raw[:place] + b" " + raw[place:])
        assert place == len(raw) or not is_trusted(signer(), raw[:place] + raw[place + 1 :])


@pytest.mark.parametrize(
    ("job_id", "queue"), [(ID[:-1] + "0", QUEUE), (ID, "high"), (ID + "\0", QUEUE), ("", QUEUE)]
)
def test_payload_is_good_in_its_own_place_only(job_id, queue):
    assert not is_trusted(signer(), signed(), job_id, queue)


def test_payload_of_another_namespace_is_forged():
    assert not is_trusted(signer(namespace="shop"), signed())


def test_where_one_part_ends_and_the_next_begins_is_signed_too():
    raw = signer().sign(b'{"id":1}', "ab", "q")

    assert is_trusted(signer(), raw, "ab", "q")
    assert not is_trusted(signer(), raw, "a", "qb")
    assert not is_trusted(signer(namespace="jobsq"), raw, "ab", "")


def test_odd_names_are_signed_like_others():
    job_id, queue = "\udcff", "\udcfe"
    raw = signer().sign(b'{"id":1}', job_id, queue)

    assert is_trusted(signer(), raw, job_id, queue)
    assert not is_trusted(signer(), raw, "\udcfd", queue)


def test_key_that_was_replaced_is_still_read_with():
    by_both = signer(b"newer", b"new")

    assert is_trusted(by_both, signed())
    assert not by_both.is_current(signed(), ID, QUEUE)
    assert by_both.is_current(by_both.sign(PAYLOAD.encode(), ID, QUEUE), ID, QUEUE)
    assert not is_trusted(signer(b"newer"), signed())


def test_what_is_unsigned_is_trusted_until_signatures_are_required():
    assert is_trusted(signer(is_required=False), PAYLOAD.encode())
    assert not is_trusted(signer(), PAYLOAD.encode())
    assert not signer().is_current(PAYLOAD.encode(), ID, QUEUE)


def test_wrong_signature_is_refused_although_none_is_required():
    forged = signed().replace(b"PayJob", b"GetJob")

    assert not is_trusted(signer(is_required=False), forged)


def test_keys_of_many_queues_are_not_all_kept():
    by = signer()

    for number in range(3_000):
        by.sign(b"{}", ID, str(number))

    assert len(by._by_queue) <= 1_000
    assert is_trusted(by, signed())


def test_signature_is_known_and_dropped_where_nothing_is_signed():
    read = decode(signed())

    assert read == PAYLOAD
    assert read.extra == {}
    assert read.encode() == PAYLOAD.encode()


def test_signed_payload_must_be_of_its_key_too(signing):
    signing()
    raw = PAYLOAD.encode()

    assert decode_for(raw, ID, QUEUE) == PAYLOAD
    with pytest.raises(UntrustedPayload, match="its signature is wrong"):
        decode_for(raw, ID, "high")
    lying = PAYLOAD.changed(queue="high")._json()
    with pytest.raises(InvalidPayload, match="but it is kept in 'default'"):
        decode_for(signer().sign(lying, ID, QUEUE), ID, QUEUE)


def test_jobs_are_signed_where_they_are_made(signing):
    signing()
    configured = ConfiguredJob(PlainJob, PlainJob.options, {})

    _enqueued, new = configured._maker().make(ID, (1,), {}, {})

    assert new is not None
    assert decode_for(new.payload, ID, QUEUE).args == [1]
    signing("off")
    _enqueued, new = configured._maker().make(ID, (1,), {}, {})
    assert b'"sig"' not in new.payload
