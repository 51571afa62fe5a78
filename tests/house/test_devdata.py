"""The data of the servers of development: kept apart, found again, and never lost."""

import os
import shutil
from pathlib import Path

import pytest

from jobs.devdata import choose, writer_of
from jobs.devredis import Server, Version

VALKEY_8 = Server(Path("/bin/valkey-8"), Version("valkey", (8, 1, 8)))
VALKEY_9 = Server(Path("/bin/valkey-9"), Version("valkey", (9, 0, 1)))
REDIS_70 = Server(Path("/bin/redis-7.0"), Version("redis", (7, 0, 15)))
REDIS_74 = Server(Path("/bin/redis-7.4"), Version("redis", (7, 4, 2)))


def write(directory, server, at=1_000_000):
    """Write the files that a server leaves behind, at a moment in time."""
    files = directory / "appendonlydir"
    files.mkdir(parents=True)
    name, version = (
        f"{server.version.product}-ver".encode(),
        ".".join(map(str, server.version.numbers)).encode(),
    )
    head = (
        b"REDIS0011\xfa"
        + bytes([len(name)])
        + name
        + bytes([len(version)])
        + version
        + b"\xfa\tredis-bits\xc0@"
    )
    (files / "appendonly.aof.1.base.rdb").write_bytes(head)
    (files / "appendonly.aof.manifest").write_text("file appendonly.aof.1.base.rdb seq 1 type b\n")
    for file in files.iterdir():
        os.utime(file, (at, at))


def files_in(base):
    return sorted(str(file.relative_to(base)) for file in base.rglob("*") if file.is_file())


def test_each_product_and_major_version_has_a_directory_of_its_own(tmp_path):
    assert choose(tmp_path, [VALKEY_8, REDIS_70]).directory == tmp_path / "valkey-8"
    assert choose(tmp_path, [REDIS_70, VALKEY_8]).directory == tmp_path / "redis-7"


def test_nothing_is_said_when_there_is_nothing_to_say(tmp_path):
    write(tmp_path / "valkey-8", VALKEY_8)

    assert choose(tmp_path, [VALKEY_8, REDIS_70]).notes == []


def test_server_that_wrote_the_data_is_kept_and_the_other_is_named(tmp_path):
    write(tmp_path / "valkey-8", VALKEY_8)

    choice = choose(tmp_path, [REDIS_70, VALKEY_8])

    assert (choice.server, choice.directory) == (VALKEY_8, tmp_path / "valkey-8")
    [note] = choice.notes
    assert note.startswith(
        "Redis 7.0.15 (/bin/redis-7.0) is passed over: Valkey 8.1.8 wrote the data in"
    )


def test_server_of_the_newest_data_is_kept(tmp_path):
    write(tmp_path / "valkey-8", VALKEY_8, at=1_000_000)
    write(tmp_path / "redis-7", REDIS_70, at=2_000_000)

    assert choose(tmp_path, [VALKEY_8, REDIS_70]).server == REDIS_70


def test_data_whose_server_is_gone_waits_for_it(tmp_path):
    write(tmp_path / "valkey-8", VALKEY_8)

    choice = choose(tmp_path, [REDIS_70])

    assert (choice.server, choice.directory) == (REDIS_70, tmp_path / "redis-7")
    [note] = choice.notes
    assert note.startswith(f"The data in {tmp_path / 'valkey-8'} waits: Valkey 8.1.8 wrote it")


def test_newer_minor_version_goes_on_with_the_data(tmp_path):
    write(tmp_path / "redis-7", REDIS_70)

    choice = choose(tmp_path, [VALKEY_8, REDIS_74])

    assert (choice.server, choice.directory) == (REDIS_74, tmp_path / "redis-7")


def test_older_minor_version_leaves_the_data_alone(tmp_path):
    write(tmp_path / "redis-7", REDIS_74)

    choice = choose(tmp_path, [REDIS_70])

    assert (choice.server, choice.directory) == (REDIS_70, tmp_path / "redis-7.0")
    assert "Redis 7.4.2 wrote it" in choice.notes[0]


def test_data_of_an_older_minor_version_is_found_again(tmp_path):
    write(tmp_path / "redis-7", REDIS_74, at=1_000_000)
    write(tmp_path / "redis-7.0", REDIS_70, at=2_000_000)

    assert choose(tmp_path, [VALKEY_8, REDIS_70]).directory == tmp_path / "redis-7.0"


def test_newer_major_version_goes_on_with_a_copy(tmp_path):
    write(tmp_path / "valkey-8", VALKEY_8)
    before = files_in(tmp_path / "valkey-8")

    choice = choose(tmp_path, [VALKEY_9])

    assert choice.directory == tmp_path / "valkey-9"
    assert files_in(tmp_path / "valkey-9") == files_in(tmp_path / "valkey-8") == before
    assert "Valkey 9.0.1 goes on with a copy" in choice.notes[-1]
    assert choose(tmp_path, [VALKEY_9]) == type(choice)(VALKEY_9, tmp_path / "valkey-9", [])


def test_newer_major_version_overwrites_no_data_of_its_own(tmp_path):
    write(tmp_path / "valkey-9", VALKEY_9, at=1_000_000)
    write(tmp_path / "valkey-8", VALKEY_8, at=2_000_000)

    choice = choose(tmp_path, [VALKEY_9])

    assert choice.directory == tmp_path / "valkey-9"
    assert writer_of(choice.directory) == VALKEY_9.version
    assert "has data of its own" in choice.notes[-1]


def test_data_of_the_former_layout_is_moved_to_its_server(tmp_path):
    write(tmp_path, VALKEY_8)

    choice = choose(tmp_path, [REDIS_70, VALKEY_8])

    assert choice.directory == tmp_path / "valkey-8"
    assert writer_of(choice.directory) == VALKEY_8.version
    assert choice.notes[0].startswith(
        f"The data was moved from {tmp_path} to {tmp_path / 'valkey-8'}"
    )


def test_data_of_the_former_layout_overwrites_nothing(tmp_path):
    write(tmp_path, VALKEY_8)
    write(tmp_path / "valkey-8", VALKEY_8)
    before = files_in(tmp_path)

    choice = choose(tmp_path, [VALKEY_8])

    assert files_in(tmp_path) == before
    unused, used = tmp_path / "appendonlydir", tmp_path / "valkey-8"
    assert choice.notes == [
        f"The data in {unused} is not used: there is other data in {used}.",
    ]


@pytest.mark.parametrize(
    "content", [b"", b"REDIS0011\xfa", b"\xff" * 300, b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"]
)
def test_data_that_names_no_writer_stays_where_it_is(tmp_path, content):
    write(tmp_path, VALKEY_8)
    (tmp_path / "appendonlydir" / "appendonly.aof.1.base.rdb").write_bytes(content)

    choice = choose(tmp_path, [VALKEY_8])

    assert choice.directory == tmp_path / "valkey-8"
    unused = tmp_path / "appendonlydir"
    assert choice.notes == [
        f"The data in {unused} is not used: it does not tell which server wrote it.",
    ]


def test_name_of_the_directory_tells_the_writer_when_the_data_does_not(tmp_path):
    write(tmp_path / "valkey-8", VALKEY_8)
    (tmp_path / "valkey-8" / "appendonlydir" / "appendonly.aof.1.base.rdb").unlink()

    assert choose(tmp_path, [REDIS_70, VALKEY_8]).directory == tmp_path / "valkey-8"


def test_other_directories_are_no_data(tmp_path):
    write(tmp_path / "valkey-8-old", VALKEY_8)
    (tmp_path / "redis-7").mkdir()

    assert choose(tmp_path, [VALKEY_8]).notes == []


def test_copy_that_was_broken_off_is_made_again(tmp_path, monkeypatch):
    """It used to be the newest data.

    What it lacked was lost without a word.
    """
    write(tmp_path / "valkey-8", VALKEY_8)
    copy = shutil.copy
    copied: list[str] = []

    def copy_one(source, target):
        if copied:
            raise KeyboardInterrupt
        copied.append(source)
        return copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy", copy_one)
        with pytest.raises(KeyboardInterrupt):
            choose(tmp_path, [VALKEY_9])

    choice = choose(tmp_path, [VALKEY_9])

    assert choice.directory == tmp_path / "valkey-9"
    assert files_in(tmp_path / "valkey-9") == files_in(tmp_path / "valkey-8")


@pytest.mark.parametrize("spoil", [lambda file: file.symlink_to("nowhere"), Path.mkdir])
def test_base_file_that_is_none_names_no_writer_and_breaks_nothing(tmp_path, spoil):
    """A traceback met the developer whose backup had left a link to nowhere."""
    files = tmp_path / "valkey-8" / "appendonlydir"
    files.mkdir(parents=True)
    spoil(files / "appendonly.aof.1.base.rdb")

    assert choose(tmp_path, [VALKEY_8]).directory == tmp_path / "valkey-8"
