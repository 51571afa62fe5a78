"""Secrets are hidden within texts, and what only looks like one is left alone."""

import json
import time
import traceback

import pytest

from jobs.redaction import DEFAULT_REDACT, redact, redact_text, redact_traceback

JSON = json.dumps({"user": "ada", "password": "s3cret", "tokens": ["s3cret", {"a": "s3cret"}]})
DIGEST = "Authorization: Digest s3cret"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # JSON
        ('{"password": "s3cret"}', '{"password": "[redacted]"}'),
        (
            '{"user":"ada","password":"s3cret","n":1}',
            '{"user":"ada","password":"[redacted]","n":1}',
        ),
        ('{"password": "s3\\"cret", "n": 1}', '{"password": "[redacted]", "n": 1}'),
        ('{"pin": 1234, "max_tokens": 4096}', '{"pin": [redacted], "max_tokens": 4096}'),
        ('{"tokens": ["a]", {"b": "s3cret"}], "n": 1}', '{"tokens": [redacted], "n": 1}'),
        ('{"api key": "s3cret"}', '{"api key": "[redacted]"}'),
        ('body was {"password": "s3cr', 'body was {"password": "[redacted]'),
        ("{'password': 's3cret'}", "{'password': '[redacted]'}"),
        ("{b'password': b's3cret'}", "{b'password': b'[redacted]'}"),
        ("{:password=>'s3cret'}", "{:password=>'[redacted]'}"),
        # Headers
        ("Authorization: Bearer x", "Authorization: Bearer [redacted]"),
        ("curl -H 'Authorization: Basic YTpi' -v", "curl -H 'Authorization: Basic [redacted] -v"),
        (DIGEST, "Authorization: Digest [redacted]"),
        ("x authorization=Bearer s3cret", "x authorization=Bearer [redacted]"),
        ("authorization=Bearer s3cret", "authorization=[redacted] [redacted]"),
        ("X-Api-Key: s3cret\r\nHost: a", "X-Api-Key: [redacted]\r\nHost: a"),
        ("Cookie: a=s3cret; b=s3cret\nHost: a", "Cookie: [redacted]\nHost: a"),
        ("got Bearer s3cret, sorry", "got Bearer [redacted], sorry"),
        # Names and values
        ("password=x", "password=[redacted]"),
        ("a token=s3cret in a sentence", "a token=[redacted] in a sentence"),
        ("Client(id=7, api_key='s3cret')", "Client(id=7, api_key='[redacted]')"),
        ("password = s3cret", "password = [redacted]"),
        ("password: s3cret", "password: [redacted]"),
        ("cvv: 123", "cvv: [redacted]"),
        ("Server=h;Pwd=s3cret;Port=1", "Server=h;Pwd=[redacted];Port=1"),
        ("host=h password=s3cret port=1", "host=h password=[redacted] port=1"),
        ("--password=s3cret", "--password=[redacted]"),
        ("data['token'] = 's3cret'", "data['token'] = '[redacted]'"),
        ("Key (token)=(s3cret, 7) exists", "Key (token)=[redacted] exists"),
        # Addresses
        ("https://s3cret@h/1", "https://[redacted]@h/1"),
        ("git+https://s3cret@h/r.git", "git+https://[redacted]@h/r.git"),
        ("https://s3cret:@h/", "https://[redacted]@h/"),
        ("https://s3cret:x-oauth-basic@h/", "https://[redacted]@h/"),
        ("https://ada:s3cret@h/", "https://ada:[redacted]@h/"),
    ],
)
def test_a_secret_within_a_text_is_hidden(text, shown):
    assert redact_text(text, DEFAULT_REDACT) == shown


@pytest.mark.parametrize(
    "text",
    [
        "token",
        "the password is wrong",
        "Invalid token: expired",
        "Token: EOF",
        "password: This field is required.",
        "password: isn't long enough",
        "Unexpected token: <",
        "KeyError: 'password'",
        "got an unexpected keyword argument 'token'",
        "TokenError: 17 is too old",
        "password=None",
        '{"token": null, "has_password": true}',
        "if token == expected",
        "max_tokens=4096, tokens_used: 17",
        "WRONGTYPE of jobs:token:17",
        "GET /auth:17",
        "auth.py:17: error",
        "tokens: 5 of 10, pass: 12",
        "author: Ada1, secretary: Ada2",
        "ssh://git@h/r.git",
        "redis://ada@h/0",
        "https://h/@ada",
        "https://h:8080/a@b",
        "https://h?mail=a@b.example",
        "the bearer of this",
        "12:30:17",
    ],
)
def test_what_only_looks_like_a_secret_is_shown(text):
    assert redact_text(text, DEFAULT_REDACT) == text


@pytest.mark.parametrize("times", [1, 2, 3])
def test_json_within_json_is_hidden_however_often_it_is_escaped(times):
    text = JSON
    for _ in range(times):
        text = json.dumps({"body": text, "n": 1})

    hidden = redact_text(text, DEFAULT_REDACT)

    assert "s3cret" not in hidden
    assert "ada" in hidden


def test_a_secret_in_any_argument_is_hidden_and_the_mask_gets_the_rest():
    seen = []

    def mask(place, hidden):
        seen.append((place, hidden))
        return "?"

    assert redact({"body": '{"password": "x"}'}, DEFAULT_REDACT, mask) == {"body": "?"}
    assert seen == [(("body",), '{"password": "[redacted]"}')]


def test_names_of_the_project_count_and_no_others():
    text = "password=x schlüssel=y"

    assert redact_text(text, ["schlüssel"]) == "password=x schlüssel=[redacted]"
    assert redact_text(text, []) == text


def fail(token):
    raise ValueError(f'{{"token": "{token}"}}')


def fail_in_a_group(token):
    try:
        fail(token)
    except ValueError as error:
        raise ExceptionGroup("all", [error, KeyError(f"password={token}")]) from error


def test_a_traceback_keeps_its_code_and_loses_secrets_in_messages():
    token = "s3cret"
    with pytest.raises(ExceptionGroup) as raised:
        fail_in_a_group(token)
    text = "".join(traceback.format_exception(raised.value))

    hidden = redact_traceback(text, DEFAULT_REDACT)

    assert "s3cret" not in hidden
    assert 'raise ValueError(f\'{{"token": "{token}"}}\')' in hidden
    assert hidden.count("[redacted]") == text.count(token) == 3


@pytest.mark.parametrize(
    "piece",
    [
        "token: ",
        "token:",
        "token=",
        "token: [",
        "token: (",
        'token: [\\"',
        'token: "\\',
        '"token": "',
        '\\"token\\": \\"',
        "token: bearer ",
        "token: a=b;",
        "token: -:",
        "Bearer ",
        "a b c d ",
        '"a b c"',
        "a" * 99 + " ",
        "=",
        ":",
        '"',
        "\\",
        "[",
        " ",
        "    |",
        '\n  File "',
        "\n        ",
        "https://",
        "https://a:",
        "?a=https://b@",
        "a1=b ",
    ],
)
def test_a_long_text_takes_little_time(piece):
    text = piece * (200_000 // len(piece))  # in quadratic time this takes hours
    start = time.process_time()

    redact_text(f"token: {text}", DEFAULT_REDACT)
    redact_traceback(text, DEFAULT_REDACT)

    assert time.process_time() - start < 20
