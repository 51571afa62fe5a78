"""Look up the installed packages in the list of known vulnerabilities, with pip-audit; `bin/ci audit` calls it.

It fails for a known vulnerability only: a service that cannot be reached is said so and is no failure of the project.
"""

import json
import subprocess
import sys
from typing import Any

#: They come with the virtual environment and are no dependency of ours.
NOT_OURS = {"pip", "setuptools"}


def main() -> int:
    """Print every known vulnerability of a dependency; return the exit code."""
    command = [sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off", "--format", "json"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    packages = audited(answer.stdout)
    if not packages:
        print("No list of vulnerabilities could be reached: the dependencies were NOT audited.")
        return 0
    findings = [finding for package in packages for finding in describe(package)]
    print("\n".join(findings) or f"{len(packages)} packages have no known vulnerability.")
    return 1 if findings else 0


def audited(answer: str) -> list[dict[str, Any]]:
    """Return the packages that pip-audit has looked up; it skips those that its service does not know."""
    try:
        packages = json.loads(answer)["dependencies"]
    except ValueError:
        return []
    return [package for package in packages if "skip_reason" not in package and package["name"] not in NOT_OURS]


def describe(package: dict[str, Any]) -> list[str]:
    """Return a line per vulnerability of a package."""
    name = f"{package['name']} {package['version']}"
    return [
        f"{name}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'no version'}."
        for found in package["vulns"]
    ]


if __name__ == "__main__":
    sys.exit(main())
