"""Secrets within texts are hidden from people, and a copy keeps them."""

from io import StringIO

import pytest
from django.core.management import call_command

from jobs import inspect
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import failure, put

BODY = '{"user": "ada", "password": "hunter2"}'
MESSAGE = "POST failed with Authorization: Bearer hunter2\nand https://hunter2@example.com/"
TRACEBACK = f'Traceback:\n  File "a.py", line 1, in a\n    post(token=token)\nE: {MESSAGE}'


@pytest.fixture
def dead(store):
    """Put a dead job with a secret in its texts, and return its id."""
    error = failure("some.Error", MESSAGE, at=1.7e9) | {"traceback": TRACEBACK}
    return put(store, "dead", args=[BODY], errors=[error, error], failures=2)


@pytest.mark.parametrize("page", ["dead/", "failures/", "job/{}/"])
def test_a_secret_within_a_text_is_on_no_page(boss, dead, page):
    shown = text(boss.get(f"/admin/jobs/{page.format(dead)}"))

    assert "hunter2" not in shown
    assert "[redacted]" in shown or page == "failures/"


def test_the_page_of_a_job_shows_the_rest_of_its_texts(boss, dead):
    shown = text(boss.get(f"/admin/jobs/job/{dead}/"))

    assert "Authorization: Bearer [redacted]\nand https://[redacted]@example.com/" in shown
    assert "post(token=token)" in shown
    assert "ada" in shown


@pytest.mark.parametrize("field", ["text", "error"])
def test_a_search_finds_no_secret_within_a_text(boss, dead, field):
    assert dead not in text(boss.get("/admin/jobs/dead/", {field: "hunter2"}))
    assert dead in text(boss.get("/admin/jobs/dead/", {field: "[redacted]"}))


def test_commands_print_no_secret_within_a_text(dead):
    out = StringIO()
    call_command("jobs", "dead", stdout=out)
    call_command("jobs", "explain", dead, stdout=out)

    assert "hunter2" not in out.getvalue()
    assert "Bearer [redacted]" in out.getvalue()


def test_a_copy_gets_the_secret_within_a_text(transactional_db, boss, dead):
    form = boss.get(f"/admin/jobs/job/{dead}/").context["page"].run_again_form
    entered = {name: field.initial for name, field in form.fields.items()}
    assert "hunter2" not in entered["args"]

    response = boss.post(f"/admin/jobs/job/{dead}/run-again/", entered)

    copy = inspect.find(response.url.rstrip("/").rpartition("/")[2])
    assert copy.payload.args == [BODY]
