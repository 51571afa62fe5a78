"""Frames of libraries are folded, those of the project are not."""

import json
import traceback
from pathlib import Path

import pytest

import jobs
from jobs.admin.frames import folded

OURS = f"{Path(jobs.__file__).parent}/worker/executor.py"
MIXED = f"""Traceback (most recent call last):
  File "{OURS}", line 12, in execute
    run()
    ~~~^^
  File "/srv/venv/lib/python3.12/site-packages/x/y.py", line 3, in call
    return inner()
  File "/srv/shop/orders/jobs.py", line 7, in perform
    charge(order)
  File "/usr/lib/python3.12/json/decoder.py", line 9, in decode
    raise
orders.Declined: Card declined
    with a second line
"""


def test_frames_of_libraries_are_folded_in_a_row():
    found = folded(MIXED)

    assert [piece.frames for piece in found.pieces] == [0, 2, 0, 1, 0]
    assert "\n".join(piece.text for piece in found.pieces) == MIXED.rstrip("\n")
    assert found.place == "/srv/shop/orders/jobs.py:7, perform"
    assert found.pieces[1].text.endswith("return inner()")
    assert found.pieces[-1].text == "orders.Declined: Card declined\n    with a second line"


def test_a_project_beside_this_package_is_no_library():
    place = f"{Path(jobs.__file__).parent}_of_the_shop/tasks.py"

    found = folded(MIXED.replace("/srv/shop/orders/jobs.py", place))

    assert found.place == f"{place}:7, perform"


def test_nothing_is_folded_where_no_frame_is_the_projects():
    text = MIXED.replace("/srv/shop/orders/", "/srv/lib/python3.12/")

    found = folded(text)

    assert [(piece.text, piece.frames) for piece in found.pieces] == [(text, 0)]
    assert found.place == ""


def test_real_traceback_of_a_library_is_folded():
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    text = "".join(traceback.format_exception(caught.value))

    found = folded(text)

    assert found.place.startswith(__file__)
    assert any("json/decoder.py" in piece.text for piece in found.pieces if piece.frames)
    assert not any("json/decoder.py" in piece.text for piece in found.pieces if not piece.frames)


def test_frames_within_a_group_are_found():
    try:
        try:
            json.loads("{")
        except ValueError as error:
            raise ExceptionGroup("several", [error]) from None
    except ExceptionGroup as group:
        text = "".join(traceback.format_exception(group))

    found = folded(text)

    assert any("json/decoder.py" in piece.text for piece in found.pieces if piece.frames)
    assert "several" in "".join(piece.text for piece in found.pieces if not piece.frames)


@pytest.mark.parametrize("text", ["", "nonsense", 'File "', '  File "x", line 1'])
def test_whatever_is_there_is_shown(text):
    assert "\n".join(piece.text for piece in folded(text).pieces) == text
