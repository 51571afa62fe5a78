"""Bytes of unknown origin as text, there and back."""

import json

import pytest

from jobs.text import raw_of, shown, text_of

SAMPLES = [b"plain", "größe".encode(), b"\xff\xfe", b"a\xc3(b"]


@pytest.mark.parametrize("raw", SAMPLES)
def test_text_goes_back_to_the_same_bytes(raw):
    assert text_of(raw).encode("utf-8", "surrogateescape") == raw


@pytest.mark.parametrize("raw", SAMPLES)
def test_shown_text_can_be_written_anywhere(raw):
    assert json.loads(json.dumps(shown(text_of(raw)))).encode("utf-8")


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udcff\ud800"])
def test_text_that_no_bytes_make_is_shown_too(text):
    assert raw_of(text)
    assert json.loads(json.dumps(shown(text))).encode("utf-8")


def test_bytes_that_are_no_text_are_shown_by_number():
    assert shown(text_of(b"q\xff")) == "q\\xff"
