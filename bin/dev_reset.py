"""What `bin/reset` does once there is a virtual environment: `manage.py reset_dev` with the Redis of development.

While `bin/dev` runs its Redis is used, else one is started for as long as this takes.
"""

import subprocess
import sys
import time

import dev_environment


def main() -> int:
    """Reset; return the exit code."""
    replaced = dev_environment.fill_in()
    port = dev_environment.port_of("redis")
    server = None
    if "redis" not in replaced and not dev_environment.is_taken(port):
        command = [sys.executable, "manage.py", "devredis", "--port", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while server.poll() is None and not dev_environment.is_taken(port):
            time.sleep(0.05)
    try:
        return subprocess.run([sys.executable, "manage.py", "reset_dev"], check=False).returncode
    finally:
        if server is not None:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
