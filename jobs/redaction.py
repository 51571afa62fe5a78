"""Hides the values of secrets among arguments, by their names, and secrets within texts.

It does so wherever people may read arguments. Which names are secret is the setting REDACT. A name
matches by whole words: `api_key` hides `X-Api-Key`, `apikeys` and `API_KEY_2`. The strongest words,
STEMS, match inside of others too: `token` hides `accesstoken`, but not `tokenizer`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from jobs.payload import Payload
from jobs.text_secrets import REDACTED, traceback_without_secrets, without_secrets

#: The names of secrets where the project gives none of its own.
DEFAULT_REDACT = (
    # What somebody knows
    *("password", "passwd", "passphrase", "passcode", "passkey", "pass", "dbpass", "pwd", "secret"),
    *("credential", "creds", "pin", "pin_code", "otp", "totp", "mfa_code", "two_factor_code"),
    *("one_time_code", "verification_code", "security_code", "recovery_code", "backup_code"),
    *("mnemonic", "seed_phrase", "security_answer"),
    # What somebody holds
    *("token", "jwt", "bearer", "auth", "authorization", "cookie", "session_id", "session_key"),
    *("phpsessid", "jsessionid", "csrf", "xsrf", "code_verifier", "oauth_verifier"),
    *("client_assertion", "api_key", "access_key", "private_key", "signing_key", "rsa_key"),
    *("ssh_key", "encryption_key", "decryption_key", "master_key", "account_key", "storage_key"),
    *("license_key", "pem", "signature", "sig", "hmac"),
    # Addresses with a password in them
    *("dsn", "connection_string", "conn_str", "database_url"),
    # What belongs to somebody's money and papers
    *("card_number", "credit_card", "cc_number", "cvc", "cvv", "csc", "iban", "account_number"),
    *("bank_account", "routing_number", "sort_code", "ssn", "social_security_number", "tax_id"),
    *("passport_number", "national_id", "drivers_license"),
)
#: How REDACTED begins, and whatever else may stand there. A text that contains it is hidden itself,
#: so that nobody takes it for the place of a secret.
MARK = "[redacted"
#: Deeper values are hidden whole. `enqueue` refuses them, and whatever else wrote them must break
#: no page.
DEEPEST = 120
#: Names that are looked for inside of words too, where they are among the names of secrets.
STEMS = ("password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "credential")
#: Where a value stands: `("kwargs", "users", 0, "password")`.
Place = tuple[str | int, ...]
#: Returns what is shown at a place instead of a secret. The last argument is the text without its
#: secrets where only a part of it is secret, else None.
Mask = Callable[[Place, str | None], str]

#: What makes another word of a stem: passwordless, secretary, tokenizer.
_OTHER_WORD = r"(?!less|ar[iy]|i[sz][aei])"
#: A number under a name that has one of these words counts something, as in `max_tokens`.
_COUNTING = re.compile(
    r"(?<!\S)(?:count|counts|total|max|min|limit|length|len|size|used|left|remaining|budget|quota)"
    r"(?!\S)"
)
_BOUNDARY = re.compile(
    r"[\W_]+"
    r"|(?<=[^\W\dA-Z_])(?=[A-Z])"
    r"|(?<=[A-Z])(?=[A-Z][^\W\dA-Z_])"
    r"|(?<=\d)(?=[^\W\d_])"
    r"|(?<=[^\W\d_])(?=\d)"
)
#: Longer keys are not remembered, so that memory stays bounded.
_MOST_KEY = 100
#: Longer keys are taken as they are written. In one form they may be 18 times as long.
_MOST_NORMAL = 1_000


def redact(value: Any, names: Sequence[str], mask: Mask | None = None, place: Place = ()) -> Any:
    """Return a copy of JSON in which everything under a secret name is hidden.

    Secrets within texts are hidden too, as `text_secrets` says. Booleans, and numbers that count
    (`max_tokens`), are no secrets. A mask may choose what stands for each secret.
    """
    return _Redactor(tuple(names), mask or _plainly).redact(value, place, DEEPEST)


def redact_text(text: str, names: Sequence[str]) -> str:
    """Return a text without secrets, such as the message of an error."""
    return _Redactor(tuple(names), _plainly).text(text)


def redact_traceback(text: str, names: Sequence[str]) -> str:
    """Return a traceback without the secrets in the messages of its errors."""
    redactor = _Redactor(tuple(names), _plainly)
    return redactor.text(text, traceback_without_secrets)


def is_secret(key: object, names: Sequence[str]) -> bool:
    """Whether one of these names stands in a key, in any style.

    All words of the name must stand there in a row.
    """
    text, choices = _normal(str(key)), tuple(names)
    return (_is_secret if len(text) > _MOST_KEY else _is_secret_cached)(text, choices)


def redacted_arguments(
    payload: Payload,
    parameters: Sequence[str],
    names: Sequence[str],
    mask: Mask | None = None,
) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the named arguments of a job without secrets.

    `parameters` are the names of the positional ones, as `Job.parameter_names()` returns them.
    Arguments beyond them go by the last name. Where there are no names, since nobody knows the
    class, all positional arguments are hidden: each may be a secret.
    """
    redactor = _Redactor(tuple(names), mask or _plainly)
    args = [
        redactor.redact_under(parameter_of(n, parameters), arg, ("args", n), DEEPEST)
        for n, arg in enumerate(payload.args)
    ]
    return args, redactor.redact(payload.kwargs, ("kwargs",), DEEPEST)


def parameter_of(position: int, parameters: Sequence[str]) -> str | None:
    """Return the name of a positional argument, None if nobody knows it."""
    return parameters[min(position, len(parameters) - 1)] if parameters else None


class _Redactor:
    """Hides what is secret by these names, behind this mask."""

    def __init__(self, names: tuple[str, ...], mask: Mask) -> None:
        self._names = names
        self._mask = mask
        self._has_names = any(_letters(name) for name in names)

    def redact(self, value: Any, place: Place, depth: int) -> Any:
        """Return a value that stands under no secret name."""
        if isinstance(value, str):
            return self._redact_text(value, place)
        if not isinstance(value, Mapping | list | tuple):
            return value
        if not depth:
            return self._mask(place, None)
        if isinstance(value, Mapping):
            return {
                key: self.redact_under(str(key), item, (*place, str(key)), depth - 1)
                for key, item in value.items()
            }
        return [self.redact(item, (*place, n), depth - 1) for n, item in enumerate(value)]

    def redact_under(self, name: str | None, value: Any, place: Place, depth: int) -> Any:
        """Return a value that stands under a name.

        None is a name that nobody knows.
        """
        if name is None or self._is_hidden(name, value):
            return self._mask(place, None)
        return self.redact(value, place, depth)

    def text(self, text: str, without: Callable[..., str] = without_secrets) -> str:
        """Return a text without the secrets in it."""
        return without(text, self._is_hidden) if self._has_names else text

    def _is_hidden(self, name: str, value: Any) -> bool:
        if value is None or isinstance(value, bool) or not is_secret(name, self._names):
            return False
        is_number = isinstance(value, int | float)
        return not (is_number and _COUNTING.search(_spaced(name)))

    def _redact_text(self, text: str, place: Place) -> str:
        if MARK in text:
            return self._mask(place, None)
        hidden = self.text(text)
        return text if hidden == text else self._mask(place, hidden)


def _plainly(_: Place, hidden: str | None) -> str:
    return REDACTED if hidden is None else hidden


def _is_secret(text: str, names: tuple[str, ...]) -> bool:
    words, stems = _patterns(names)
    return words.search(_spaced(text)) is not None or stems.search(text.casefold()) is not None


_is_secret_cached = lru_cache(maxsize=4096)(_is_secret)


def _spaced(text: str) -> str:
    """Return the words of a name in any style as `access token`."""
    return _BOUNDARY.sub(" ", text).casefold()


def _normal(text: str) -> str:
    """Return a text in one form, however its letters are encoded."""
    is_plain = text.isascii() or len(text) > _MOST_NORMAL
    return text if is_plain else _parted(normalize("NFKC", text))


def _parted(text: str) -> str:
    """Return a text with a space before each word of `новыйПароль`."""
    pairs = zip(f" {text}", text, strict=False)
    return "".join([f" {c}" if before.islower() and c.isupper() else c for before, c in pairs])


def _letters(name: str) -> str:
    """Return a name without what parts its words, in the singular."""
    return _spaced(_normal(name)).replace(" ", "").removesuffix("s")


@lru_cache(maxsize=32)
def _patterns(names: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds a name in spaced words, and what finds a stem.

    The first finds singular and plural, and `apikey` for `api_key` too. The second looks into a
    name as it is written.
    """
    letters = [found for name in names if (found := _letters(name))]
    choices = "|".join(" *".join(map(re.escape, name)) for name in letters)
    stems = "|".join(stem for stem in STEMS if stem in letters)
    nothing = r"(?!)"
    return (
        re.compile(rf"(?<!\S)(?:{choices}) *s?(?!\S)" if choices else nothing),
        re.compile(rf"(?:{stems}){_OTHER_WORD}" if stems else nothing),
    )
