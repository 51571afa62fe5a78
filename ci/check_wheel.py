"""Build the wheel and use it alone, in an empty virtual environment outside the repository; `bin/ci wheel` calls it.

It proves what `pip install django-makeitso` promises: no file is missing and nothing of the example is needed.
"""

import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = """\
SECRET_KEY = "only for this check"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "jobs"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "check.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""


def main() -> int:
    """Build, install and use the wheel; return the exit code."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        run(sys.executable, "-m", "build", "--wheel", "--outdir", directory, str(ROOT))
        wheel = next(folder.glob("*.whl"))
        complaints = check_contents(wheel)
        if not complaints:
            use(wheel, folder)
    print("\n".join(complaints) or f"{wheel.name} installs and works alone.")
    return 1 if complaints else 0


def check_contents(wheel: Path) -> list[str]:
    """Return what is missing in the wheel or too much."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    kinds = ("*.py", "*.lua", "*.html", "*.css", "*.js", "*.mo")
    wanted = {str(path.relative_to(ROOT)) for kind in kinds for path in (ROOT / "jobs").rglob(kind)}
    missing = [f"{name} is missing in the wheel." for name in sorted((wanted | {"jobs/py.typed"}) - names)]
    return missing + [f"{name} must not be in the wheel." for name in sorted(names) if not name.startswith("jobs/")]


def use(wheel: Path, folder: Path) -> None:
    """Install the wheel into an empty environment and let Django check a five-line project with it."""
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    (folder / "settings.py").write_text(SETTINGS)
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--prefer-binary", str(wheel))
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(folder)}
    run(python, "-m", "django", "check", "--fail-level", "WARNING", cwd=folder, env=environment)
    run(python, "-c", "import jobs; print(jobs.Job)", cwd=folder, env=environment)


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command; exit with all it said if it fails."""
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{result.stdout}{result.stderr}")


if __name__ == "__main__":
    sys.exit(main())
