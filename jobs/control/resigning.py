"""Signs and seals what is in Redis with the newest secret key.

So an older key can be given up, and signatures can be required where jobs wait that have none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from jobs.errors import InvalidPayload, UntrustedPayload
from jobs.inspect.queues import known_queues
from jobs.payload import decode, decode_for
from jobs.protection import protection
from jobs.store.job_reader import JobReader
from jobs.store.questions import refusals_explained
from jobs.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Resigning:
    """How many jobs were looked at, and what they lacked.

    Those that were `unsigned`, and those of an `older` key, can be written anew, or were. Those
    that are `untrusted`, since their signature is wrong, and those that are `unreadable` are left
    alone. `missed` were changed by somebody else meanwhile.
    """

    jobs: int = 0
    unsigned: int = 0
    older: int = 0
    untrusted: int = 0
    unreadable: int = 0
    missed: int = 0

    @property
    def lacking(self) -> int:
        """How many can be written anew."""
        return self.unsigned + self.older

    def __add__(self, other: "Resigning") -> "Resigning":
        """Return both together."""
        each = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        return replace(self, **each)


#: What a job lacks, and its payload as it should be. The payload is None where nothing is written.
Verdict = tuple[Resigning, bytes | None]


def resign(reader: Reader, *, write: bool) -> Resigning:
    """Look at every job, and write anew what lacks the newest key.

    Without `write` nothing is changed. Whatever is unsigned is signed, so it must be trusted. A job
    that somebody else has just changed is left alone: who did so has signed it. O(jobs) in all,
    three round trips for each 500 jobs or half a megabyte.
    """
    found = Resigning()
    for queue in known_queues(reader):
        for portion in _portions(reader, queue):
            verdicts = [
                (job_id, raw, *_judge(raw, job_id, queue)) for job_id, raw in portion.items()
            ]
            found = sum((verdict for _, _, verdict, _ in verdicts), found)
            changes = [(job_id, raw, new) for job_id, raw, _, new in verdicts if raw and new]
            if write and changes:
                with refusals_explained():
                    written = reader.store.sets.rewrite(queue, changes)
                found += Resigning(missed=len(changes) - written)
    return found


def _portions(reader: Reader, queue: str) -> Iterator[dict[str, bytes | None]]:
    """Yield all payloads of a queue by id. One may come twice."""
    jobs = JobReader(reader)
    for ids in reader.ids(queue, "payloads"):
        yield from jobs.whole(queue, ids)


def _judge(raw: bytes | None, job_id: str, queue: str) -> Verdict:
    """Say what a job lacks, and how it should be written."""
    signer = protection.signer
    if raw is None:
        return Resigning(1, unreadable=1), None
    is_unsigned = signer is not None and not signer.is_signed(raw)
    is_current = signer is None or signer.is_current(raw, job_id, queue)
    try:
        if signer is not None and is_unsigned:
            decode(raw)  # a signature must not make whole what is cut off
            raw = signer.sign(raw.rstrip(), job_id, queue)
        payload = decode_for(raw, job_id, queue)
        renewed = protection.sealer.renewed(payload) if payload.sealed else None
    except UntrustedPayload:
        return Resigning(1, untrusted=1), None
    except (InvalidPayload, ArithmeticError, RecursionError, TypeError, ValueError):
        return Resigning(1, unreadable=1), None
    if is_current and renewed is None:
        return Resigning(1), None
    lack = Resigning(1, unsigned=1) if is_unsigned else Resigning(1, older=1)
    return lack, (renewed or payload).encode()
