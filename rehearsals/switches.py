"""The switches of the fake services, set over HTTP as their page sets them. Only the drills use them."""

from orders.services.http import ServiceClient


def misbehave(client: ServiceClient, **switches: str | int | bool) -> None:
    """Have a service misbehave; what is not named is as by default. Raise `ServiceError` if it is away."""
    client.request("PUT", "/behavior", json=switches)


def behave(client: ServiceClient) -> None:
    """Have a service behave again."""
    misbehave(client)
