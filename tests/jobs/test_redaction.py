"""Redaction: secrets are hidden by their names, and nothing else is."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs import Job, redaction
from jobs.payload import Payload
from jobs.redaction import DEFAULT_REDACT, is_secret, redact, redacted_arguments
from jobs.text_secrets import REDACTED


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
        "pwd",
        "userPwd",
        "passphrase",
        "cookie",
        "Set-Cookie",
        "session_id",
        "sessionid",
        "auth",
        "jwt",
        "otp",
        "pin",
        "pinCode",
        "access_key",
        "aws_secret_access_key",
        "signature",
        "creditCard",
        "dsn",
        "accesstoken",
        "tokenValue",
        "dbpassword",
        "passwordHash",
        "clientsecret",
        "secretkey",
        "myapikey",
        "X-CSRF-Token",
        "credentials",
        "db_pass",
        "smtpPass",
        "one_time_code",
        "rsaKey",
        "PHPSESSID",
        "?sig",
        "ccNumber",
    ],
)
def test_names_of_secrets_are_known_in_any_style(key):
    assert is_secret(key, DEFAULT_REDACT)


@pytest.mark.parametrize(
    "key",
    [
        "tokenizer",
        "author",
        "key",
        "api",
        "id",
        "",
        "passwordless",
        "cardinal_number",
        "devices_sn",
        "pinned",
        "spinner",
        "mapping",
        "authority",
        "signatory",
        "assignature",
        "option",
        "session_count",
        "sessions_started",
        "secretary",
        "tokenization",
        "photo_kennel",
        "passenger",
        "passport_country",
        "compass",
        "bypass",
        "design",
        "systemd",
        "account_id",
        7,
        None,
    ],
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


def test_arguments_by_position_are_all_hidden_where_nobody_knows_the_class():
    payload = Payload(0, "id", "x", "q", [{"note": "x"}, "y"], {"note": "n", "token": "t"})

    args, kwargs = redacted_arguments(payload, (), DEFAULT_REDACT)

    assert args == [REDACTED, REDACTED]
    assert kwargs == {"note": "n", "token": REDACTED}


@pytest.mark.parametrize(
    ("key", "value", "is_shown"),
    [
        ("tokens_used", 17, True),
        ("max_tokens", 0.5, True),
        ("session_id_count", 3, True),
        ("has_password", True, True),
        ("token", None, True),
        ("tokens_used", "abc", False),
        ("pin", 1234, False),
        ("tokens", [17], False),
    ],
)
def test_counts_and_booleans_are_no_secrets(key, value, is_shown):
    assert redact({key: value}, DEFAULT_REDACT) == {key: value if is_shown else REDACTED}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("contraseña", "contrasen\u0303a"),  # the same letter, written as two characters
        ("contrasen\u0303a", "Contraseña"),
        ("пароль", "новыйПароль"),
        ("пароль", "ПАРОЛЬ_2"),
        ("passwort", "ＰＡＳＳＷＯＲＴ"),  # wide letters of a Japanese keyboard
        ("password", "db_ｐａｓｓｗｏｒｄ"),
        ("密码", "密码"),
    ],
)
def test_a_name_matches_in_every_alphabet_and_however_it_is_encoded(name, key):
    assert redact({key: "s3cret"}, [name]) == {key: REDACTED}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://u:s3cret@h:6379/0", "redis://u:[redacted]@h:6379/0"),
        ("redis://:s3cret@h", "redis://:[redacted]@h"),
        ("postgres://u:s3@cret@h/db", "postgres://u:[redacted]@h/db"),
        ("redis://:s3/c#r?t@h", "redis://:[redacted]@h"),
        (
            "see https://a:b@c and http://d:e@f.",
            "see https://a:[redacted]@c and http://d:[redacted]@f.",
        ),
        (
            "https://h/x?id=7&access_token=s3cret&b=1",
            "https://h/x?id=7&access_token=[redacted]&b=1",
        ),
        ("https://h/#id_token=s3cret", "https://h/#id_token=[redacted]"),
        ("redis://u:s3/c@ret@h/0", "redis://u:[redacted]@h/0"),
        ('<a href="https://h/?token=s3cret">', '<a href="https://h/?token=[redacted]">'),
        ('https://h/?token="s3cret"&a=1', "https://h/?token=[redacted]&a=1"),
        ("https://h/?token=s3'cret&a=1", "https://h/?token=[redacted]&a=1"),
        ("https://h/?user%5Bpin%5D=s3cret", "https://h/?user%5Bpin%5D=[redacted]"),
        ("/callback?state=1&token=s3cret", "/callback?state=1&token=[redacted]"),
        ("grant=code&client_secret=s3cret", "grant=code&client_secret=[redacted]"),
        ("token=s3cret", "token=[redacted]"),
        ("https://h:8080/@me", None),
        ("https://h/a?tokenizer=bpe", None),
        ("mail a@b.example or call 1:2", None),
    ],
)
def test_passwords_within_addresses_are_hidden(text, shown):
    assert redact(["x", {"url": text}], DEFAULT_REDACT) == ["x", {"url": shown or text}]


@pytest.mark.parametrize("text", ["://a:b" * 100_000, "?a=://" * 100_000, "://:" * 100_000])
def test_a_text_full_of_beginnings_takes_no_time(text):
    start = time.process_time()

    redact(text, DEFAULT_REDACT)

    assert time.process_time() - start < 20


def test_a_long_key_is_not_made_longer(monkeypatch):
    monkeypatch.setattr(redaction, "normalize", lambda _, text: pytest.fail(text[:1]))

    assert is_secret("\ufdfa" * 100_000 + " password", DEFAULT_REDACT)  # 18 letters in one sign


def test_a_mask_is_told_the_place_and_what_is_left_of_a_text():
    seen = []

    def mask(place, hidden):
        seen.append((place, hidden))
        return "?"

    value = {"a": [{"token": 1}], "url": "redis://:p@h"}
    assert redact(value, DEFAULT_REDACT, mask, ("kwargs",)) == {"a": [{"token": "?"}], "url": "?"}
    assert seen == [
        (("kwargs", "a", 0, "token"), None),
        (("kwargs", "url"), "redis://:[redacted]@h"),
    ]


json = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "token", "b c"]), inner)
    ),
    max_leaves=10,
)


@settings(deadline=None)  # on a busy machine the first example takes its time
@given(json)
def test_a_hidden_value_never_comes_out(value):
    hidden = redact({"outer": value, "api_key": {"x": "needle"}}, DEFAULT_REDACT)

    assert "needle" not in str(hidden)
    assert redact(hidden, DEFAULT_REDACT) == hidden
    assert redact(value, []) == value
