"""How options of one job travel in its payload."""

from datetime import timedelta

import pytest

from jobs.payload import Payload, decode
from jobs.travelling import changes_of, travelling


@pytest.mark.parametrize(
    "value", [5, "text", [1], timedelta(seconds=1.5), {"timedelta_seconds": 5, "of": "a race"}]
)
def test_option_comes_back_as_it_was(value):
    sent = Payload(0, "a" * 32, "shop.PayJob", "default", options=travelling({"limit": value}, "x"))

    assert changes_of(decode(sent.encode())) == {"limit": value}
