"""Times on the pages: one form, and the zone beside it."""

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
