"""Finds the process that has sent something from a port.

Linux only.
"""

import os
from pathlib import Path

from benchmarks.chaos.processes import families


def sender_of(port: int, supervisor: int) -> int | None:
    """Return which process of a supervisor's tree holds a connection.

    Where a child has inherited it, it is its parent's.
    """
    inode = _inode(port)
    if inode is None:
        return None
    return next((pid for pid in tree_of(supervisor) if _has_open(pid, inode)), None)


def tree_of(pid: int) -> list[int]:
    """Return a process and all below it, parents first."""
    by_parent = families()
    found = [pid]
    for each in found:
        found += by_parent.get(each, [])
    return found


def _inode(port: int) -> str | None:
    """Return the inode of the connection that begins at a local port."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if int(words[1].rpartition(":")[2], 16) == port:
            return words[9]
    return None


def _has_open(pid: int, inode: str) -> bool:
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            return any(_target(entry.path) == f"socket:[{inode}]" for entry in entries)
    except OSError:
        return False


def _target(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
