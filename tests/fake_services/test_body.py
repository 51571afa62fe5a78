"""The body of a request, where its sender may die while sending."""

from io import BytesIO

import pytest
from django.test import RequestFactory

from fake_services.body import BadBody, read_body


def test_a_body_that_is_cut_short_is_refused():
    sent = {"CONTENT_LENGTH": "20", "wsgi.input": BytesIO(b'{"amount"')}
    request = RequestFactory().generic("POST", "/", content_type="application/json", **sent)

    with pytest.raises(BadBody, match="cut short"):
        read_body(request)


def test_no_body_is_an_empty_object():
    assert read_body(RequestFactory().post("/", b"", content_type="application/json")) == {}
