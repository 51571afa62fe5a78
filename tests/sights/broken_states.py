"""Make eight states for real, and photograph the overview of each.

    PYTHONPATH=bin python -m tests.sights.broken_states --out FOLDER [well unserved ...]

Each state has a Valkey, a database, a web server and workers of its own. It takes from half a
minute to six: a stuck job is told after five. The pictures are for eyes that do not know which
state they see. They should say rightly what is wrong, since when, and what to press.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from chromium import launch
from playwright.sync_api import sync_playwright

from tests.acceptance.servers import OwnServer
from tests.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
SAFE = ("--maxmemory", "60mb", "--maxmemory-policy", "noeviction")
NAME, PASSWORD = "boss", "only for tests"


class Shop:
    """The example and its shop on servers of their own."""

    def __init__(self, folder: Path) -> None:
        """Start everything but workers, with a past of three days."""
        self.folder = folder
        self.server = OwnServer(folder, *SAFE)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._variables = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.sights.settings",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "DATABASE_URL": f"sqlite:///{folder}/shop.sqlite3",
            "FAKE_SERVICES_DATABASE_URL": f"sqlite:///{folder}/fakes.sqlite3",
            "DEBUG": "true",
            "PYTHONPATH": str(ROOT),
            "SIGHTS_FOLDER": str(folder),
        }
        self.port = free_port()

    def open(self) -> None:
        """Start the servers."""
        self.server.start()
        self._variables["JOBS_REDIS_URL"] = self.server.url
        self._manage("migrate", "-v0")
        self._manage("migrate", "-v0", "--database", "fake_services")
        self._manage(
            "createsuperuser", "--noinput", "--username", NAME, "--email", "b@shop.example"
        )
        self.trouble("past")
        self._begin("manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}")

    def close(self) -> None:
        """End all that was started."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.server.stop()

    def work(self, *options: str) -> int:
        """Start a worker, and return its process group."""
        return self._begin("manage.py", "runjobs", *options).pid

    def trouble(self, deed: str) -> None:
        """Do one of the deeds of `trouble`, and wait for its end."""
        command = [sys.executable, "-m", "tests.sights.trouble", deed]
        subprocess.run(command, cwd=ROOT, env=self._variables, check=True)

    def traffic(self) -> None:
        """Let the usual jobs come until all is closed."""
        self._begin("-m", "tests.sights.trouble", "traffic", "900")

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(
            command, cwd=ROOT, env=self._variables, check=True, stdout=subprocess.DEVNULL
        )

    def _begin(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"log{len(self._processes)}").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self._variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process


def well(shop: Shop) -> None:
    shop.work()
    time.sleep(75)


def unserved(shop: Shop) -> None:
    shop.work("-q", "default", "-q", "imports", "-q", "images")
    time.sleep(90)


def failing(shop: Shop) -> None:
    shop.work()
    time.sleep(25)
    shop.trouble("deploy")
    (shop.folder / "mail-is-broken").touch()
    time.sleep(80)


def stuck(shop: Shop) -> None:
    shop.work()
    shop.trouble("endless")
    time.sleep(320)


def memory(shop: Shop) -> None:
    shop.work()
    time.sleep(20)
    shop.trouble("ballast")
    time.sleep(8)


def dead(shop: Shop) -> None:
    group = shop.work()
    time.sleep(25)
    os.killpg(group, signal.SIGKILL)
    time.sleep(70)


def paused(shop: Shop) -> None:
    shop.work()
    time.sleep(15)
    shop.trouble("pause")
    time.sleep(70)


def backlog(shop: Shop) -> None:
    shop.work("-c", "2")
    time.sleep(10)
    shop.trouble("flood")
    time.sleep(80)


STATES: dict[str, Callable[[Shop], None]] = {
    state.__name__: state
    for state in (well, unserved, failing, stuck, memory, dead, paused, backlog)
}


@contextlib.contextmanager
def opened() -> Iterator[Shop]:
    """Open a shop in a folder of its own, with the usual jobs."""
    with tempfile.TemporaryDirectory(prefix="sights-") as name:
        shop = Shop(Path(name))
        try:
            shop.open()
            shop.traffic()
            yield shop
        finally:
            shop.close()


def photograph(port: int, picture: Path) -> None:
    """Take what an operator sees of the overview without scrolling."""
    with sync_playwright() as browsers, contextlib.closing(launch(browsers)) as browser:
        page = browser.new_page(
            base_url=f"http://127.0.0.1:{port}", viewport={"width": 1400, "height": 900}
        )
        page.goto("/admin/login/?next=/admin/jobs/")
        page.fill("#id_username", NAME)
        page.fill("#id_password", PASSWORD)
        page.click("[type=submit]")
        page.wait_for_selector(".jobs-tabs")
        page.screenshot(path=str(picture))


def main() -> None:
    """Make the states that were asked for, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("states", nargs="*", choices=STATES, default=list(STATES))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.states:
        with opened() as shop:
            STATES[name](shop)
            photograph(shop.port, options.out / f"{name}.png")
        print(f"{name}: {options.out / name}.png", flush=True)


if __name__ == "__main__":
    main()
