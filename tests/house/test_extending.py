"""The code that docs/extending.md shows is the code that ci/check_wheel.py runs."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["jobs", "middleware"])
def test_page_shows_the_files_that_a_project_runs(name):
    code = (ROOT / f"ci/wheel_project/shop/{name}.py").read_text()

    assert f"```python\n{code}```" in (ROOT / "docs/extending.md").read_text()
