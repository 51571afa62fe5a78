"""System checks of encryption. They need no Redis."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error

from jobs.features.encryption.sealer import REMEDY
from jobs.protection import is_sealed
from jobs.registry import registry


def check_extra(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return an error where job classes are encrypted and nothing can encrypt.

    jobs.E010: no such job could be enqueued or run.
    """
    names = [name for name in registry.names() if is_sealed(registry.find(name).options)]
    if not names or find_spec("cryptography") is not None:
        return []
    text = f"These job classes are encrypted, and cryptography is missing: {', '.join(names)}."
    return [Error(text, hint=REMEDY, id="jobs.E010")]
