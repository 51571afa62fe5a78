"""The frame of all pages: policy, errors, other admin sites, and nothing inline."""

import re
from pathlib import Path

import pytest
from django.contrib.admin import AdminSite
from django.core.exceptions import ImproperlyConfigured
from django.urls import path

import jobs
from jobs.admin import install
from jobs.admin.policy import content_security_policy
from jobs.admin.serve import serve
from tests.conftest import free_port
from tests.jobs.admin.conftest import text

ROOT = Path(jobs.__file__).parent
FILES = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/**/*")]
other_site = AdminSite(name="other")
install(other_site)
urlpatterns = [path("other/", other_site.urls)]


@pytest.mark.parametrize("file", [f for f in FILES if f.suffix == ".html"], ids=lambda f: f.name)
def test_no_template_has_script_or_style_of_its_own(file):
    source = file.read_text()

    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert "|safe" not in source
    assert "autoescape" not in source


def test_the_policy_lets_nothing_run_but_our_own_files(settings):
    policy = content_security_policy()

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    settings.STATIC_URL = "https://cdn.example/static/"
    assert "script-src 'self' https://cdn.example;" in content_security_policy()


@pytest.mark.parametrize(
    ("template", "may_run"), [("admin/base.html", True), ("admin/base_site.html", False)]
)
def test_inline_scripts_run_only_in_a_frame_of_a_theme(settings, tmp_path, template, may_run):
    (tmp_path / "admin").mkdir()
    (tmp_path / template).write_text("<script>'of the theme'</script>")
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]

    policy = content_security_policy()

    assert ("script-src 'self' 'unsafe-inline'" in policy) == may_run
    assert ("style-src 'self' 'unsafe-inline'" in policy) == may_run
    assert "default-src 'none'" in policy
    assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy


def test_while_redis_is_away_a_page_says_what_it_knows_and_is_loaded_again(boss, settings):
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}

    response = boss.get("/admin/jobs/")

    assert response.status_code == 503
    assert "Redis cannot be used" in text(response)
    assert "How the jobs are doing cannot be seen from here." in text(response)
    assert "safe" not in text(response)
    assert "data-again" in text(response)
    assert "Content-Security-Policy" in response.headers


def test_a_change_without_an_answer_of_redis_is_neither_promised_nor_made_again(boss, settings):
    settings.JOBS = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}

    response = boss.post("/admin/jobs/queues/default/pause/")

    assert response.status_code == 503
    assert "The change may have been made" in text(response)
    assert "data-again" not in text(response)


def test_page_that_answers_a_change_is_not_kept_up_to_date(boss, full):
    url = f"/admin/jobs/job/{full['dead']}/"
    assert 'id="jobs-live"' in text(boss.get(url))

    page = text(boss.post(f"{url}run-again/", {"args": "{", "kwargs": ""}))

    assert "jobs-problem" in page
    assert 'id="jobs-live"' not in page


@pytest.mark.parametrize(
    "route",
    [
        "job/0123/",
        "queues/nosuch/",
        "metrics/no.Such/",
        "find/?id=",
        "find/?id=01234567890123456789012345678901",
    ],
    ids=str,
)
def test_what_is_not_there_is_a_page_that_says_so(boss, route):
    response = boss.get(f"/admin/jobs/{route}")

    assert response.status_code == 404
    assert "There is nothing here" in text(response)


@pytest.mark.parametrize(
    "route",
    [
        "queues/default/explode/",
        "queues/nosuch/pause/",
        "workers/x/explode/",
        "job/0123/explode/",
        "dead/act/?since=x",
    ],
)
def test_an_action_that_does_not_exist_changes_nothing(boss, full, route):
    data = {"verb": "retry", "scope": "all", "confirmed": "yes"}

    assert boss.post(f"/admin/jobs/{route}", data).status_code == 404


def test_find_leads_to_the_job_wherever_it_is(boss, full):
    for job_id in full.values():
        response = boss.get("/admin/jobs/find/", {"id": f" {job_id.upper()} "})
        assert response.status_code == (302 if job_id != full["finished"] else 404)


@pytest.mark.urls("tests.jobs.admin.test_frame")
def test_another_admin_site_has_pages_of_its_own(boss, full):
    page = text(boss.get("/other/jobs/"))

    assert 'href="/other/jobs/queues/"' in page
    assert "/admin/jobs/" not in page
    assert boss.get(f"/other/jobs/job/{full['dead']}/").status_code == 200


def test_installing_twice_is_installing_once():
    site = AdminSite(name="twice")
    install(site)
    install(site)

    assert sum(getattr(pattern, "name", "") == "jobs_overview" for pattern in site.get_urls()) == 1


def test_a_view_without_a_permission_is_not_served():
    with pytest.raises(ImproperlyConfigured, match="states no permission"):
        serve(other_site, lambda request: None)
