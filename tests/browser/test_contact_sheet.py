"""The contact sheets: a page in each look, and the pictures joined."""

import os
import subprocess
import sys

import pytest

from tests.browser.whole_example import ROOT

pytestmark = pytest.mark.browser
#: It starts a server, migrates two databases, and takes four pictures and four sheets.
PATIENCE = 120


def test_each_look_of_a_page_becomes_a_picture_on_a_sheet(tmp_path):
    command = [sys.executable, "-m", "tests.browser.contact_sheet", "--out", str(tmp_path)]
    chosen = ["--state", "empty", "--only", "no-job"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}

    subprocess.run([*command, *chosen], cwd=ROOT, env=environment, check=True, timeout=PATIENCE)

    looks = ("light-1400", "light-400", "dark-1400", "dark-400")
    found = {path.name for path in (tmp_path / "empty").iterdir()}
    assert found >= {f"no-job-{look}.png" for look in looks}
    assert found >= {f"sheet-{look}-1.png" for look in looks}
    pictures = {(tmp_path / "empty" / f"no-job-{look}.png").read_bytes() for look in looks}
    assert len(pictures) == len(looks)
