"""The control room in other languages."""

import pytest

from tests.jobs.admin.conftest import text


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", ["Überblick", "Warteschlangen", "Aufgegeben", "Messwerte"]),
        ("fr", ["Vue d’ensemble", "Files", "Abandonnées", "Mesures"]),
    ],
)
def test_pages_speak_the_language_of_the_project(boss, full, settings, language, expected):
    settings.LANGUAGE_CODE = language

    overview, dead = text(boss.get("/admin/jobs/")), text(boss.get("/admin/jobs/dead/"))

    for word in expected:
        assert word in overview
    for english in ("Jobs per second", "Last error", "Overview", "Retry now", "no append-only"):
        assert english not in overview + dead


def test_an_explanation_is_translated(boss, full, settings):
    settings.LANGUAGE_CODE = "de"

    page = text(boss.get(f"/admin/jobs/job/{full['dead']}/"))

    assert "Er ist seit" in page
    assert "Jetzt erneut versuchen" in page
