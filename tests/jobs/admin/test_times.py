"""Times on the pages: one form, and the zone beside it."""

import re

import pytest

from tests.jobs.admin.conftest import text
from tests.jobs.inspect.filling import put

PAGES = [
    "",
    "?in=3d",
    "?in=30d",
    "queues/",
    "queues/default/",
    "running/",
    "workers/",
    "scheduled/",
    "retry/",
    "dead/",
    "done/",
    "search/?q=class:tests.FullJob",
    "schedules/",
    "schedules/tests.FullJob/",
    "failures/",
    "unique/",
    "metrics/",
    "metrics/tests.FullJob/",
    *(f"job/{{{place}}}/" for place in ("ready", "scheduled", "retry", "dead", "running")),
]
TIME = re.compile(r'<time datetime="([^"]+)"(?: title="([^"]+)")?>([^<]+)</time>')
RELATIVE = re.compile(r"\d (ms|s|min|h|d)\b")
EXACT = re.compile(r"(?:\w{3} )?\w{3} \d{1,2}, \d{4}, \d\d:\d\d:\d\d \w{3,4}")
#: Charts with their tables have a short form, and fields to be filled in have that of the browser.
LEFT_OUT = re.compile(r"<time.*?</time>|<figure.*?</figure>|<svg.*?</svg>|<[^>]*>", re.DOTALL)
CLOCK = re.compile(r"\b\d\d:\d\d\b")


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
    exact = '<time datetime="2025-11-24T16:00:00+00:00">Nov 24, 2025, 17:00:00 CET</time>'
    assert f'<span class="jobs-quiet">{exact}' in page


@pytest.mark.parametrize("route", PAGES)
def test_every_page_names_the_zone_once_and_has_no_other_form_of_time(boss, full, settings, route):
    settings.TIME_ZONE = "Europe/Kyiv"  # whose names of zones no page has by chance

    page = text(boss.get("/admin/jobs/" + route.format(**full)))

    assert page.count("Times are in Europe/Kyiv (EE") == 1
    for datetime, title, shown in TIME.findall(page):
        assert datetime.endswith("+00:00")
        assert RELATIVE.search(shown) and EXACT.fullmatch(title) if title else EXACT.search(shown)
    rest = LEFT_OUT.sub("", page)
    assert not CLOCK.findall(EXACT.sub("", rest))


def test_where_the_zone_has_no_name_of_its_own_it_is_named_once(boss, full, settings):
    settings.TIME_ZONE = "UTC"

    assert "Times are in UTC.</p>" in text(boss.get("/admin/jobs/dead/"))


@pytest.mark.parametrize("place", ["ready", "dead"])
def test_what_cannot_be_read_has_no_time_and_no_class(store, boss, place):
    job_id = put(store, place)
    store.client.hset(store.keys("default").payloads, job_id, b"{nonsense")

    page = text(boss.get(f"/admin/jobs/job/{job_id}/"))

    assert "Unreadable job" in page
    assert "1970" not in page
    assert "No job class" not in page
    assert "1970" not in text(boss.get("/admin/jobs/failures/"))
