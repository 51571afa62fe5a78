"""What `bin/reset` does once there is a virtual environment.

It runs `manage.py reset_dev` with the Redis of development. While `bin/dev` runs its Redis is used,
else one is started for as long as this takes. Afterwards the data of all other servers that ever
ran here is deleted too: their jobs would come back with them.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dev_environment
import redis

from jobs.devdata import APPEND_ONLY, found_in, has_data

#: Where `manage.py devredis` keeps its data.
DATA = Path(".dev/redis")


def main() -> int:
    """Reset, and return the exit code."""
    replaced = dev_environment.fill_in()
    if "redis" in replaced:
        return reset()
    with server(dev_environment.port_of("redis")) as used:
        code = reset()
        if code == 0 and used is not None:
            delete_other_data(used)
    return code


def reset() -> int:
    """Run `manage.py reset_dev`, and return its exit code."""
    return subprocess.run([sys.executable, "manage.py", "reset_dev"], check=False).returncode


@contextmanager
def server(port: int) -> Iterator[Path | None]:
    """Run the Redis of development unless it runs already.

    Yield the directory of its data, None where that server does not tell.
    """
    started = None
    with tempfile.TemporaryDirectory(prefix="reset-") as empty, redis.Redis(port=port) as client:
        if not dev_environment.is_taken(port):
            # A server that cannot read its data must not keep anybody from deleting it.
            started = start(client, port, DATA) or start(client, port, Path(empty))
        try:
            yield directory_of(client)
        finally:
            if started is not None:
                started.terminate()
                started.wait()


def start(client: redis.Redis, port: int, directory: Path) -> subprocess.Popen[bytes] | None:
    """Start the server and wait until it answers.

    Return None if it ends instead.
    """
    options = ["--port", str(port), "--dir", str(directory)]
    command = [sys.executable, "manage.py", "devredis", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            client.ping()
        except redis.RedisError:
            time.sleep(0.05)
        else:
            return process
    return None


def directory_of(client: redis.Redis) -> Path | None:
    """Return the directory in which a server keeps its data.

    None where it does not tell.
    """
    try:
        return Path(str(client.config_get("dir")["dir"])).resolve()
    except redis.RedisError:
        return None


def delete_other_data(used: Path) -> None:
    """Delete what every server but the one in use has left behind."""
    data = DATA.resolve()
    former = [data / APPEND_ONLY] if has_data(data) else []
    for directory in [*(found.directory for found in found_in(data)), *former]:
        if used not in {directory, directory.parent}:
            shutil.rmtree(directory)
            print(f"Deleted {directory}: no server uses this data.")


if __name__ == "__main__":
    sys.exit(main())
