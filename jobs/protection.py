"""The seam where payloads are signed, and where arguments are sealed.

Two features stand behind it. One knows signatures, the other encryption, and each puts itself here.
Whoever writes or reads payloads asks here, and knows neither of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.utils.encoding import force_bytes

from jobs.errors import ConfigurationError

if TYPE_CHECKING:
    from jobs.options import JobOptions
    from jobs.payload import Payload

#: The option of a job class whose arguments are sealed. `using()` cannot change it.
OPTION = "encrypted"


class Signer(Protocol):
    """Signs payloads that are written, and judges those that are read."""

    def sign(self, raw: bytes, job_id: str, queue: str) -> bytes:
        """Return the JSON of a payload with its signature."""

    def check(self, raw: bytes, job_id: str, queue: str) -> None:
        """Raise UntrustedPayload unless these bytes are trusted under this id in this queue."""

    def is_signed(self, raw: bytes) -> bool:
        """Tell whether there is a signature, right or wrong."""

    def is_current(self, raw: bytes, job_id: str, queue: str) -> bool:
        """Tell whether these bytes are signed with the newest key."""


class Sealer(Protocol):
    """Seals the arguments of jobs, and opens them again."""

    def seal(self, payload: "Payload") -> "Payload":
        """Return a payload whose arguments can be read with the secret key alone."""

    def open(self, payload: "Payload") -> "Payload":
        """Return a sealed payload with its arguments. Raise InvalidPayload."""

    def renewed(self, payload: "Payload") -> "Payload | None":
        """Return a payload sealed with the newest key, None where it is so already."""


class _NoSealer:
    """Stands there until the feature is imported."""

    def seal(self, payload: "Payload") -> "Payload":
        raise ConfigurationError("No feature encrypts: import `jobs`, which brings it.")

    open = renewed = seal


@dataclass
class Protection:
    """Who signs and who seals.

    Without a signer nothing is signed, and nothing is judged.
    """

    signer: Signer | None = None
    sealer: Sealer = field(default_factory=_NoSealer)


#: The one of this process.
protection = Protection()


def is_sealed(options: "JobOptions") -> bool:
    """Tell whether the arguments of jobs with these options are sealed."""
    return options.others.get(OPTION) is True


def opened(payload: "Payload") -> "Payload":
    """Return a payload whose arguments can be read.

    `Payload.encode` writes the arguments of a sealed one only as they are sealed. Raise
    InvalidPayload where no key opens them.
    """
    return protection.sealer.open(payload) if payload.sealed else payload


def secret_keys() -> Sequence[bytes]:
    """Return the secret keys of the project.

    The first is to write with, and all are to read with. A fallback that is empty, or None, is no
    key, since everybody knows it. Raise ImproperlyConfigured where there is no SECRET_KEY.
    """
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [force_bytes(key) for key in keys if key]


def guarded_key(key: str) -> str:
    """Return the unique key of an encrypted job.

    Its digest is guarded, since somebody could try which arguments it stands for.
    """
    name, _, digest = key.rpartition(":")
    return f"{name}:{guarded(digest)}"


def guarded(text: str) -> str:
    """Return a hash of a text.

    Without the secret key nobody can try which text it stands for.
    """
    secret = blake2b(secret_keys()[0], digest_size=64, person=b"jobs.unique").digest()
    return blake2b(text.encode(), key=secret, digest_size=16).hexdigest()
