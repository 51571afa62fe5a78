"""A group of failures leads to its jobs, whatever their messages say."""

import pytest
from django.contrib.admin.models import LogEntry

from jobs import inspect
from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import failure, put


@pytest.mark.parametrize(
    "message", ["boom", " boom: ", "boom\r\nmore", "a\rb", "a\0b", "a  b\t c", f"{'x' * 199} y", ""]
)
def test_a_group_is_found_by_its_address_and_by_its_button(store, boss, message):
    job_id = put(store, "dead", errors=[failure("some.Error", message)], failures=1)
    [row] = boss.get("/admin/jobs/failures/").context["page"].rows

    found = boss.get(row.dead_url)
    # As a browser sends the fields of the form.
    shape = row.group.shape.replace("\r", "\r\n")
    group = {"job_class": row.group.job_class, "error_class": "some.Error", "shape": shape}
    boss.post("/admin/jobs/failures/act/", {"verb": "retry", "confirmed": "yes", **group})

    assert job_id in text(found)
    assert inspect.find(job_id).place == "ready"


@pytest.mark.parametrize("field", ["job_class", "error_class", "shape"])
def test_a_group_of_boundless_length_is_refused(boss, field):
    group = {"verb": "retry", "job_class": "tests.AnyJob", "confirmed": "yes"}

    response = boss.post("/admin/jobs/failures/act/", group | {field: "x" * 1_000_000})

    assert response.status_code == 404
    assert not LogEntry.objects.exists()
