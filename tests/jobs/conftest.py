"""What all tests of the library have in common: nothing of the shop."""

from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from django.test import override_settings

_OF_THE_SHOP = ("ERROR_HANDLERS", "DEATH_HANDLERS")


@pytest.fixture(autouse=True)
def handlers_of_nobody() -> Iterator[None]:
    """Let no failure be reported by the shop, whose reports are jobs too."""
    jobs = {key: value for key, value in configured.JOBS.items() if key not in _OF_THE_SHOP}
    with override_settings(JOBS=jobs):
        yield
