"""The Chromium of the browser tests.

The fixture starts it from here, and `bin/test` gets one from here.

Nothing is taken on trust: a browser counts when it has started and shown a page. Where there is
none, the ways to get one are tried in this order: a download by Playwright, the libraries which
that download needs, the system's package. The last two need root, or a sudo that asks for no
password. Everything has a time limit.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

NAMES_ON_PATH = ("chromium", "chromium-browser", "google-chrome")
#: The sandbox needs rights that a container does not give. The rest keeps it from calling home.
OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
#: Longest that one download or installation may take, in seconds.
LONGEST = 600
APT_OPTIONS = ("-o=Acquire::Retries=1", "-o=Acquire::http::Timeout=20", "-o=DPkg::Lock::Timeout=60")


class NoBrowser(Exception):
    """There is no browser, or a way to get one has failed.

    The message says why.
    """


def launch(playwright: Playwright) -> Browser:
    """Start the first browser that works: one on the PATH, else Playwright's own."""
    problem = ""
    for path in (*filter(None, map(shutil.which, NAMES_ON_PATH)), None):
        try:
            return playwright.chromium.launch(executable_path=path, args=OPTIONS)
        except Error as error:
            problem = (
                problem
                or f"{path or 'Playwright has no Chromium that starts'}: {_gist(str(error))}"
            )
    raise NoBrowser(problem)


def main() -> int:
    """See to it that there is a browser.

    Return 1 and print the reasons if none can be had.
    """
    reasons = [_problem()]
    for way in (_by_playwright, _libraries, _package):
        if not reasons[-1]:
            break
        reasons.append(_try(way) or _problem())
    if not reasons[-1]:
        return 0
    print(*(f"- {reason}" for reason in dict.fromkeys(reasons)), sep="\n")
    return 1


def _problem() -> str:
    """Return why no browser works, or nothing if one does."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
            browser.new_page().close()
            browser.close()
        except NoBrowser as problem:
            return str(problem)
        except Error as error:
            return f"The browser started and showed no page: {_gist(str(error))}"
    return ""


def _try(way: Callable[[], None]) -> str:
    try:
        way()
    except NoBrowser as problem:
        return str(problem)
    return ""


def _by_playwright() -> None:
    _say("There is no Chromium for the browser tests yet: Playwright downloads its own.")
    command = (sys.executable, "-m", "playwright", "install", "--only-shell", "chromium")
    _run(command, "Playwright could not download a Chromium")


def _libraries() -> None:
    """Install what Playwright's own browser needs, where that is why it does not start."""
    with sync_playwright() as playwright:
        if not Path(playwright.chromium.executable_path).exists():
            return
    command = (*_as_root(), sys.executable, "-m", "playwright", "install-deps", "chromium")
    _say("Installing the libraries that Playwright's Chromium needs.")
    _run(command, "The libraries of Playwright's Chromium could not be installed")


def _package() -> None:
    apt = (*_as_root(), "env", "DEBIAN_FRONTEND=noninteractive", "timeout", str(LONGEST))
    apt = (*apt, "apt-get", *APT_OPTIONS)
    _say("Installing Chromium with apt-get.")
    _run((*apt, "update"), "apt-get update failed")
    _run((*apt, "install", "--yes", "chromium"), "apt-get could not install chromium")


def _as_root() -> tuple[str, ...]:
    """Return what a command must begin with to install packages of the system."""
    if not shutil.which("apt-get"):
        raise NoBrowser("Packages of the system cannot be installed: there is no apt-get.")
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo"):
        asked = subprocess.run(("sudo", "-n", "true"), capture_output=True, check=False)
        if asked.returncode == 0:
            return ("sudo", "-n")
    raise NoBrowser("Packages of the system cannot be installed: this user is not root.")


def _run(command: Sequence[str], complaint: str) -> None:
    """Run a command that says nothing unless it fails.

    At the limit of its time it is killed with all its children.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise NoBrowser(f"{complaint}: it took longer than {LONGEST} s.") from None
    if process.returncode:
        raise NoBrowser(f"{complaint}: {_gist(output)}")


def _gist(text: str) -> str:
    """Return the line of a long error message that says the most."""
    lines = [line.strip(" ╔═╗║╚╝") for line in text.splitlines()]
    telling = [
        line
        for line in lines
        if re.match(r"(E|Error): |.*error while loading|.*doesn't exist", line)
    ]
    return next(iter([*telling, *filter(None, lines)]), "it did not say why.")


def _say(text: str) -> None:
    print(f"[bin/test] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
