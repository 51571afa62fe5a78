"""System checks of signing. They need no Redis."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.core.checks.security.base import SECRET_KEY_INSECURE_PREFIX
from django.utils.encoding import force_str

from jobs.conf import get_settings
from jobs.errors import ConfigurationError


def check_secret_key(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error where signatures are required and anybody may know the key.

    jobs.E009: a key that `startproject` made stands in the repository of the project.
    """
    try:
        is_required = get_settings().sign == "require"
    except ConfigurationError:  # another check says what is wrong
        return []
    if not is_required:
        return []
    keys = [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS]
    if not any(force_str(key).startswith(SECRET_KEY_INSECURE_PREFIX) for key in keys):
        return []
    return [
        Error(
            "JOBS['SIGN'] is 'require', but SECRET_KEY or one of SECRET_KEY_FALLBACKS begins with "
            f"{SECRET_KEY_INSECURE_PREFIX!r}: whoever reads the settings can sign jobs.",
            hint=(
                "Put a key into the environment that stands in no repository. Make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(50))"'
            ),
            id="jobs.E009",
        )
    ]
