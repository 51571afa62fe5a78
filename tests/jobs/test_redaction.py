"""Redaction: secrets are hidden by their names, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import Job
from jobs.conf import DEFAULT_REDACT
from jobs.payload import Payload
from jobs.redaction import REDACTED, is_secret, redact, redacted_arguments


class PayJob(Job):
    def perform(self, order_id: int, card_number: str, *passwords: str, note: str = "") -> None:
        pass


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "user_password",
        "PASSWORD",
        "accessToken",
        "X-Api-Key",
        "refresh_tokens",
        "apiKEY",
        "APIKeys",
        "api__key",
        "client secret",
        "TOKENs",
        "oauth2Token",
        "password2",
        "cvv2",
        "pass_word",
    ],
)
def test_names_of_secrets_are_known_in_any_style(key):
    assert is_secret(key, DEFAULT_REDACT)


@pytest.mark.parametrize(
    "key", ["tokenizer", "author", "key", "api", "id", "", "passwordless", "cardinal_number", "devices_sn", 7, None]
)
def test_names_that_only_look_alike_are_not(key):
    assert not is_secret(key, DEFAULT_REDACT)


@pytest.mark.parametrize("key", ["schlüssel", "SCHLÜSSEL", "meinSchlüssel", "schlüssel_2"])
def test_names_may_be_of_any_language(key):
    assert is_secret(key, ["schlüssel"])


@pytest.mark.parametrize("names", [[], [""], ["-"]])
def test_empty_names_hide_nothing(names):
    assert redact({"": 1, "s": 2, "-": 3}, names) == {"": 1, "s": 2, "-": 3}


def test_bottomless_value_is_cut_off():
    value: list = ["needle"]
    for _ in range(1000):
        value = [value]

    assert "needle" not in repr(redact(value, DEFAULT_REDACT))


def test_everything_below_a_secret_name_is_hidden_and_the_rest_kept():
    value = {"a": [1, {"token": {"deep": "x"}, "b": None}], "secrets": ["x"], "c": "token"}

    assert redact(value, DEFAULT_REDACT) == {
        "a": [1, {"token": REDACTED, "b": None}],
        "secrets": REDACTED,
        "c": "token",
    }


def test_positional_arguments_go_by_the_names_of_perform():
    payload = Payload(0, "id", "x", "q", [7, "4242", "p1", "p2"], {"note": "n", "password": "x"})

    args, kwargs = redacted_arguments(payload, PayJob.parameter_names(), DEFAULT_REDACT)

    assert args == [7, REDACTED, REDACTED, REDACTED]
    assert kwargs == {"note": "n", "password": REDACTED}


def test_arguments_of_an_unknown_class_are_hidden_by_their_own_keys_alone():
    payload = Payload(0, "id", "x", "q", [{"token": "x"}, "y"])

    assert redacted_arguments(payload, (), DEFAULT_REDACT) == ([{"token": REDACTED}, "y"], {})


json = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "token", "b c"]), inner),
    max_leaves=10,
)


@given(json)
def test_a_hidden_value_never_comes_out(value):
    hidden = redact({"outer": value, "api_key": {"x": "needle"}}, DEFAULT_REDACT)

    assert "needle" not in str(hidden)
    assert redact(hidden, DEFAULT_REDACT) == hidden
    assert redact(value, []) == value
