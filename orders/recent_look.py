"""The last look at the services, which all strangers share.

Whoever may see how the services are in detail gets a look of their own. A stranger must not be
able to make the shop ask its services again and again, nor to keep all its threads waiting for one.
"""

from django.core.cache import cache

from orders.service_status import ServiceStatus, check_services

#: How often a process looks, for all strangers together. Seconds.
INTERVAL_SECONDS = 5
#: How long a look is shown while nobody has finished the next one. Seconds.
KEPT_SECONDS = 60
_FOUND = "orders.services"
_LOOKED = "orders.services.looked"


def recent_services() -> list[ServiceStatus]:
    """Return how the services were a few seconds ago.

    One stranger waits for the next look, and the others get the last one meanwhile. Before the
    first has ended it is empty for them.
    """
    if not cache.add(_LOOKED, value=True, timeout=INTERVAL_SECONDS):
        last: list[ServiceStatus] = cache.get(_FOUND, [])
        return last
    found = check_services()
    cache.set(_FOUND, found, KEPT_SECONDS)
    return found
