"""Signing: whoever writes to Redis cannot make a job, nor change one.

`JOBS["SIGN"]` turns it on. The feature uses two doors: the signer of `jobs.protection`, and a
system check. Where it is off there is no signer, and nobody pays for one.
"""

from django.core.checks import register
from django.core.signals import setting_changed

from jobs.conf import get_settings
from jobs.errors import ConfigurationError
from jobs.features.signing.checks import check_secret_key
from jobs.features.signing.signer import KeyedSigner
from jobs.protection import protection, secret_keys


def prepare() -> None:
    """Sign and judge payloads as the settings say."""
    settings = get_settings()
    protection.signer = (
        None
        if settings.sign == "off"
        else KeyedSigner(settings.namespace, secret_keys, is_required=settings.sign == "require")
    )


def _prepare_again(**_: object) -> None:
    """Follow settings that a test changes."""
    try:
        prepare()
    except ConfigurationError:  # whoever asks for the settings is told
        protection.signer = None


register(check_secret_key, "jobs")
setting_changed.connect(_prepare_again, dispatch_uid="jobs.features.signing")
