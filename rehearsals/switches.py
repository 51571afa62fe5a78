"""The switches of the fake services, set over HTTP as their page sets them.

Only the drills use them.
"""

from orders.services.http import ServiceClient

#: How long a person who pressed a button waits for a switch.
TIMEOUT_SECONDS = 3.0


def misbehave(client: ServiceClient, **switches: str | int | bool) -> None:
    """Have a service misbehave. What is not named is as by default.

    Raise `ServiceError` if it is away.
    """
    client.request("PUT", "/behavior", json=switches, timeout_seconds=TIMEOUT_SECONDS)


def behave(client: ServiceClient) -> None:
    """Have a service behave again."""
    misbehave(client)
