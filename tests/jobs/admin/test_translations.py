"""The control room in other languages."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from jobs.text import written
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


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", "1. Juni 2026, 02:30:00 UTC"),
        ("fr", "1 juin 2026, 02:30:00 UTC"),
        ("en", "Jun 1, 2026, 02:30:00 UTC"),
    ],
)
def test_months_are_called_as_people_do(language, expected):
    with translation.override(language):
        assert written(datetime(2026, 6, 1, 2, 30, tzinfo=UTC)) == expected


def test_an_explanation_is_translated(boss, full, settings):
    settings.LANGUAGE_CODE = "de"

    page = text(boss.get(f"/admin/jobs/job/{full['dead']}/"))

    assert "Er ist seit" in page
    assert "Jetzt erneut versuchen" in page
