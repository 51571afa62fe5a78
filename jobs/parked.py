"""Payloads of jobs that are parked, since nobody may use what Redis holds.

The worker writes them, and pages show what they tell.
"""

from contextlib import suppress

from jobs.errors import InvalidPayload, UntrustedPayload
from jobs.payload import JobError, Payload, decode

#: Most bytes of what cannot be read that are kept for people.
MOST_BYTES = 10_000


class AsItIs(Payload):
    """A payload that nobody trusts. It is written back as it was read.

    So no key signs what it has not signed before. And where only the key was missing, the job can
    be retried once that is there again.
    """

    raw: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes that were read."""
        return self.raw


def parked(job_id: str, queue: str, raw: bytes, reason: InvalidPayload, error: JobError) -> Payload:
    """Return the payload with which a job is parked for a reason.

    The error is the same reason as people see it.
    """
    if isinstance(reason, UntrustedPayload):
        return untrusted_payload(job_id, queue, raw, error)
    return corrupt_payload(job_id, queue, raw, error)


def untrusted_payload(job_id: str, queue: str, raw: bytes, error: JobError) -> AsItIs:
    """Return a payload that shows what it claims to be.

    The error says why nobody believes it.
    """
    found = corrupt_payload(job_id, queue, raw, error)
    with suppress(InvalidPayload):
        claimed = decode(raw)
        found = claimed.changed(id=job_id, queue=queue, errors=[*claimed.errors, error])
    fields = {name: getattr(found, name) for name in Payload.__struct_fields__}
    return AsItIs(**fields, raw=raw)


def corrupt_payload(job_id: str, queue: str, raw: bytes, error: JobError) -> Payload:
    """Return a payload that keeps unreadable bytes for a person to see.

    The error says why they are unreadable.
    """
    shown = raw[:MOST_BYTES].decode("utf-8", "backslashreplace")
    return Payload(
        0,
        job_id,
        "",
        queue,
        errors=[error],
        extra={"unreadable": shown, "unreadable_bytes": len(raw)},
    )
