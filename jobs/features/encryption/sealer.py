"""Seals the arguments of jobs by AES-GCM.

Each job has a key of its own. That is made of the secret key and of where the job belongs:
namespace, class and id. So what is sealed opens in that job only, and no key seals so much that a
random nonce might come twice. The package `cryptography` is imported when something is sealed.
"""

import functools
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import orjson

from jobs.conf import get_settings, until_settings_change
from jobs.errors import ConfigurationError, InvalidPayload
from jobs.payload import Payload, dumps
from jobs.protection import secret_keys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: What to do where the package is missing.
REMEDY = 'Install it with: pip install "django-makeitso[encrypted]"'
#: Bytes of a nonce, and of a key of AES-256.
_NONCE, _KEY = 12, 32
_CLOSED = (
    "its arguments cannot be opened. They were sealed for another job, changed, or sealed with a "
    "key that is neither SECRET_KEY nor in SECRET_KEY_FALLBACKS"
)


class ArgumentSealer:
    """Seals with the first of the secret keys, and opens with each."""

    def seal(self, payload: Payload) -> Payload:
        """Return a payload whose arguments can be read with the secret key alone.

        Raise InvalidPayload for what is not JSON, and ConfigurationError without the extra.
        """
        key = _main_keys()[0]
        try:
            text = dumps([payload.args, payload.kwargs])
        except TypeError as error:
            raise InvalidPayload(
                f"Job {payload.id} ({payload.job_class}) is not JSON: {error}."
            ) from error
        nonce = os.urandom(_NONCE)
        sealed = nonce + _cipher(payload, key).encrypt(nonce, text, None)
        return payload.changed(args=[], kwargs={}, sealed=b64encode(sealed).decode())

    def open(self, payload: Payload) -> Payload:
        """Return a sealed payload with its arguments.

        Raise InvalidPayload where no key opens them, and ConfigurationError without the extra.
        """
        for key in _main_keys():
            if (text := _text_in(payload, key)) is not None:
                args, kwargs = orjson.loads(text)
                return payload.changed(args=args, kwargs=kwargs)
        raise InvalidPayload(_CLOSED)

    def renewed(self, payload: Payload) -> Payload | None:
        """Return a payload sealed with the newest key, None where it is so already."""
        if _text_in(payload, _main_keys()[0]) is not None:
            return None
        return self.seal(self.open(payload))


@until_settings_change
@functools.cache
def _main_keys() -> Sequence[bytes]:
    """Return a key made of each secret key of the project."""
    try:
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  # an extra
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            f"Encrypted jobs need the package cryptography. {REMEDY}"
        ) from error
    return [
        HKDF(SHA256(), _KEY, salt=None, info=b"jobs: encrypted arguments").derive(secret)
        for secret in secret_keys()
    ]


def _cipher(payload: Payload, main: bytes) -> "AESGCM":
    """Return what seals and opens the arguments of one job."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # an extra

    place = json.dumps([get_settings().namespace, payload.job_class, payload.id])
    return AESGCM(blake2b(place.encode(), key=main, digest_size=_KEY).digest())


def _text_in(payload: Payload, main: bytes) -> bytes | None:
    """Return what was sealed with this key, None for any other."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  # an extra

    try:
        sealed = b64decode(payload.sealed, validate=True)
        return _cipher(payload, main).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except (InvalidTag, ValueError):  # ValueError: it is no base64, or too short
        return None
