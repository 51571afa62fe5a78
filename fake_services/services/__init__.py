"""The fake services.

A new one is a module here, a record in `models/` and a name in `SERVICES`.
"""

from typing import Final

from fake_services.service import Service
from fake_services.services.email import EMAIL
from fake_services.services.error_catcher import ERROR_CATCHER
from fake_services.services.fulfillment import FULFILLMENT
from fake_services.services.payments import PAYMENTS
from fake_services.services.social import SOCIAL

SERVICES: Final[tuple[Service, ...]] = (PAYMENTS, EMAIL, FULFILLMENT, ERROR_CATCHER, SOCIAL)
