"""The rights that docs/security.md adds for a cluster and for sentinels."""

import re
from contextlib import closing

import pytest
import redis
from redis.exceptions import NoPermissionError

from jobs.store import Store
from tests.acceptance.runner import ROOT, is_drained, push
from tests.acceptance.test_acl import documented
from tests.jobs.store.servers import running_cluster, running_sentinel, running_server

pytestmark = [pytest.mark.acceptance, pytest.mark.redis, pytest.mark.slow]


def added_for(sentence: str) -> list[str]:
    """Return the rights that follow some words of the documentation."""
    text = (ROOT / "docs" / "security.md").read_text().replace("\n", " ")
    return re.search(sentence + r"[^`]*`((?:\+\S+ ?)+)`", re.sub(r" +", " ", text))[1].split()


def used_and_refused(port: int) -> tuple[set[str], list[str]]:
    """Return the commands that a server executed, and what it refused."""
    with redis.Redis(port=port) as admin:
        stats = admin.info("commandstats")
        used = {f"+{name.removeprefix('cmdstat_')}" for name, of in stats.items() if of["calls"]}
        refused = [f"{e['username']}: {e['object']}" for e in admin.acl_log()]
    return used, refused


def set_user(port: int, user: str, *rules: str) -> None:
    with redis.Redis(port=port) as admin:
        admin.execute_command("ACL", "SETUSER", user, *rules)
        admin.config_resetstat()


def test_worker_of_a_cluster_needs_the_documented_rights_and_no_others(tmp_path, start):
    more = added_for("In a cluster add")
    with running_cluster(tmp_path) as ports:
        for port in ports:
            set_user(port, "jobs", *documented()["jobs"], *more)
        url = f"redis+cluster://jobs:PASSWORD@127.0.0.1:{ports[0]}"
        with closing(Store(url, timeout=5)) as store:
            runner = start(url=url)
            push(store, "NoteJob", [[number, 0] for number in range(20)])
            runner.wait_for_notes(20)
            assert runner.stop() == 0
        nodes = [used_and_refused(port) for port in ports]

    assert [refused for _, refused in nodes] == [[], [], []]
    assert set(more) - set().union(*(used for used, _ in nodes)) == set()


def test_client_of_sentinels_needs_the_documented_rights_and_no_others(tmp_path):
    rights = added_for("The sentinels have users of their own; a client there needs")
    with (
        running_server(tmp_path) as master,
        running_sentinel(tmp_path, master) as port,
        redis.Redis(port=port, username="admin", password="pw") as admin,
    ):
        with redis.Redis(port=port) as sentinel:
            sentinel.execute_command("ACL", "SETUSER", "admin", "on", ">pw", "~*", "&*", "+@all")
        admin.execute_command("ACL", "SETUSER", "default", "reset", "on", "nopass", *rights)
        url = f"redis+sentinel://127.0.0.1:{port}/mymaster/0"
        with closing(Store(url, timeout=5)) as store:
            push(store, "NoteJob", [[1, 0]])
            assert not is_drained(store)
        assert admin.acl_log() == []

        for right in rights:
            admin.execute_command("ACL", "SETUSER", "default", right.replace("+", "-"))
            with closing(Store(url, timeout=5)) as store, pytest.raises(NoPermissionError):
                push(store, "NoteJob", [[2, 0]])
            admin.execute_command("ACL", "SETUSER", "default", right)
