"""Where the fake services of a test's own server are.

The shop's tests and the browser's share it.
"""


def service_urls(server: str) -> dict[str, str]:
    """Return the settings that point the shop at the fake services of a server."""
    return {
        "PAYMENTS_API_URL": f"{server}/fake/payments",
        "EMAIL_API_URL": f"{server}/fake/email",
        "FULFILLMENT_API_URL": f"{server}/fake/fulfillment",
        "ERROR_CATCHER_API_URL": f"{server}/fake/error-catcher",
    }
