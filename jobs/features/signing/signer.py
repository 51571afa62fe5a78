"""Signatures of payloads, keyed by the secret key of the project.

A signature stands at the very end of the JSON, always as long: `,"sig":"<22 characters>"}`. What is
signed are the bytes before it, together with the namespace, the queue and the id under which Redis
keeps them. So a payload is good in one place only. No script edits a payload, and whoever else does
signs it anew.
"""

from binascii import b2a_base64
from collections.abc import Callable, Sequence
from hashlib import blake2b
from hmac import compare_digest

from jobs.errors import UntrustedPayload

_HEAD, _END = b',"sig":"', b'"}'
#: Bytes of a digest, and of its text in base64 without the filling at its end.
_DIGEST, _TEXT = 16, 22
#: Where the parts of a signed payload begin, counted from its end.
_AT_TEXT = _TEXT + len(_END)
_AT_HEAD = len(_HEAD) + _AT_TEXT
#: The keys of so many queues are kept.
_MOST_QUEUES = 1_000
_UNSIGNED = (
    "it is not signed, and JOBS['SIGN'] is 'require'. If you trust all that is in Redis, "
    "run: python manage.py jobs resign --write"
)
_FORGED = (
    "its signature is wrong. It was written without the secret key, changed, or moved here, or it "
    "was signed with a key that is neither SECRET_KEY nor in SECRET_KEY_FALLBACKS"
)


class KeyedSigner:
    """Signs with the first key, and judges with each."""

    def __init__(
        self, namespace: str, secrets: Callable[[], Sequence[bytes]], *, is_required: bool
    ) -> None:
        """Take the namespace, and whether what is unsigned is refused.

        `secrets` returns the secret keys. It is called when something is signed or judged: a step
        of a build may have none.
        """
        self._namespace = namespace
        self._secrets = secrets
        self._is_required = is_required
        #: The keys of each queue.
        self._by_queue: dict[str, list[bytes]] = {}

    def sign(self, raw: bytes, job_id: str, queue: str) -> bytes:
        """Return the JSON of a payload with its signature."""
        body = raw[:-1]
        keys = self._by_queue.get(queue) or self._keys_of(queue)
        return b"%b%b%b%b" % (body, _HEAD, _signature(body, job_id, keys[0]), _END)

    def check(self, raw: bytes, job_id: str, queue: str) -> None:
        """Raise UntrustedPayload unless these bytes are trusted under this id in this queue."""
        if not self.is_signed(raw):
            if self._is_required:
                raise UntrustedPayload(_UNSIGNED)
            return
        body, signature = raw[:-_AT_HEAD], raw[-_AT_TEXT : -len(_END)]
        for key in self._by_queue.get(queue) or self._keys_of(queue):
            if compare_digest(_signature(body, job_id, key), signature):
                return
        raise UntrustedPayload(_FORGED)

    def is_signed(self, raw: bytes) -> bool:
        """Tell whether there is a signature, right or wrong."""
        return raw[-_AT_HEAD:-_AT_TEXT] == _HEAD and raw.endswith(_END)

    def is_current(self, raw: bytes, job_id: str, queue: str) -> bool:
        """Tell whether these bytes are signed with the newest key."""
        body, signature = raw[:-_AT_HEAD], raw[-_AT_TEXT : -len(_END)]
        newest = self._keys_of(queue)[0]
        return self.is_signed(raw) and compare_digest(_signature(body, job_id, newest), signature)

    def _keys_of(self, queue: str) -> list[bytes]:
        """Return the keys of a queue, the newest first."""
        if len(self._by_queue) >= _MOST_QUEUES:
            self._by_queue.clear()
        place = f"{self._namespace}\0{queue}".encode("utf-8", "surrogatepass")
        keys = [
            blake2b(place, key=_key_in(each), digest_size=32).digest() for each in self._secrets()
        ]
        return self._by_queue.setdefault(queue, keys)


def _key_in(secret: bytes) -> bytes:
    """Return a secret key of the project as a key for signatures alone."""
    return blake2b(secret, digest_size=64, person=b"jobs.sign").digest()


def _signature(body: bytes, job_id: str, key: bytes) -> bytes:
    """Return the text of the signature of these bytes under this id.

    JSON holds no byte 0, so where the id ends is clear.
    """
    what = b"%b\0%b" % (job_id.encode("utf-8", "surrogatepass"), body)
    return b2a_base64(blake2b(what, key=key, digest_size=_DIGEST).digest(), newline=False)[:_TEXT]
