"""Times on the pages: one form, and the zone beside it."""

import pytest

from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import put


def test_times_to_be_entered_name_their_zone(boss, full, settings):
    settings.TIME_ZONE = "Asia/Tokyo"

    page = text(boss.get("/admin/jobs/scheduled/"))

    assert "From (JST)" in page
    assert "Until (JST)" in page
    assert "> JST <button" in text(boss.get(f"/admin/jobs/job/{full['scheduled']}/"))


def test_a_job_has_one_form_of_time_in_sentences_and_in_its_timeline(store, boss, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    dead = put(store, "dead", at=1_764_000_000)

    page = text(boss.get(f"/admin/jobs/job/{dead}/"))

    assert "in the dead set since Nov 24, 2025, 17:00:00 CET. It" in page
    assert '<span class="jobs-quiet">Nov 24, 2025, 17:00:00 CET' in page


@pytest.mark.parametrize("place", ["ready", "dead"])
def test_what_cannot_be_read_has_no_time_and_no_class(store, boss, place):
    job_id = put(store, place)
    store.client.hset(store.keys("default").payloads, job_id, b"{nonsense")

    page = text(boss.get(f"/admin/jobs/job/{job_id}/"))

    assert "Unreadable job" in page
    assert "1970" not in page
    assert "No job class" not in page
    assert "1970" not in text(boss.get("/admin/jobs/failures/"))
