"""Look up the installed packages in the list of known vulnerabilities, with pip-audit.

`bin/ci audit` calls it. It ends with 1 for a known vulnerability, and with 3 where the list could
not be asked about each package: then nobody knows, which is not the same as "none".
"""

import json
import subprocess
import sys
from typing import Any

#: They come with the virtual environment and are no dependency of ours.
NOT_OURS = {"pip", "setuptools"}
#: The exit code when at least one package was not looked up.
NOT_AUDITED = 3
COMMAND = ("--skip-editable", "--progress-spinner", "off", "--format", "json")


def main() -> int:
    """Print known vulnerabilities and what was not looked up, and return the exit code."""
    command = [sys.executable, "-m", "pip_audit", *COMMAND]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return report(answer.stdout, answer.stderr)


def report(answer: str, errors: str) -> int:
    """Print what the answer of pip-audit says, and return the exit code."""
    packages = ours(answer)
    audited = [package for package in packages if "skip_reason" not in package]
    missed = [package["name"] for package in packages if "skip_reason" in package]
    findings = [finding for package in audited for finding in describe(package)]
    for finding in findings:
        print(finding)
    if not packages:
        print("NOT AUDITED: pip-audit gave no answer. Its last words:")
        print("\n".join(errors.splitlines()[-3:]))
    elif not audited:
        print("NOT AUDITED: the list of known vulnerabilities cannot be reached.")
    elif missed:
        print(f"NOT AUDITED, because the list does not know them: {', '.join(missed)}.")
    elif not findings:
        print(f"{len(audited)} packages have no known vulnerability.")
    if findings:
        return 1
    return NOT_AUDITED if missed or not audited else 0


def ours(answer: str) -> list[dict[str, Any]]:
    """Return our packages in the answer of pip-audit, none if it is no answer."""
    try:
        packages = json.loads(answer)["dependencies"]
    except ValueError:
        return []
    return [package for package in packages if package["name"] not in NOT_OURS]


def describe(package: dict[str, Any]) -> list[str]:
    """Return a line per vulnerability of a package."""
    name = f"{package['name']} {package['version']}"
    return [
        f"{name}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'no version'}."
        for found in package["vulns"]
    ]


if __name__ == "__main__":
    sys.exit(main())
