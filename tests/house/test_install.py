"""What README.md says to install can be installed, though no index has it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def ways() -> list[str]:
    """Return what README.md tells a project of one's own to run, way by way."""
    _, _, section = (ROOT / "README.md").read_text().partition("## In your own project")
    [commands, *_] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return commands.split("# or\n")


@pytest.mark.slow
@pytest.mark.parametrize("way", ways())
def test_library_is_installed_as_readme_says(tmp_path, way):
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # Nobody is asked for anything: what it needs is here already, and builds it too.
    alone = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}

    result = subprocess.run(
        ["sh", "-ec", way.replace("/path/to/this/checkout", str(ROOT))],
        cwd=tmp_path,
        env=os.environ | alone | {"PATH": programs, "PIP_TARGET": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "installed" / "jobs" / "apps.py").exists()
