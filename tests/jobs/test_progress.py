"""Progress as a value: what a job may tell, and what Redis may hold."""

import pytest

from jobs import InvalidArguments
from jobs.progress import MOST_NOTE, Progress


def test_progress_comes_back_from_redis_as_it_was_told():
    told = Progress.told(40, 100, "résumé")

    assert Progress.decode(told.encode()) == told
    assert (told.done, told.total, told.note) == (40, 100, "résumé")


@pytest.mark.parametrize(
    ("done", "total", "fraction", "percent"),
    [
        (0, 100, 0.0, 0),
        (29, 100, 0.29, 29),
        (999, 1000, 0.999, 99),
        (100, 100, 1.0, 100),
        (120, 100, 1.0, 100),
        (0, 0, 1.0, 100),
        (7, None, None, None),
        (-5, 10, 0.0, 0),
        (float("nan"), 10, 0.0, 0),
        (float("inf"), 10, 1.0, 100),
        (10**400, 10**400, 1.0, 100),
    ],
)
def test_share_is_always_one_that_can_be_shown(done, total, fraction, percent):
    told = Progress.told(done, total)

    assert (told.fraction, told.percent) == (fraction, percent)
    assert told.is_complete == (percent == 100)
    assert Progress.decode(told.encode()) == told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a",), "done must be a number, not 'a'"),
        ((True,), "done must be a number, not True"),
        ((None,), "done must be a number, not None"),
        ((1, "10"), "total must be a number, not '10'"),
        ((1, 10, 5), "the note must be a text, not 5"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments, words):
    with pytest.raises(InvalidArguments, match=words):
        Progress.told(*arguments)


def test_long_note_is_cut_and_control_characters_are_escaped():
    assert Progress.told(1, note="x" * 1_000_000).note == "x" * (MOST_NOTE - 1) + "…"
    assert Progress.told(1, note="x" * MOST_NOTE).note == "x" * MOST_NOTE
    assert Progress.told(1, note="a\nb\ud800").note == r"a\nb\ud800"
    assert len(Progress.told(1, note="\n" * 1_000).encode()) < 1_000


@pytest.mark.parametrize(
    "raw", [None, b"", b"[]", b"{}", b'{"done": "a"}', b'{"done": null}', b"\xff", b"[" * 100_000]
)
def test_what_cannot_be_read_is_no_progress(raw):
    assert Progress.decode(raw) is None


def test_fields_of_a_newer_version_are_passed_over():
    assert Progress.decode(b'{"done": 1.0, "steps": {}}') == Progress(1)
