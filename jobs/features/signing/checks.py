"""System checks of signing. They need no Redis."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error
from django.core.checks.security.base import SECRET_KEY_INSECURE_PREFIX
from django.core.exceptions import ImproperlyConfigured

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.protection import secret_keys

_INSECURE = SECRET_KEY_INSECURE_PREFIX.encode()


def check_secret_key(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error where jobs are signed and no key can protect them.

    jobs.E009: there is none, so that nothing can be enqueued or run. Or signatures are required,
    and the key was made by `startproject`: it stands in the repository of the project.
    """
    try:
        mode = get_settings().sign
    except ConfigurationError:  # another check says what is wrong
        return []
    if mode == "off":
        return []
    try:
        keys = secret_keys()
    except ImproperlyConfigured:
        return [_error(f"JOBS['SIGN'] is {mode!r}, but SECRET_KEY is empty: no job can be signed.")]
    if mode != "require" or not any(key.startswith(_INSECURE) for key in keys):
        return []
    return [
        _error(
            "JOBS['SIGN'] is 'require', but SECRET_KEY or one of SECRET_KEY_FALLBACKS begins with "
            f"{SECRET_KEY_INSECURE_PREFIX!r}: whoever reads the settings can sign jobs."
        )
    ]


def _error(text: str) -> Error:
    hint = (
        "Put a key into the environment that stands in no repository. Make one with: "
        'python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
    return Error(text, hint=hint, id="jobs.E009")
