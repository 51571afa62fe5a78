"""Puts every fake service back to its first day: it behaves, and remembers nothing.

The button on the index calls it, and so may a command; never outside development.
"""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from fake_services.models import Behavior
from fake_services.router import ALIAS
from fake_services.services import SERVICES


class ResetRefused(PermissionDenied):
    """A reset was asked for outside development. Set DEBUG to allow it."""


def reset_all() -> None:
    """Switch off every misbehavior and delete every record, all or nothing.

    Refused unless DEBUG.
    """
    if not settings.DEBUG:
        raise ResetRefused("The fake services are reset in development only: DEBUG is off.")
    with transaction.atomic(using=ALIAS):
        Behavior.objects.all().delete()
        for service in SERVICES:
            service.record.everything().delete()
